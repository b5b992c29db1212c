"""The library's Auto class with the head that a task needs."""

from __future__ import annotations

from typing import Any

from transformers import (
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    PreTrainedConfig,
)

from toolkit.errors import RecipeError
from toolkit.names import Family, Task

READS_PADDING = frozenset({"xlnet"})
"""Types of models whose classification head reads the last position of a row, where the toolkit pads."""


def auto_class(task: Task, family: Family) -> Any:
    """Return the Auto class of a task's head.

    Args:
        task: of the model.
        family: of the model; a combination that `toolkit.names.SUPPORTED` has.
    """
    if task is Task.TEXT_CLASSIFICATION:
        return AutoModelForSequenceClassification
    if task is Task.FILL_MASK:
        return AutoModelForMaskedLM
    return AutoModelForSeq2SeqLM if family is Family.ENCODER_DECODER else AutoModelForCausalLM


def model_class(config: PreTrainedConfig, *, task: Task, family: Family, model: str) -> Any:
    """Return the class of a model with the head that a task needs.

    Args:
        config: of the model.
        task, family: see `auto_class`.
        model: its name, for the message.

    Raises:
        RecipeError: if transformers has no such head for this kind of model.
    """
    factory = auto_class(task, family)
    check_head(config, factory, head=str(task), model=model)
    found = factory._model_mapping[type(config)]
    return found[0] if isinstance(found, tuple) else found


def check_head(config: PreTrainedConfig, factory: Any, *, head: str, model: str) -> None:
    """Refuse a model that the library has no such head for.

    Args:
        config: of the model.
        factory: the Auto class of the head.
        head: its purpose in words, for the message.
        model: its name, for the message.

    Raises:
        RecipeError: with the type of the model.
    """
    if factory is AutoModelForSequenceClassification and config.model_type in READS_PADDING:
        raise RecipeError(
            f"the head of models of the type {config.model_type!r} reads padding where texts differ in length; "
            "fine-tune its body, which gets another head",
            where=f"model {model}",
        )
    if type(config) not in factory._model_mapping:
        raise RecipeError(
            f"models of the type {config.model_type!r} have no head for {head} in transformers",
            where=f"model {model}",
        )


def task_of(config: PreTrainedConfig) -> Task:
    """Return the task that a model's class is for, by its name; classification for a name that tells nothing."""
    architecture = next(iter(config.architectures or ()), "")
    if architecture.endswith(("ForConditionalGeneration", "ForSeq2SeqLM", "MTModel")):
        return Task.TRANSLATION
    if architecture.endswith(("ForCausalLM", "LMHeadModel")):
        return Task.TEXT_GENERATION
    return Task.FILL_MASK if architecture.endswith("ForMaskedLM") else Task.TEXT_CLASSIFICATION
