"""Ask a pretrained model as it is."""

from __future__ import annotations

import time
from pathlib import Path

from toolkit.methods.decide import choose_by
from toolkit.methods.used import Used, locate_supported, untrained
from toolkit.progress import say, warn
from toolkit.recipe import Recipe
from toolkit.run_result.log import LOG_FILE
from toolkit.tasks.interfaces import TaskData, decided
from toolkit.tasks.room import TaskRoom
from toolkit.training.callbacks import RunLog


def ask_untrained(room: TaskRoom, recipe: Recipe, data: TaskData, *, work: Path) -> Used:
    """Ask about the test rows and measure the answers; training rows are at most examples in a prompt.

    Args:
        room: of the task.
        recipe: checked.
        data: its rows.
        work: the run folder, unfinished.
    """
    located, family = locate_supported(recipe)
    started = time.monotonic()

    def begin() -> None:
        nonlocal started
        say("asking the model about the test rows")
        started = time.monotonic()

    asked = room.ask(recipe, data, located, on_open=begin)
    for line in asked.warnings:
        warn(line)
    RunLog(work / LOG_FILE).write(asked.log)
    chosen = None if asked.validation is None else choose_by(room, recipe, asked.validation)
    answers = asked.answers if chosen is None else decided(asked.answers, chosen.decision)
    result = room.measure(answers, recipe.metrics)
    return Used(
        family,
        located.revision,
        located.folder,
        untrained(asked.opened.model),
        answers,
        result,
        time.monotonic() - started,
        chosen=chosen,
    )
