"""Let the validation rows choose a temperature, and divide the logits by it where the recipe asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from datasets import Dataset
from transformers import PreTrainedModel

from toolkit.adapters import OpenedModel
from toolkit.adapters.temperature import divide_head
from toolkit.errors import RecipeError
from toolkit.evaluation.decision.temperature import Temperature
from toolkit.names import Method
from toolkit.progress import say, warn
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import Answers, TaskData
from toolkit.tasks.room import TaskRoom
from toolkit.training import Trained

MOST_UNASKED = 1000
"""Validation rows that are answered where nobody asks for a temperature: they tell it to a few per cent."""

_KEY = "evaluation.calibrate"
_SAME = 1e-3  # gap of two temperatures, of which the second is to be 1


@dataclass(frozen=True)
class Tempered:
    """A temperature, and whether the model has it.

    Attributes:
        found: of the validation rows.
        kept: whether the logits of the model are divided by it.
    """

    found: Temperature
    kept: bool

    def to_json(self, room: TaskRoom, answers: Answers) -> dict[str, Any]:
        """Return ``temperature`` of metrics.json: ``{"value", "rows", "kept", "reason" | "test"}``.

        Args:
            room: of the task.
            answers: of the model to the test rows.
        """
        found = {"value": self.found.value, "rows": self.found.rows, "kept": self.kept}
        if self.found.value is None:
            return {**found, "reason": self.found.reason}
        return {**found, "test": room.measure_temperature(answers, self.found.value, kept=self.kept)}


def temper(
    room: TaskRoom,
    recipe: Recipe,
    data: TaskData,
    opened: OpenedModel,
    answer: Callable[[OpenedModel, Dataset], Answers],
    *,
    trained: Trained,
) -> Tempered | None:
    """Choose a temperature for a trained model, and divide its logits by it where the recipe asks for that.

    Args:
        room: of the task.
        recipe: checked.
        data: its rows.
        opened: what training began with.
        answer: answers of a model to rows.
        trained: the model, changed in place.

    Returns:
        None where there are no probabilities, or the model has learnt from the validation rows.

    Raises:
        RecipeError: a temperature is asked for, and the logits of this model cannot be divided.
    """
    asked, rows = recipe.evaluation.calibrate, data.validation
    learnt = recipe.way is Method.FEATURES and not recipe.keeps_validation_new
    if rows is None or not len(rows) or learnt or recipe.problem not in recipe.spec.calibrates:
        return None
    if not asked and len(rows) > MOST_UNASKED:
        drawn = np.random.default_rng(recipe.data.split_seed).choice(len(rows), MOST_UNASKED, replace=False)
        rows = rows.select(np.sort(drawn))
    in_memory = replace(opened, model=cast(PreTrainedModel, trained.model))
    if asked:
        say("choosing a temperature on the validation rows")
    found = room.temperature(answer(in_memory, rows))
    if found is None or not asked:
        return None if found is None else Tempered(found, kept=False)
    if found.value is None:
        warn(f"no temperature is chosen ({found.reason}), so the probabilities stay as they are")
        return Tempered(found, kept=False)
    divide_head(trained.model, found.value)
    again = room.temperature(answer(in_memory, rows))
    if again is None or again.value is None or abs(again.value - 1) > _SAME:
        raise RecipeError("the logits of this model do not follow its last layer; take it out", where=_KEY)
    return Tempered(found, kept=True)
