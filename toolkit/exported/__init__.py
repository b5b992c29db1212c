"""Models that no class of the library can express: a pretrained body with a new head on its pooled states.

Importing this package registers them with the library's auto classes. The files of this folder travel with every saved
model and import nothing but torch, the library, and each other.
"""

from .pooled import PooledForSequenceClassification
from .pooled_config import POOLINGS, PooledConfig
from .pooling import pool
from .registration import register

__all__ = ["POOLINGS", "PooledConfig", "PooledForSequenceClassification", "pool", "register"]

register()
