"""Short trainings: each is a run of `toolkit fine-tune` on the training examples, measured on the validation ones."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datasets import Dataset

from toolkit.adapters import LocatedModel, OpenedModel
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.costs import Costs, measure_costs
from toolkit.choose.measure.measurement import Measurement, Stage, epochs_in_words
from toolkit.choose.measure.recipes import file_stem, recipe_tree, training_section
from toolkit.choose.measure.work import Work, skipped
from toolkit.evaluation.inference.generate import write_texts
from toolkit.recipe import build_recipe
from toolkit.recipe.resolved import recipe_digest
from toolkit.report.facts import duration
from toolkit.tasks import room_of
from toolkit.tasks.judge import Answered
from toolkit.training.save import MODEL_FOLDER
from toolkit.trials.finished import PREDICTIONS_FILE
from toolkit.workflow.fine_tune import fine_tune

RUNS = "runs"

COST_SECONDS = 0.5
"""Limit for measuring each of latency and throughput."""

_BACKWARD = 3.5  # ratio of a training step to a forward pass over the same examples
_OVERHEAD = 5.0  # seconds to open, save and report a run and to measure its costs, before they are known
_DISK_RATE = 150e6  # bytes a second, written and read again
_LATE = 1.5  # times the expected seconds after which a run is stopped,
_A_PART = 0.25  # unless that is less than this part of the remaining budget: the first guess may be far off
_WRITTEN_AT_ONCE = 4  # texts of a batch where costs are measured
_TEXTS_WRITTEN = 12  # in the time of one: golden rows, and those by which costs are measured


@dataclass(frozen=True)
class Arm:
    """A candidate and a method of training it.

    Attributes:
        candidate: the model.
        method: of training.
        rate: examples a second of its forward pass.
        writes: seconds in which it writes a text; 0 where it writes none.
        costs: of the same network, measured before; None: a run measures its own.
    """

    candidate: Candidate
    method: str
    rate: float
    writes: float = 0.0
    costs: Mapping[str, Any] | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Return the names of candidate and method, which identify the arm."""
        return self.candidate.name, self.method


@dataclass(frozen=True)
class Pace:
    """The time of a run: `overhead` seconds in any case, and `epoch` seconds for each epoch."""

    overhead: float
    epoch: float

    def seconds(self, epochs: float) -> float:
        """Return the seconds of a run of some epochs."""
        return self.overhead + epochs * self.epoch


def expected_pace(work: Work, arm: Arm) -> Pace:
    """Estimate the time of an arm's first run from the rate of the candidate's forward pass.

    Args:
        work: the choice.
        arm: candidate and method.
    """
    rate = max(arm.rate, 1e-6)
    disk = 2 * (arm.candidate.disk_bytes or 0) / _DISK_RATE
    overhead = _OVERHEAD + disk + _TEXTS_WRITTEN * arm.writes
    return Pace(overhead + len(work.rows.judge_rows) / rate, _BACKWARD * len(work.rows.learn) / rate)


def measured_pace(result: Measurement) -> Pace | None:
    """Return the time that a run took, to plan the next ones; None where it did not finish."""
    training, epochs = result.details.get("train_seconds"), result.details.get("epochs")
    if training is None or not epochs:
        return None
    return Pace(max(1.0, result.seconds - training), training / epochs)


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
    """Train for some epochs and measure on the validation examples; skip a run that the time does not allow.

    Args:
        work: the choice.
        arm: candidate and method.
        epochs: of the training examples.
        data: of `toolkit.choose.look.rows.write_for_runs`.
        pace: its expected time.
        seed: of the run; None: that of the choice.
        stage: of the result.
    """
    seed = work.seed if seed is None else seed
    training = training_section(arm.candidate, arm.method, epochs=epochs, generates=work.rows.judge.generates)
    settings = {
        "method": arm.method,
        "training": training,
        "seed": seed,
        "max_length": work.rows.max_length,
    }
    left = work.budget.left()
    measure = partial(train_and_answer, arm=arm, training=training, data=data, seed=seed, stage=stage)
    expected = pace.seconds(epochs)
    if expected > left:
        reason = f"a run of {epochs_in_words(epochs)} would take about {duration(expected)}; {duration(left)} are left"
        measure = partial(_too_long, arm=arm, reason=reason, needed=expected, stage=stage)
    return work.measure(
        arm.candidate,
        stage,
        measure,
        method=arm.method,
        seconds=min(left, max(_LATE * pace.seconds(epochs) + _OVERHEAD, _A_PART * left)),
        settings=settings,
    )


def run_answers(work: Work, _: Candidate, result: Measurement, examples: Dataset) -> list[Any]:
    """Answer examples with the model of a run.

    Args:
        work: the choice.
        result: the run's measurement.
        examples: to answer. ``[examples]``
    """
    return work.rows.judge_of(examples).answers_by(open_run(work, work.folder / result.details["run"]), examples)


def train_and_answer(
    work: Work, arm: Arm, *, training: Mapping[str, Any], data: Mapping[str, Any], seed: int, stage: Stage
) -> Measurement:
    """Train and measure in this process.

    Args:
        work, arm, data, seed, stage: as of `measure_run`.
        training: the recipe's section.
    """
    measured = {**training, "eval_strategy": "no", "load_best_model_at_end": False}
    parts = {"training": {**measured, "save_strategy": "no"}}
    if work.rows.judge.run_metrics:
        parts["evaluation"] = {"metrics": list(work.rows.judge.run_metrics)}
    note = "choose: a short run; its test rows are the validation rows of the choice"
    tree = recipe_tree(work.rows, arm.candidate, arm.method, parts=parts, data=data, seed=seed, note=note)
    recipe = build_recipe(tree)
    name = f"{file_stem(arm.candidate.name)}-{arm.method}-{training['num_train_epochs']:g}-{seed}"
    relative = Path(RUNS) / f"{name}-{recipe_digest(recipe)[:8]}"
    started = time.monotonic()
    run = fine_tune(recipe, name=f"choose-{name}", output_dir=work.folder / relative, ledger=work.ledger)
    total, spent = time.monotonic() - started, run.result.cost
    judge = work.rows.judge
    # In the run the validation examples of the choice were the test examples.
    answers = judge.answers_in(pq.read_table(run.folder / PREDICTIONS_FILE).to_pydict())
    costs = dict(arm.costs) if arm.costs is not None else _costs(work, run.folder).to_json()
    # Answers to texts are scores, which take one pass, where using the model means to write.
    scored = len(answers) / max(spent["evaluate_seconds"] or 0.0, 0.01)
    answered = Answered(answers, work.rows.validation)
    return Measurement(
        candidate=arm.candidate.name,
        stage=stage,
        method=arm.method,
        family=run.result.family.value,
        recipe={"training": measured, "seed": seed},
        rows=work.rows.validation,
        answers=answers,
        value=judge.value(answered),
        interval=judge.interval(answered),
        rows_learnt=len(work.rows.learn),
        rate=scored if judge.generates else costs["texts_per_second"],
        costs=costs,
        details={
            "run": relative.as_posix(),
            "epochs": training["num_train_epochs"],
            "steps": run.result.training.steps,
            "train_seconds": spent["train_seconds"],
            "peak_memory_bytes": spent["peak_memory_bytes"],
            "total_seconds": round(total, 2),
        },
    )


def open_run(work: Work, run: Path) -> OpenedModel:
    """Open the model that a run has saved."""
    return room_of(work.rows.task).open(LocatedModel(run.name, run / MODEL_FOLDER))


def _costs(work: Work, run: Path) -> Costs:
    """Measure the costs of the trained model."""
    opened, rows = open_run(work, run), work.rows.judge_rows
    if not work.rows.judge.generates:
        return measure_costs(opened, rows, most_seconds=COST_SECONDS)
    write = partial(write_texts, opened)
    return measure_costs(opened, rows, answer=write, batch_rows=_WRITTEN_AT_ONCE, most_seconds=COST_SECONDS)


def _too_long(_: Work, arm: Arm, *, reason: str, needed: float, stage: Stage) -> Measurement:
    return skipped(arm.candidate, stage, reason, method=arm.method, needed=needed)
