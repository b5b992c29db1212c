"""Let the validation rows choose what follows from a model's probabilities, where the recipe asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.adapters.decision import USUAL, keep_decision
from toolkit.progress import say, warn
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import Answers, Chosen, TaskData
from toolkit.tasks.room import TaskRoom


def choose_by(room: TaskRoom, recipe: Recipe, answers: Answers) -> Chosen:
    """Choose by answers to the validation rows, and tell what speaks against it."""
    chosen = room.decide(recipe, answers)
    for line in chosen.warnings:
        warn(line)
    return chosen


def decide(
    room: TaskRoom,
    recipe: Recipe,
    data: TaskData,
    saved: OpenedModel,
    answer: Callable[[OpenedModel, Dataset], Answers],
    *,
    folders: tuple[Path, ...],
) -> tuple[OpenedModel, Chosen | None]:
    """Choose for a saved model, and keep the choice beside its weights.

    Args:
        room: of the task.
        recipe: checked.
        data: its rows.
        saved: the model.
        answer: its answers to rows.
        folders: where it lies: its own, and perhaps that of the adapter that was merged into it.

    Returns:
        The model as it decides now, and the choice; None where the recipe asks for none.
    """
    if not recipe.decides or data.validation is None:
        return saved, None
    say("choosing what to answer on the validation rows")
    chosen = choose_by(room, recipe, answer(saved, data.validation))
    for folder in folders:
        keep_decision(folder, saved.model.config, chosen.decision)
    return replace(saved, decision=chosen.decision), chosen


def as_usual(opened: OpenedModel) -> OpenedModel:
    """Return a model without its decision, as it was trained."""
    return replace(opened, decision=USUAL)
