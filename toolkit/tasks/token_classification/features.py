"""Fit the linear layer of a tagging head to what reaches it from a frozen body."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from toolkit.adapters import OpenedModel
from toolkit.errors import RecipeError
from toolkit.names import Problem
from toolkit.recipe import Recipe
from toolkit.recipe.schema import FeaturesSection
from toolkit.tasks.interfaces import FittedHead
from toolkit.tasks.token_classification.encode import Window
from toolkit.tasks.token_classification.predict import logits_of_windows, pad_id, predict
from toolkit.training.head import fit_head
from toolkit.transformer.cross_entropy import IGNORED

MOST_TOKENS = 50_000
"""Labelled tokens that a head learns from; of more a random choice."""

Labelled = tuple[list[Window], list[list[int]]]
"""Windows, and the label of each of their tokens."""


def fit(recipe: Recipe, opened: OpenedModel, train: Labelled, validation: Labelled | None) -> FittedHead:
    """Fit a head, and put it in the model.

    Args:
        recipe: checked.
        opened: with a new head; changed in place.
        train: to learn from.
        validation: chooses the regularisation; None: cross-validation does.

    Raises:
        RecipeError: `features` asks for another head than a linear one on the last layer, or the library's head is one.
    """
    if recipe.features != FeaturesSection():
        raise RecipeError(
            "a tag is read from the last state of its token by a linear layer; take the section out", where="features"
        )
    last = last_layer(opened)
    held = None if validation is None else _features(opened, last, validation, seed=recipe.seed)
    head = fit_head(
        *_features(opened, last, train, seed=recipe.seed),
        problem=Problem.SINGLE_LABEL,
        kind="linear",
        n_labels=len(opened.labels),
        seed=recipe.seed,
        validation=held,
    )
    with torch.no_grad():
        last.weight.copy_(head.weight)
        if last.bias is not None:
            last.bias.copy_(head.bias)
    return FittedHead(
        opened,
        n_trainable=sum(parameter.numel() for parameter in last.parameters()),
        curve=[{"event": "head", "setting": point.setting, "validation_loss": point.loss} for point in head.curve],
        answer=predict,
    )


def last_layer(opened: OpenedModel) -> nn.Linear:
    """Return the linear layer that is the whole new head.

    Raises:
        RecipeError: the library's head for this type of model has other new weights, or no bias: no fit of one layer
            gives it.
    """
    named = [(name, module) for name, module in opened.model.named_modules() if isinstance(module, nn.Linear)]
    ours = [(name, module) for name, module in named if module.out_features == len(opened.labels)]
    name, last = ours[-1] if ours else ("", None)
    if last is None or last.bias is None or not set(opened.new_parameters) <= {f"{name}.weight", f"{name}.bias"}:
        raise RecipeError(
            f"the library's tagging head of {opened.model.config.model_type!r} models is more than one linear layer "
            "with a bias; write method: full",
            where="method",
        )
    return last


def _features(
    opened: OpenedModel, last: nn.Linear, labelled: Labelled, *, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return what reaches the last layer at labelled tokens ``[tokens, dim]``, and their labels ``[tokens]``."""
    windows, labels = labelled
    flat = np.array([label for row in labels for label in row], dtype=np.int64)
    known = np.flatnonzero(flat != IGNORED)
    if len(known) > MOST_TOKENS:
        known = np.sort(np.random.default_rng(seed).choice(known, MOST_TOKENS, replace=False))
    wanted = np.zeros(len(flat), dtype=bool)
    wanted[known] = True
    ends = np.cumsum([len(row) for row in labels])
    states = _states(opened, last, windows)
    kept = [state[mask] for state, mask in zip(states, np.split(wanted, ends[:-1]), strict=True)]
    return np.concatenate(kept), flat[known]


def _states(opened: OpenedModel, last: nn.Linear, windows: list[Window]) -> list[NDArray[np.float32]]:
    """Return the input of a layer at each token of windows. ``[windows][tokens, dim]``."""
    model: Any = opened.model
    place = next(name for name, module in model.named_modules() if module is last)
    parent = model.get_submodule(place.rpartition(".")[0])
    setattr(parent, place.rpartition(".")[2], nn.Identity())
    try:
        return logits_of_windows(model, windows, pad_token_id=pad_id(opened))
    finally:
        setattr(parent, place.rpartition(".")[2], last)
