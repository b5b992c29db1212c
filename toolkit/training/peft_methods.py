"""Parameter-efficient fine-tuning through peft, with heads that are never left frozen."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import torch
from peft import LNTuningConfig, PeftModel, TaskType, get_peft_model
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from toolkit.adapters import OpenedModel
from toolkit.adapters.lengths import settle_length
from toolkit.adapters.peft_models import hide_virtual_tokens, virtual_tokens
from toolkit.errors import RecipeError, ToolkitError, explain
from toolkit.names import Method
from toolkit.recipe import Recipe
from toolkit.recipe.peft_methods import PeftMethod, peft_methods
from toolkit.shortage import shortage_of
from toolkit.training.peft_fit import check_fit

_LANGUAGE = (TaskType.CAUSAL_LM, TaskType.SEQ_2_SEQ_LM)
_LONGEST_SHOWN = 240


def adapt(recipe: Recipe, opened: OpenedModel, *, task_type: TaskType) -> OpenedModel:
    """Put a recipe's PEFT method on a model, after a trial that it fits; other methods train the model as it is.

    Args:
        recipe: checked.
        opened: the model with its head.
        task_type: what peft is told the model is for.

    Raises:
        RecipeError: the method does not fit the model, or its settings do not.
    """
    if recipe.way is not Method.PEFT:
        return opened
    with _misfits_told(recipe.method):
        model = wrap_with_peft(opened, recipe.method, recipe.peft, task_type=task_type)
        check_fit(model, opened)
    adapted = replace(opened, model=cast(PreTrainedModel, model))  # peft's wrapper answers as what it wraps
    if not virtual_tokens(model):
        return adapted
    length = settle_length(adapted.model, opened.tokenizer, recipe.data.max_length, name=opened.name)
    opened.tokenizer.model_max_length = length
    return replace(adapted, max_length=length)


def wrap_with_peft(
    opened: OpenedModel, method: str, settings: Mapping[str, Any], *, task_type: TaskType = TaskType.SEQ_CLS
) -> PeftModel:
    """Put a PEFT method on the body; a new head trains in full.

    peft finds heads by a list of names and misses some (docs/design.md, section 4.6, fact 4). Here every module
    outside of the body is named, and every module of the body with a newly initialised parameter. The language head
    of a pretrained model is not new: it stays as it is.

    Args:
        opened: the model with its head.
        method: the name of a PEFT method.
        settings: fields of its configuration.
        task_type: what peft is told the model is for.

    Raises:
        RecipeError: if the settings do not fit the model, such as target modules that it does not have.
    """
    known = peft_methods()[method]
    _check_targets(opened.model, settings.get("target_modules"))
    own = {"task_type": task_type, **_known_by_toolkit(known, opened)}
    whole = _trained_whole(opened, task_type) | set(settings.get("modules_to_save") or ())
    if "modules_to_save" in known.fields:
        own["modules_to_save"] = sorted(whole) or None
    elif whole:
        raise RecipeError(
            f"{method} trains nothing beside what it adds, and {', '.join(sorted(whole))} is new; choose another "
            "method, such as lora",
            where="method",
        )
    try:
        model = _wrapped(opened.model, known, {**settings, **own})
    except ValueError as error:
        if settings.get("target_modules") is not None or "target_modules" not in str(error):
            raise RecipeError(_first_line(error), where="peft") from error
        # peft has no usual modules for this architecture.
        model = _wrapped(opened.model, known, {**settings, **own, **_usual_targets(known, opened.model)})
    hide_virtual_tokens(model)
    return model


def _wrapped(model: PreTrainedModel, known: PeftMethod, settings: Mapping[str, Any]) -> PeftModel:
    with warnings.catch_warnings():
        # Kernels that are not there, layers that peft has not tried, transposed matrices of GPT-2 that it corrects.
        warnings.filterwarnings("ignore", category=UserWarning, module=r"peft\.")
        # peft 0.21 reads an attribute that transformers 5.23 has renamed.
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        wrapped: PeftModel = get_peft_model(model, known.config(settings))
    return wrapped


def _known_by_toolkit(known: PeftMethod, opened: OpenedModel) -> dict[str, Any]:
    """Return settings that the toolkit knows better than a recipe."""
    ours = {"progressbar": False, "tokenizer_name_or_path": str(opened.folder or opened.name)}
    return {name: value for name, value in ours.items() if name in known.fields}


def _usual_targets(known: PeftMethod, model: PreTrainedModel) -> dict[str, Any]:
    """Return the modules of a method where peft has none for an architecture: its norms, or its linear layers."""
    if known.config_name == LNTuningConfig.__name__:
        return {"target_modules": [name for name, module in model.named_modules() if "Norm" in type(module).__name__]}
    inputs: dict[str, Any] = {"feedforward_modules": []} if "feedforward_modules" in known.fields else {}
    return {"target_modules": "all-linear", **inputs}


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


def _trained_whole(opened: OpenedModel, task_type: TaskType) -> set[str]:
    """Return the names of the modules that train in full beside an adapter."""
    if task_type in _LANGUAGE:
        return {name.rpartition(".")[0] for name in opened.new_parameters}
    return head_modules(opened.model, opened.new_parameters)


def head_modules(model: PreTrainedModel, new_parameters: tuple[str, ...]) -> set[str]:
    """Return the names of the modules that train in full: those outside of the body, and new ones inside it.

    Args:
        model: with its head.
        new_parameters: names of the parameters that start at random.
    """
    prefix = model.base_model_prefix
    head = {name.partition(".")[0] for name, _ in model.named_parameters()} - {prefix}
    inside = {name.rpartition(".")[0] for name in new_parameters if name.startswith(f"{prefix}.")}
    return head | inside


@contextmanager
def _misfits_told(method: str) -> Iterator[None]:
    """Tell whatever peft or the model raises, where a method does not fit it, as a fault of the recipe."""
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        if (shortage := shortage_of(error)) is not None:
            raise shortage from error
        raise RecipeError(
            f"{method} does not work with this model: {_first_line(error)}; choose another method or other settings",
            where="method",
        ) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:_LONGEST_SHOWN].rstrip(".")
