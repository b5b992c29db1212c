"""Heads: which of the library's Auto classes brings the outputs that a task needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from peft import TaskType
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    AutoModelForSequenceClassification,
    PreTrainedConfig,
)

from toolkit.errors import RecipeError
from toolkit.names import Family, Task

READS_PADDING = frozenset({"xlnet"})
"""Types of models whose classification head reads the last position of a row, where the toolkit pads."""


@dataclass(frozen=True)
class Head:
    """The outputs that a task needs on top of a body.

    Attributes:
        task: the task, for messages and for the families that can do it.
        classes: the library's Auto class for each family that has one.
        peft_types: the task type that peft is told, for each family that has a class.
        is_labelled: whether the outputs have names, which the model's configuration keeps.
        is_pooled: whether the head reads one vector a text, so that a body for which the library has no such class
            gets the pooled head of `toolkit.exported`.
    """

    task: Task
    classes: Mapping[Family, Any]
    peft_types: Mapping[Family, TaskType]
    is_labelled: bool = False
    is_pooled: bool = False

    def auto_class(self, family: Family) -> Any:
        """Return the Auto class for a family.

        Raises:
            KeyError: the task has no head for this family; `toolkit.adapters.family.check_supported` refuses it first.
        """
        return self.classes[family]

    def task_type(self, family: Family) -> TaskType:
        """Return what peft is told a model of a family is for."""
        return self.peft_types[family]

    def model_class(self, config: PreTrainedConfig, family: Family, *, model: str) -> Any:
        """Return the class of a model of this configuration.

        Args:
            config: the model's.
            family: how it is built.
            model: its name, for the message.

        Raises:
            RecipeError: transformers has no such head for this type of model.
        """
        factory = self.auto_class(family)
        check_head(config, factory, head=str(self.task), model=model)
        found = factory._model_mapping[type(config)]
        return found[0] if isinstance(found, tuple) else found


SEQUENCE_HEAD = Head(
    Task.TEXT_CLASSIFICATION,
    classes=dict.fromkeys(Family, AutoModelForSequenceClassification),
    peft_types=dict.fromkeys(Family, TaskType.SEQ_CLS),
    is_labelled=True,
    is_pooled=True,
)
"""One vector of logits a text."""


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


def language_head(task: Task, families: Sequence[Family]) -> Head:
    """Return the head of a task whose output is text.

    Args:
        task: the task.
        families: that can do it.
    """
    kinds = {
        Family.DECODER: (AutoModelForCausalLM, TaskType.CAUSAL_LM),
        Family.ENCODER_DECODER: (AutoModelForSeq2SeqLM, TaskType.SEQ_2_SEQ_LM),
    }
    classes = {family: kinds[family][0] for family in families}
    return Head(task, classes, {family: kinds[family][1] for family in families})
