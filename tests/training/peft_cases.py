"""Every PEFT method that recipes have, with settings that suit models whose layers are 16 wide."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import tiny_models
import torch
from torch import Tensor

from toolkit.adapters import Head, LocatedModel, OpenedModel, open_for_training
from toolkit.names import Family, Method, Task
from toolkit.recipe import Recipe, build_recipe
from toolkit.recipe.peft_methods import NOT_HERE, peft_methods
from toolkit.tasks import room_of
from toolkit.training.peft_methods import adapt

METHODS = tuple(name for name in peft_methods() if name not in NOT_HERE)
LABELS = ("a", "b", "c")
TEXTS = ("the film is good", "bad", "not dull . bright film !", "그 영화 는 좋다")
SMALL: Mapping[str, Mapping[str, Any]] = {
    "adamss": {"r": 8},
    "adaption_prompt": {"adapter_len": 4, "adapter_layers": 2},
    "c3a": {"block_size": 8},
    "deft": {"r": 4},
    "fourierft": {"n_frequency": 50},
    "gralora": {"r": 4},
    "miss": {"r": 4},
    "oft": {"oft_block_size": 8},
    "psoft": {"r": 4},
    "pvera": {"r": 8},
    "randlora": {"r": 4},
    "road": {"group_size": 4},
    "shira": {"r": 2},
    "supertuning": {"sparsity": 0.5},
    "trainable_tokens": {"token_indices": [16, 17, 18]},
    "vblora": {"num_vectors": 16, "vector_length": 8},
    "vera": {"r": 8},
    "waveft": {"n_frequency": 50},
}


def recipe_of(method: str, task: Task, **training: Any) -> Recipe:
    """A recipe of a method; one of text generation is not allowed yet, so it is that of a classification."""
    labelled = task if task in (Task.TEXT_CLASSIFICATION, Task.TOKEN_CLASSIFICATION) else Task.TEXT_CLASSIFICATION
    return build_recipe(
        {
            "task": labelled.value,
            "model": {"name": "tiny"},
            "data": {"source": "rows.csv"},
            "method": method,
            "peft": dict(SMALL.get(method, {})),
            "training": training,
        }
    )


def head_of(task: Task) -> Head:
    return room_of(task).head


@cache
def _opened(name: str, task: Task) -> OpenedModel:
    folder = Path(mkdtemp()) / name
    tiny_models.pretrained(name, folder)
    is_labelled = head_of(task).is_labelled
    return open_for_training(
        LocatedModel(str(folder), folder),
        head_of(task),
        labels=LABELS if is_labelled else (),
        method=Method.PEFT if is_labelled else Method.SCRATCH,
        max_length=24,
    )


def opened_for(name: str, task: Task) -> OpenedModel:
    """A tiny model with its head; a copy of its own."""
    opened = _opened(name, task)
    return replace(opened, model=copy.deepcopy(opened.model), tokenizer=copy.deepcopy(opened.tokenizer))


def adapted_for(method: str, name: str, task: Task) -> tuple[OpenedModel, OpenedModel]:
    """The model before and after a method is put on it."""
    torch.manual_seed(0)
    opened = opened_for(name, task)
    task_type = head_of(task).task_type(opened.family)
    return opened, adapt(recipe_of(method, task), opened, task_type=task_type)


def batch_of(opened: OpenedModel) -> dict[str, Tensor]:
    """Texts of unlike length, padded, with labels of the head's kind."""
    padded = opened.tokenizer.pad_token is not None
    batch = opened.tokenizer(list(TEXTS if padded else TEXTS[:1]), padding=padded, return_tensors="pt")
    return dict(batch)


def loss_of(model: torch.nn.Module, opened: OpenedModel) -> Tensor:
    """The cross entropy of one batch against targets that are always the same."""
    batch = batch_of(opened)
    ids = batch["input_ids"]
    if not opened.labels:
        logits = model(**batch, labels=ids).logits
        wrong = ids if opened.family is Family.ENCODER_DECODER else ids.roll(-1, 1)
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), wrong.flatten())
    logits = model(**batch).logits
    targets = torch.arange(len(ids)) % len(LABELS) if logits.ndim == 2 else (ids % len(LABELS)).flatten()
    return torch.nn.functional.cross_entropy(logits.flatten(0, -2), targets)


@torch.no_grad()
def logits_of(opened: OpenedModel) -> Tensor:
    batch = batch_of(opened)
    labels = {} if opened.labels else {"labels": batch["input_ids"]}
    found: Tensor = opened.model.eval()(**batch, **labels).logits
    return found
