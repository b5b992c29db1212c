"""Registration of the exported models with the library's auto classes."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from transformers import AutoConfig, AutoModelForSequenceClassification

from .pooled import PooledForSequenceClassification
from .pooled_config import PooledConfig


def register() -> None:
    """Register the models with the auto classes, and have the code saved with each of them."""
    AutoConfig.register(PooledConfig.model_type, PooledConfig, exist_ok=True)
    PooledConfig.register_for_auto_class()
    AutoModelForSequenceClassification.register(PooledConfig, PooledForSequenceClassification, exist_ok=True)
    PooledForSequenceClassification.register_for_auto_class("AutoModelForSequenceClassification")
