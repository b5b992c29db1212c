"""Train the weights of a model, all of them or an adapter's, from a pretrained or a random start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from toolkit.adapters import OpenedModel
from toolkit.adapters.quantization import settings_of, stored_bytes
from toolkit.data.cut_texts import counting_cuts
from toolkit.methods.used import Used, save_and_measure
from toolkit.progress import say
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import TaskData
from toolkit.tasks.room import TaskRoom
from toolkit.training import train
from toolkit.training.checkpoints import CHECKPOINTS
from toolkit.training.peft_methods import adapt


def train_weights(room: TaskRoom, recipe: Recipe, data: TaskData, *, work: Path) -> Used:
    """Train, save and measure a model.

    Args:
        room: of the task.
        recipe: checked.
        data: its rows.
        work: the run folder, unfinished; holds the checkpoints.
    """
    opened = room.open_for_training(recipe, data, tokenizer_folder=work / CHECKPOINTS / "tokenizer")
    base_bytes = _base_bytes(opened)
    adapted = adapt(recipe, opened, task_type=room.head.task_type(opened.family))
    with counting_cuts() as cuts:
        objective = room.objective(recipe, data, adapted)
    cuts.tell()
    trained = train(recipe, objective, adapted, work)
    opened = replace(opened, max_length=adapted.max_length)
    used = save_and_measure(room, recipe, data, opened, trained=trained, work=work)
    return replace(used, cut=cuts.to_json(), base_bytes=base_bytes)


def _base_bytes(opened: OpenedModel) -> dict[str, int]:
    """Return what a quantized model takes, and tell it."""
    if (settings := settings_of(opened.model.config)) is None:
        return {}
    kept, whole = stored_bytes(opened.model)
    bits = "4 bits" if "load_in_4bit" in settings else "8 bits"
    say(f"the base model in {bits}: {kept:,} bytes of weights instead of {whole:,}")
    return {"quantized_base_bytes": kept, "float32_base_bytes": whole}
