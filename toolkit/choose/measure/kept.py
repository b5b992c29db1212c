"""The recommended model on disk when a choice ends: the run that was measured, or one that the recipe gives at once."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.measurement import Measurement
from toolkit.choose.measure.on_test import OnTest, measure_on_test, prepare_baselines
from toolkit.choose.measure.own_process import KilledError, OutOfTimeError, in_own_process
from toolkit.choose.measure.reasons import reason_of
from toolkit.choose.measure.work import Work
from toolkit.names import Method
from toolkit.recipe import load_recipe, recipe_digest
from toolkit.tasks.judge import Answered
from toolkit.trials.finished import PREDICTIONS_FILE
from toolkit.workflow.fine_tune import fine_tune

KEPT = "recommended"

LEAST_SECONDS = 20.0
"""Time below which a run of the recipe is not begun: body and head are opened, saved, proven and reported."""

_AMPLE = 3.0  # times what it needs, from which the run is begun before the test examples are measured without it


@dataclass(frozen=True)
class Kept:
    """The recommended result in the end.

    Attributes:
        on_test: what it gives on the test examples.
        run: the folder of the run that holds its model; None where nothing is saved.
    """

    on_test: OnTest
    run: Path | None


def keep(work: Work, candidate: Candidate, result: Measurement, *, recipe: Path) -> Kept:
    """Measure the recommended result on the test examples, and have its model on disk.

    A head on features is fitted and saved by its recipe, whose features are known already. A training is the run that
    was measured. What was asked as it is needs no model of its own.

    Args:
        work: the choice.
        candidate: the recommended one.
        result: its measurement.
        recipe: that gives it.
    """
    run = result.details.get("run")
    if result.method != Method.FEATURES.value:
        return Kept(measure_on_test(work, candidate, result), None if run is None else work.folder / run)
    # Its features are known but for those of the test examples, which it reads; so does measuring without it.
    reading = len(work.rows.test) / (result.rate or math.inf)
    needed = LEAST_SECONDS + reading
    carried, left = None, work.budget.to_the_end()
    if left >= _AMPLE * needed:
        prepare_baselines(work)
        left = work.budget.to_the_end()
        carried = _carried_out(work, recipe, seconds=left - needed)
    if carried is None:
        without = Kept(measure_on_test(work, candidate, result), None)
        left = work.budget.to_the_end()
        carried = _carried_out(work, recipe, seconds=left) if left >= LEAST_SECONDS else None
    return carried or without


def _carried_out(work: Work, recipe: Path, *, seconds: float) -> Kept | None:
    """Carry the recipe out; return None where that fails, or takes too long."""
    folder = work.folder / f"{KEPT}-{recipe_digest(load_recipe(recipe))[:8]}"
    try:
        answers = in_own_process(partial(_answers, work, recipe, folder), seconds=seconds)
    except (OutOfTimeError, KilledError) as error:
        answers = str(error)
    if isinstance(answers, str):
        shutil.rmtree(folder.with_name(f"{folder.name}.unfinished"), ignore_errors=True)
        return None
    judge, answered = work.rows.judge_of(work.rows.test), Answered(answers)
    return Kept(OnTest(len(answers), judge.value(answered), judge.interval(answered)), folder)


def _answers(work: Work, recipe: Path, folder: Path) -> list[Any] | str:
    """Answer the test examples in a process of its own; return the reason where that fails."""
    try:
        run = fine_tune(load_recipe(recipe), name=f"choose-{recipe.stem}", output_dir=folder, ledger=work.ledger)
        columns = pq.read_table(run.folder / PREDICTIONS_FILE).to_pydict()
        return work.rows.judge_of(work.rows.test).answers_in(columns)
    except BaseException as error:
        return reason_of(error)
