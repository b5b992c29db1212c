"""Our exported models in the library's auto classes: in this process, and in the folders that they are saved to."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from transformers import AutoConfig, AutoModelForSequenceClassification

from .pooled import PooledForSequenceClassification
from .pooled_config import PooledConfig


def register() -> None:
    """Make the auto classes know the models, and have the code saved with each of them."""
    AutoConfig.register(PooledConfig.model_type, PooledConfig, exist_ok=True)
    PooledConfig.register_for_auto_class()
    AutoModelForSequenceClassification.register(PooledConfig, PooledForSequenceClassification, exist_ok=True)
    PooledForSequenceClassification.register_for_auto_class("AutoModelForSequenceClassification")
