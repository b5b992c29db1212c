"""The head that labels texts: whose labels it has, in which order, and where it starts anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel

from toolkit.names import Problem


def write_labels(config: Any, labels: Sequence[str], problem: Problem) -> None:
    """Put the labels and what they are into a configuration.

    Args:
        config: changed in place.
        labels: in the order of the logits.
        problem: what the labels of a text are.
    """
    config.num_labels = len(labels)
    config.id2label = dict(enumerate(labels))
    config.label2id = {name: index for index, name in enumerate(labels)}
    config.problem_type = problem.value


def labels_of(config: Any) -> tuple[str, ...]:
    """The names of the classes in the order of the logits."""
    return tuple(str(config.id2label[index]) for index in range(config.num_labels))


def problem_of(config: Any) -> Problem:
    """What the labels of a text are; the library's heads of one number are for regression."""
    if config.problem_type is not None:
        return Problem(config.problem_type)
    return Problem.REGRESSION if config.num_labels == 1 else Problem.SINGLE_LABEL


def kept_rows(config: Any, labels: Sequence[str], problem: Problem) -> list[int] | None:
    """Which row of a checkpoint's head is for each of our labels; None: it is a head for other ones.

    A head is kept for the same names, in whatever order they are, if it was trained for the same problem.

    Args:
        config: of the checkpoint.
        labels: ours.
        problem: ours.
    """
    theirs = labels_of(config)
    if sorted(theirs) != sorted(labels) or problem_of(config) is not problem:
        return None
    return [theirs.index(name) for name in labels]


def reorder_rows(model: PreTrainedModel, rows: Sequence[int]) -> None:
    """Put the rows of a head's last layer into another order.

    Args:
        model: changed in place.
        rows: for each place the row that shall be there.
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
    """Start at random every parameter outside of the body, and tell all that did.

    Args:
        model: changed in place.
        new_parameters: names of those that started at random already.
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
