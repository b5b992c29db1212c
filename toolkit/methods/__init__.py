"""Methods: train a model's weights, fit a head to its frozen features, or ask it as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from toolkit.methods.features import fit_on_features
from toolkit.methods.train import train_weights
from toolkit.methods.used import Used
from toolkit.methods.zero_shot import ask_untrained
from toolkit.names import Method
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import TaskData
from toolkit.tasks.room import TaskRoom

__all__ = ["METHODS", "UseModel", "Used"]


class UseModel(Protocol):
    """Use a recipe's model in one way, and measure it on the test rows."""

    def __call__(self, room: TaskRoom, recipe: Recipe, data: TaskData, *, work: Path) -> Used:
        """Use the model; `work` is the run folder, unfinished."""


METHODS: Mapping[Method, UseModel] = {
    **dict.fromkeys((Method.FULL, Method.SCRATCH, Method.PEFT), train_weights),
    Method.FEATURES: fit_on_features,
    Method.ZERO_SHOT: ask_untrained,
}
"""What is done with a model in each way."""
