"""Hub models behind one interface: find their files, open them, give them a head.

`open_for_training`, `open_for_prediction` and `open_for_scoring` return an `OpenedModel`, `open_body` an
`OpenedBody`; everything that follows works on these. `adapter_of` returns what is special about a family.
"""

from toolkit.adapters.adapter import Adapter
from toolkit.adapters.export import export_pooled
from toolkit.adapters.family import adapter_of, family_of
from toolkit.adapters.heads import SEQUENCE_HEAD, Head
from toolkit.adapters.loading import open_config
from toolkit.adapters.locate import LocatedModel, locate_model
from toolkit.adapters.open import (
    entailment_index,
    open_body,
    open_for_prediction,
    open_for_scoring,
    open_for_training,
    open_tokenizer,
)
from toolkit.adapters.opened import OpenedBody, OpenedModel
from toolkit.adapters.opening import in_use
from toolkit.adapters.pairs import keep_pairs, reads_pairs
from toolkit.adapters.scratch import learn_tokenizer, open_from_scratch

__all__ = [
    "SEQUENCE_HEAD",
    "Adapter",
    "Head",
    "LocatedModel",
    "OpenedBody",
    "OpenedModel",
    "adapter_of",
    "entailment_index",
    "export_pooled",
    "family_of",
    "in_use",
    "keep_pairs",
    "learn_tokenizer",
    "locate_model",
    "open_body",
    "open_config",
    "open_for_prediction",
    "open_for_scoring",
    "open_for_training",
    "open_from_scratch",
    "open_tokenizer",
    "reads_pairs",
]
