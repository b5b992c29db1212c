"""Fit a head to the features of a frozen model."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from toolkit.data.cut_texts import counting_cuts
from toolkit.methods.used import Used, locate_supported, save_and_measure, untrained
from toolkit.recipe import Recipe
from toolkit.run_result.log import LOG_FILE
from toolkit.tasks.interfaces import TaskData
from toolkit.tasks.room import TaskRoom
from toolkit.training.callbacks import RunLog


def fit_on_features(room: TaskRoom, recipe: Recipe, data: TaskData, *, work: Path) -> Used:
    """Fit a head, save it with its body as one model, and measure that.

    Args:
        room: of the task.
        recipe: checked.
        data: its rows.
        work: the run folder, unfinished.
    """
    locate_supported(recipe)
    started = time.monotonic()
    with counting_cuts() as cuts:
        fitted = room.fit_head(recipe, data)
    cuts.tell()
    log = RunLog(work / LOG_FILE)
    for line in fitted.curve:
        log.write(line)
    seconds = time.monotonic() - started
    trained = untrained(fitted.opened.model, n_trainable=fitted.n_trainable, seconds=seconds)
    used = save_and_measure(room, recipe, data, fitted.opened, trained=trained, work=work, answer=fitted.answer)
    course = [{"setting": line["setting"], "eval_loss": line["validation_loss"]} for line in fitted.curve]
    return replace(used, cut=cuts.to_json(), course=course)
