"""The story of a run, and the verbs that use a finished one, a module each.

Nothing is imported here: a look at data without a model needs no torch, which takes seconds to import.
"""
