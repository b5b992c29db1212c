"""Parameter-efficient fine-tuning through peft, with heads that are never left frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import PreTrainedModel

from toolkit.adapters import OpenedModel
from toolkit.errors import RecipeError


def wrap_with_lora(opened: OpenedModel, settings: Mapping[str, Any]) -> PeftModel:
    """Put LoRA (Hu et al. 2021) on the body; the new head trains in full.

    peft finds heads by a list of names and misses some (DESIGN.md 4.6, fact 4). Here every module that
    holds a newly initialised parameter is handed over by name.

    Args:
        opened: the model with its new head.
        settings: fields of ``peft.LoraConfig``.

    Raises:
        RecipeError: if the settings do not fit the model, such as target modules that it has not.
    """
    own = {
        "task_type": TaskType.SEQ_CLS,
        "modules_to_save": sorted({*(settings.get("modules_to_save") or ()), *_new_modules(opened)}),
    }
    try:
        return get_peft_model(opened.model, LoraConfig(**{**settings, **own}))
    except ValueError as error:
        raise RecipeError(str(error).split("\n")[0], where="peft") from error


def merge(model: PreTrainedModel | PeftModel) -> PreTrainedModel:
    """The plain model that computes the same; a model without adapters is returned as it is."""
    if isinstance(model, PeftModel):
        merged: PreTrainedModel = model.merge_and_unload()
        return merged
    return model


def _new_modules(opened: OpenedModel) -> set[str]:
    return {name.rpartition(".")[0] for name in opened.new_parameters}
