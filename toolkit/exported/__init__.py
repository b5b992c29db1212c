"""Models that no class of the library can express: a pretrained body whose pooled states a new head reads.

Importing this makes the library's auto classes know them. The files of this folder travel with every saved model
and import nothing but torch, the library, and each other.
"""

from .pooled import PooledForSequenceClassification
from .pooled_config import POOLINGS, PooledConfig
from .pooling import pool
from .registration import register

__all__ = ["POOLINGS", "PooledConfig", "PooledForSequenceClassification", "pool", "register"]

register()
