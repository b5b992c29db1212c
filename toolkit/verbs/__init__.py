"""The functions of ``import toolkit``: one a verb, with the names, options and errors of the command line.

Nothing is imported here; `toolkit` imports each function at its first use.
"""
