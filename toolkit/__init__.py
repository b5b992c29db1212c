"""Transfer learning with pretrained Transformers: choose, fine-tune, evaluate honestly, publish.

The command is ``toolkit``; `toolkit.workflow` is the same story in Python.
"""

import os

# Read when huggingface_hub is imported, which happens below this package alone. The protocol that it turns off uploads
# to nothing but huggingface.co, without asking, and fails with every other hub.
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")

__version__ = "0.1.0"
