"""Parameter-efficient fine-tuning through peft, with heads that are never left frozen."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from toolkit.adapters import OpenedModel
from toolkit.errors import RecipeError, explain
from toolkit.names import Method

FLAGS: dict[Method, dict[str, bool]] = {
    Method.LORA: {},
    Method.DORA: {"use_dora": True},
    Method.RSLORA: {"use_rslora": True},
}
"""The flags of ``peft.LoraConfig`` by method.

DoRA decomposes weights (Liu et al. 2024, https://arxiv.org/abs/2402.09353), rsLoRA scales by the root of the rank
(Kalajdzievski 2023, https://arxiv.org/abs/2312.03732).
"""


def wrap_with_peft(
    opened: OpenedModel, method: Method, settings: Mapping[str, Any], *, task_type: TaskType = TaskType.SEQ_CLS
) -> PeftModel:
    """Put LoRA (Hu et al. 2021), or a method that is one of its flags, on the body; the head trains in full.

    peft finds heads by a list of names and misses some (docs/design.md, section 4.6, fact 4). Here every module
    outside of the body is named, and every module of the body with a newly initialised parameter.

    Args:
        opened: the model with its head.
        method: one of `FLAGS`.
        settings: fields of ``peft.LoraConfig``.
        task_type: what peft is told the model is for.

    Raises:
        RecipeError: if the settings do not fit the model, such as target modules that it does not have.
    """
    _check_targets(opened.model, settings.get("target_modules"))
    wanted = settings.get("modules_to_save") or ()
    own = {
        "task_type": task_type,
        "modules_to_save": sorted({*wanted, *head_modules(opened)}),
    }
    try:
        with warnings.catch_warnings():
            # GPT-2 stores transposed matrices; peft corrects its setting and warns once for each of them.
            warnings.filterwarnings("ignore", message="fan_in_fan_out is set to False", category=UserWarning)
            # peft 0.21 reads an attribute that transformers 5.23 has renamed.
            warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
            return get_peft_model(opened.model, LoraConfig(**{**settings, **own, **FLAGS[method]}))
    except ValueError as error:
        raise RecipeError(str(error).split("\n")[0], where="peft") from error


def _check_targets(model: PreTrainedModel, targets: Any) -> None:
    """Refuse names of modules that the model does not have; peft ignores them as long as another name fits."""
    if not isinstance(targets, list):
        return
    known = [name for name, _ in model.named_modules()]
    unknown = [target for target in targets if not any(f".{name}".endswith(f".{target}") for name in known)]
    linear = {
        name.rpartition(".")[2]
        for name, module in model.base_model.named_modules()
        if isinstance(module, torch.nn.Linear | torch.nn.Embedding | Conv1D)
    }
    if unknown:
        raise RecipeError(
            *(explain(f"the model has no module {name!r}", allowed=sorted(linear), name=name) for name in unknown),
            where="peft.target_modules",
        )


def head_modules(opened: OpenedModel) -> set[str]:
    """Return the names of the modules that train in full: a head with labels, and new ones inside the body.

    A language head is part of what was pretrained.

    Args:
        opened: with its head.
    """
    prefix = opened.model.base_model_prefix
    head = {name.partition(".")[0] for name, _ in opened.model.named_parameters()} - {prefix} if opened.labels else {}
    inside = {name.rpartition(".")[0] for name in opened.new_parameters if name.startswith(f"{prefix}.")}
    return {*head, *inside}


def merge(model: PreTrainedModel | PeftModel) -> PreTrainedModel:
    """Merge the adapters into the model, and return it; a model without adapters is returned unchanged."""
    if isinstance(model, PeftModel):
        merged: PreTrainedModel = model.merge_and_unload()
        return merged
    return model
