"""The classification head: its labels, their order, and its initialisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from toolkit.adapters.decision import forget_decision
from toolkit.names import Problem


def write_labels(config: Any, labels: Sequence[str], problem: Problem) -> None:
    """Write the labels and their kind into a configuration.

    Args:
        config: changed in place.
        labels: in the order of the logits.
        problem: kind of the labels.
    """
    config.num_labels = len(labels)
    config.id2label = dict(enumerate(labels))
    config.label2id = {name: index for index, name in enumerate(labels)}
    config.problem_type = problem.value
    forget_decision(config)


def labels_of(config: Any) -> tuple[str, ...]:
    """Return the names of the classes in the order of the logits."""
    return tuple(str(config.id2label[index]) for index in range(config.num_labels))


def problem_of(config: Any) -> Problem:
    """Return the kind of the labels; a head of the library with one output is for regression."""
    if config.problem_type is not None:
        return Problem(config.problem_type)
    return Problem.REGRESSION if config.num_labels == 1 else Problem.SINGLE_LABEL


def kept_rows(config: Any, labels: Sequence[str], problem: Problem) -> list[int] | None:
    """Return the row of a checkpoint's head for each of our labels; None if its labels are others.

    A head is kept if it has the same labels, in any order, and was trained for the same problem.

    Args:
        config: of the checkpoint.
        labels: of the data, in the order of the logits.
        problem: kind of these labels.
    """
    theirs = labels_of(config)
    if sorted(theirs) != sorted(labels) or problem_of(config) is not problem:
        return None
    return [theirs.index(name) for name in labels]


def reorder_rows(model: PreTrainedModel, rows: Sequence[int]) -> None:
    """Reorder the rows of a head's last layer.

    Args:
        model: changed in place.
        rows: for each new row the index of the old one.
    """
    if list(rows) == sorted(rows):
        return
    body = f"{model.base_model_prefix}."
    last = [
        module
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and module.out_features == len(rows) and not name.startswith(body)
    ][-1]
    with torch.no_grad():
        for parameter in last.parameters(recurse=False):
            parameter.copy_(parameter[list(rows)])


def reset_head(model: PreTrainedModel, new_parameters: tuple[str, ...]) -> tuple[str, ...]:
    """Initialise every parameter outside of the body at random.

    Args:
        model: changed in place.
        new_parameters: names of the parameters that were initialised at random already.

    Returns:
        The names of all parameters that were initialised at random.
    """
    prefix = f"{model.base_model_prefix}."
    head = [name for name, _ in model.named_parameters() if not name.startswith(prefix)]
    inherited = [name for name in head if name not in new_parameters]
    for name in inherited:
        module = model.get_submodule(name.rpartition(".")[0])
        for flagged in module.parameters(recurse=False):
            flagged._is_hf_initialized = False  # type: ignore[attr-defined]
        model._init_weights(module)  # type: ignore[no-untyped-call]
    return tuple(sorted({*new_parameters, *inherited}))
