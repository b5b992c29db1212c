"""Short trainings: each is a run as `toolkit fine-tune` makes it, on the same rows, measured on the validation rows."""

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
from toolkit.choose.measure.measurement import Measurement, Stage, told_epochs
from toolkit.choose.measure.recipes import recipe_tree, training_section
from toolkit.choose.measure.work import Work, skipped
from toolkit.evaluation.inference.generate import write_texts
from toolkit.names import Method
from toolkit.recipe import build_recipe
from toolkit.recipe.resolved import recipe_digest
from toolkit.report.facts import duration
from toolkit.tasks import room_of
from toolkit.tasks.judge import Answered
from toolkit.training.save import MODEL_FOLDER
from toolkit.trials.finished import PREDICTIONS_FILE
from toolkit.workflow import fine_tune

RUNS = "runs"

_BACKWARD = 3.5  # times a step of training takes what reading its rows takes
_OVERHEAD = 5.0  # seconds of opening, saving and reporting a run and of measuring its costs, before that is known
_DISK_RATE = 150e6  # bytes a second, written and read again
_LATE = 1.5  # times the expected seconds after which a run is stopped,
_A_PART = 0.25  # unless that is less than this part of what is left of the budget: the first guess may be far off
_COST_SECONDS = 0.5  # for the latency of its model, and for how many rows it answers in a second
_WRITTEN_AT_ONCE = 4  # texts at once where costs are measured


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
        data: of `toolkit.choose.look.rows.write_for_runs`.
        pace: what it is expected to take.
        seed: of the run; None: that of the choice.
        stage: of the result.
    """
    seed = work.seed if seed is None else seed
    training = training_section(arm.candidate, arm.method, epochs=epochs)
    settings = {
        "method": arm.method.value,
        "training": training,
        "seed": seed,
        "max_length": work.rows.max_length,
    }
    left = work.budget.left()

    def measure() -> Measurement:
        expected = pace.seconds(epochs)
        if expected > left:
            reason = f"a run of {told_epochs(epochs)} would take about {duration(expected)}; {duration(left)} are left"
            return skipped(arm.candidate, stage, reason, method=arm.method.value, needed=expected)
        return _measure(work, arm, training=training, data=data, seed=seed, stage=stage)

    return work.measure(
        arm.candidate,
        stage,
        measure,
        method=arm.method.value,
        seconds=min(left, max(_LATE * pace.seconds(epochs) + _OVERHEAD, _A_PART * left)),
        settings=settings,
    )


def run_answers(work: Work, made: Measurement, asked: Dataset) -> list[Any]:
    """What the model of a run says about some rows.

    Args:
        work: the choice.
        made: the run's measurement.
        asked: the rows.
    """
    return work.rows.judge_of(asked).answers_by(_opened(work, work.folder / made.details["run"]), asked)


def _measure(
    work: Work, arm: Arm, *, training: Mapping[str, Any], data: Mapping[str, Any], seed: int, stage: Stage
) -> Measurement:
    parts = {"training": {**training, "eval_strategy": "no", "load_best_model_at_end": False, "save_strategy": "no"}}
    if work.rows.judge.run_metrics:
        parts["evaluation"] = {"metrics": list(work.rows.judge.run_metrics)}
    note = "choose: a short run; its test rows are the validation rows of the choice"
    tree = recipe_tree(work.rows, arm.candidate, arm.method, parts=parts, data=data, seed=seed, note=note)
    recipe = build_recipe(tree)
    name = f"{short_name(arm.candidate.name)}-{arm.method}-{training['num_train_epochs']:g}-{seed}"
    relative = Path(RUNS) / f"{name}-{recipe_digest(recipe)[:8]}"
    started = time.monotonic()
    run = fine_tune(recipe, name=f"choose-{name}", output_dir=work.folder / relative, ledger=work.ledger)
    total, spent = time.monotonic() - started, run.result.cost
    judge = work.rows.judge
    # In the run the validation examples of the choice were the test examples.
    answers = judge.answers_in(pq.read_table(run.folder / PREDICTIONS_FILE).to_pydict())
    costs = _costs(work, run.folder)
    # Answers to texts are scores, which take one pass, where using the model means to write.
    scored = len(answers) / max(spent["evaluate_seconds"] or 0.0, 0.01)
    return Measurement(
        candidate=arm.candidate.name,
        stage=stage,
        method=arm.method.value,
        family=run.result.family.value,
        recipe={"training": dict(training), "seed": seed},
        answers=answers,
        value=judge.value(Answered(answers)),
        interval=judge.interval(Answered(answers)),
        rows_learnt=len(work.rows.learn),
        rate=scored if judge.generates else costs.texts_per_second,
        costs=costs.to_json(),
        details={
            "run": relative.as_posix(),
            "epochs": training["num_train_epochs"],
            "steps": run.result.training.steps,
            "train_seconds": spent["train_seconds"],
            "peak_memory_bytes": spent["peak_memory_bytes"],
            "total_seconds": round(total, 2),
        },
    )


def _opened(work: Work, run: Path) -> OpenedModel:
    return room_of(work.rows.task).open(LocatedModel(run.name, run / MODEL_FOLDER))


def _costs(work: Work, run: Path) -> Costs:
    """What using the trained model costs."""
    opened, rows = _opened(work, run), work.rows.judge_rows
    if not work.rows.judge.generates:
        return measure_costs(opened, rows, most_seconds=_COST_SECONDS)
    write = partial(write_texts, opened)
    return measure_costs(opened, rows, answer=write, batch_rows=_WRITTEN_AT_ONCE, most_seconds=_COST_SECONDS)


def short_name(model: str) -> str:
    """A model's name as part of a file name."""
    last = model.rstrip("/").replace("\\", "/").split("/")[-1].removeprefix("packaged:")
    kept = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in last)
    return kept.strip("-.") or "model"
