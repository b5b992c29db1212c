"""The mean of the weights of models that were trained from the same start (Wortsman et al. 2022, arXiv:2203.05482).

Adapters on one base model are averaged so, too, once each is merged: the mean of the merged models is the base model
with the mean of what the adapters add to it, whatever their ranks and methods.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch

from toolkit.adapters.opened import OpenedModel
from toolkit.errors import RecipeError


@torch.no_grad()
def average(models: Iterable[OpenedModel]) -> OpenedModel:
    """Return the first model with the mean of the weights of all.

    Args:
        models: opened one after the other, so that two at most are in memory; none is to be used any more.

    Raises:
        RecipeError: one of them has other weights, labels or tokens than the first.
    """
    opened = iter(models)
    mean = next(opened)
    weights = dict(mean.model.named_parameters())  # tied weights are here once
    for number, other in enumerate(opened, 2):
        theirs = dict(other.model.named_parameters())
        _check_alike(mean, other, {name: (weights.get(name), theirs.get(name)) for name in {**weights, **theirs}})
        for name, weight in weights.items():
            weight.add_((theirs[name] - weight) / number)
    return mean


def _check_alike(
    first: OpenedModel, other: OpenedModel, weights: dict[str, tuple[torch.Tensor | None, torch.Tensor | None]]
) -> None:
    differs = [
        what
        for what, same in (
            ("labels", first.labels == other.labels),
            ("tokens", first.tokenizer.get_vocab() == other.tokenizer.get_vocab()),
            ("weights", all(a is not None and b is not None and a.shape == b.shape for a, b in weights.values())),
        )
        if not same
    ]
    if differs:
        raise RecipeError(
            f"it has other {' and '.join(differs)} than {first.name}; only models from the same start can be averaged",
            where=other.name,
        )
