"""Short trainings: each is a run as `toolkit fine-tune` makes it, on the same rows, measured on the validation rows."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from datasets import Dataset

from toolkit.adapters import LocatedModel, open_for_prediction
from toolkit.choose.budget import told
from toolkit.choose.candidates import Candidate
from toolkit.choose.measurement import Measurement, Stage
from toolkit.choose.recipes import recipe_tree, training_section
from toolkit.choose.work import Work, skipped
from toolkit.evaluation.likelihood import measure_likelihoods
from toolkit.evaluation.predict import logits_of
from toolkit.evaluation.rows import PROBABILITY_OF
from toolkit.names import Method, Problem
from toolkit.recipe import build_recipe
from toolkit.recipe.resolved import recipe_digest
from toolkit.training.save import MODEL_FOLDER
from toolkit.trials.finished import PREDICTIONS_FILE, FinishedRun
from toolkit.workflow import fine_tune

RUNS = "runs"
LEDGER = "trials.jsonl"

_BACKWARD = 3.5  # times a step of training takes what reading its rows takes
_OVERHEAD = 4.0  # seconds of opening, saving and reporting a run, before that is known
_DISK_RATE = 150e6  # bytes a second, written and read again
_LATE = 1.5  # times the expected seconds after which a run is stopped


@dataclass(frozen=True)
class Arm:
    """A candidate in one way of training.

    Attributes:
        candidate: the model.
        method: how its weights are trained.
        rate: rows that it reads in a second without learning.
    """

    candidate: Candidate
    method: Method
    rate: float

    @property
    def key(self) -> tuple[str, str]:
        """What tells arms apart."""
        return self.candidate.name, self.method.value


@dataclass(frozen=True)
class Pace:
    """What a run takes: `overhead` seconds at any rate, and `epoch` seconds for each pass over the rows."""

    overhead: float
    epoch: float

    def seconds(self, epochs: float) -> float:
        """Of a run of some length."""
        return self.overhead + epochs * self.epoch


def expected_pace(work: Work, arm: Arm) -> Pace:
    """What a run will take, before one was made: from how fast the candidate reads.

    Args:
        work: the choice.
        arm: the candidate and its method.
    """
    rate = max(arm.rate, 1e-6)
    disk = 2 * (arm.candidate.disk_bytes or 0) / _DISK_RATE
    return Pace(_OVERHEAD + disk + len(work.rows.judge_rows) / rate, _BACKWARD * len(work.rows.learn) / rate)


def measured_pace(made: Measurement) -> Pace | None:
    """What a run did take, by which the next ones are planned; None of one that did not get to its end."""
    training, epochs = made.details.get("train_seconds"), made.details.get("epochs")
    if training is None or not epochs:
        return None
    return Pace(max(1.0, made.seconds - training), training / epochs)


def measure_run(
    work: Work,
    arm: Arm,
    *,
    epochs: float,
    data: Mapping[str, Any],
    pace: Pace,
    seed: int | None = None,
    stage: Stage = Stage.RUN,
) -> Measurement:
    """Train for some epochs and measure on the validation rows; what the time does not allow is skipped.

    Args:
        work: the choice.
        arm: the candidate and its method.
        epochs: passes over the rows to learn from.
        data: of `toolkit.choose.rows.write_for_runs`.
        pace: what it is expected to take.
        seed: of the run; None: that of the choice.
        stage: of the result.
    """
    seed = work.seed if seed is None else seed
    training = training_section(arm.candidate, arm.method, epochs=epochs)
    settings = {"method": arm.method.value, "training": training, "seed": seed}

    def measure() -> Measurement:
        expected = pace.seconds(epochs)
        if expected > work.budget.left():
            reason = (
                f"a run of {epochs:g} epochs would take about {told(expected)}; {told(work.budget.left())} are left"
            )
            return skipped(arm.candidate, stage, reason, method=arm.method.value, needed=expected)
        return _measure(work, arm, training=training, data=data, seed=seed, stage=stage)

    return work.measure(
        arm.candidate,
        stage,
        measure,
        method=arm.method.value,
        seconds=min(work.budget.left(), _LATE * pace.seconds(epochs) + _OVERHEAD),
        settings=settings,
    )


def run_answers(work: Work, made: Measurement, asked: Dataset) -> list[Any]:
    """What the model of a run says about some rows.

    Args:
        work: the choice.
        made: the run's measurement.
        asked: the rows.
    """
    folder = work.folder / made.details["run"] / MODEL_FOLDER
    opened = open_for_prediction(LocatedModel(made.candidate, folder), task=work.rows.task)
    if work.rows.problem is None:
        scored = measure_likelihoods(opened, asked)
        return list((scored.negative_log_likelihood / math.log(2)).tolist())
    logits = logits_of(opened, asked)
    if work.rows.problem is Problem.MULTI_LABEL:
        return [np.flatnonzero(row > 0).tolist() for row in logits]
    if work.rows.problem is Problem.REGRESSION:
        return [float(number) for number in logits[:, 0]]
    return [int(label) for label in logits.argmax(axis=1)]


def _measure(
    work: Work, arm: Arm, *, training: Mapping[str, Any], data: Mapping[str, Any], seed: int, stage: Stage
) -> Measurement:
    parts = {"training": {**training, "eval_strategy": "no", "load_best_model_at_end": False, "save_strategy": "no"}}
    note = "choose: a short run; its test rows are the validation rows of the choice"
    tree = recipe_tree(work.rows, arm.candidate, arm.method, parts=parts, data=data, seed=seed, note=note)
    recipe = build_recipe(tree)
    name = f"{short_name(arm.candidate.name)}-{arm.method}-{training['num_train_epochs']:g}-{seed}"
    relative = Path(RUNS) / f"{name}-{recipe_digest(recipe)[:8]}"
    started = time.monotonic()
    run = fine_tune(
        recipe, name=f"choose-{name}", output_dir=work.folder / relative, ledger=work.folder / RUNS / LEDGER
    )
    total = time.monotonic() - started
    made = Measurement(
        candidate=arm.candidate.name,
        stage=stage,
        method=arm.method.value,
        family=run.metrics["family"],
        recipe={"training": dict(training), "seed": seed},
        rows_learnt=len(work.rows.learn),
        details={
            "run": relative.as_posix(),
            "epochs": training["num_train_epochs"],
            "steps": run.metrics["training"]["steps"],
            "train_seconds": run.metrics["cost"]["train_seconds"],
            "peak_memory_bytes": run.metrics["cost"]["peak_memory_bytes"],
            "total_seconds": round(total, 2),
        },
    )
    answers = run_answers(work, made, work.rows.judge_rows) if work.rows.problem is None else _written(run, work)
    judge = work.rows.judge
    return Measurement(
        **{**vars(made), "answers": answers, "value": judge.value(answers), "interval": judge.interval(answers)}
    )


def _written(run: FinishedRun, work: Work) -> list[Any]:
    """The answers that the run has written down for the validation rows, which stood in the place of its test rows."""
    columns = pq.read_table(run.folder / PREDICTIONS_FILE).to_pydict()
    labels = work.rows.labels
    if work.rows.problem is Problem.MULTI_LABEL:
        shares = np.array([columns[PROBABILITY_OF + name] for name in labels])
        return [np.flatnonzero(row > 0.5).tolist() for row in shares.T]
    if work.rows.problem is Problem.REGRESSION:
        return [float(number) for number in columns["prediction"]]
    place = {name: number for number, name in enumerate(labels)}
    return [place[name] for name in columns["prediction"]]


def short_name(model: str) -> str:
    """A model's name as part of a file name."""
    last = model.rstrip("/").replace("\\", "/").split("/")[-1].removeprefix("packaged:")
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in last)
    return kept.strip("-.") or "model"
