"""Transfer learning with pretrained Transformers: choose, fine-tune, evaluate honestly, publish.

The command is ``toolkit``; `toolkit.workflow` is the same story in Python.
"""

__version__ = "0.1.0"
