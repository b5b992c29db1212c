"""Hub models behind one interface: find their files, open them, give them a head.

`open_for_training` and `open_for_prediction` return an `OpenedModel`; everything that follows works on it.
"""

from toolkit.adapters.locate import LocatedModel, locate_model
from toolkit.adapters.open import OpenedModel, open_config, open_for_prediction, open_for_training, open_tokenizer
from toolkit.adapters.scratch import learn_tokenizer, open_from_scratch

__all__ = [
    "LocatedModel",
    "OpenedModel",
    "learn_tokenizer",
    "locate_model",
    "open_config",
    "open_for_prediction",
    "open_for_training",
    "open_from_scratch",
    "open_tokenizer",
]
