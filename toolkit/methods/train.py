"""Train the weights of a model, all of them or an adapter's, from a pretrained or a random start."""

from __future__ import annotations

from pathlib import Path

from toolkit.methods.used import Used, save_and_measure
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import TaskData
from toolkit.tasks.room import TaskRoom
from toolkit.training import train
from toolkit.training.checkpoints import CHECKPOINTS


def train_weights(room: TaskRoom, recipe: Recipe, data: TaskData, *, work: Path) -> Used:
    """Train, save and measure a model.

    Args:
        room: of the task.
        recipe: checked.
        data: its rows.
        work: the run folder, unfinished; holds the checkpoints.
    """
    opened = room.open_for_training(recipe, data, tokenizer_folder=work / CHECKPOINTS / "tokenizer")
    objective = room.objective(recipe, data, opened)
    trained = train(recipe, objective, opened, work, peft_type=room.head.peft_types[opened.family])
    return save_and_measure(room, recipe, data, opened, trained=trained, work=work)
