"""Compare finished runs: what differs between their recipes, and whether their results do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import DataError, Fault, RecipeError, ToolkitError
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.evaluation.metrics.significance import holm, mcnemar
from toolkit.report.comparison import compared_metric, unbeaten
from toolkit.run_result import RunResult
from toolkit.tasks.kept_answers import KeptAnswers
from toolkit.tasks.paired import PairedMetrics, pair_metrics
from toolkit.trials.compared import (
    ComparedPair,
    ComparedRun,
    ComparedRuns,
    Disagreement,
    DisputedRow,
    FreeBaseline,
    McNemar,
    Note,
    RecipeDifference,
    Tested,
)
from toolkit.trials.kept_run import KeptRun, read_kept_run

FEWEST_ROWS = 30
"""Test rows that runs with different ones must have in common; the intervals of fewer say little."""

EXAMPLES = 6


def compare(names: Sequence[str]) -> ComparedRuns:
    """Compare runs with the first one on the test rows that all of them have.

    Args:
        names: folders of two runs or more.

    Raises:
        RecipeError: fewer than two runs, one twice, or runs of different tasks.
        DataError: fewer than `FEWEST_ROWS` common rows.
        IntegrityError: a run is not there, or damaged.
        ResourceError: a run is not finished.
    """
    if len(names) < 2:
        raise RecipeError("a comparison needs two runs or more", where=", ".join(names) or None)
    return compare_kept(read_runs(names))


def compare_kept(runs: Sequence[KeptRun]) -> ComparedRuns:
    """Compare two runs or more that are read already.

    Raises:
        RecipeError: runs of different tasks.
        DataError: fewer than `FEWEST_ROWS` common rows.
    """
    refuse_different_tasks(runs)
    answers = _common(runs)
    measured = [name for name in runs[0].result.test.metrics if all(name in run.result.test.metrics for run in runs)]
    paired = pair_metrics(answers, measured)
    return ComparedRuns(
        task=runs[0].result.task,
        rows=len(answers[0]),
        runs=tuple(_run(run, index, paired) for index, run in enumerate(runs)),
        recipe=_recipe_differences(runs),
        pairs=_pairs(runs, answers, paired),
        left_out={**_of_some(runs, measured), **paired.left_out},
        notes=_notes(runs, len(answers[0])),
    )


def read_runs(names: Sequence[str]) -> list[KeptRun]:
    """Read runs; the faults of all of them are told at once, under the exit code of the first.

    Raises:
        RecipeError: one is named twice.
        IntegrityError: a run is not there, or damaged.
        ResourceError: a run is not finished.
    """
    folders = [Path(name).expanduser().resolve() for name in names]
    twice = [name for place, name in enumerate(names) if folders[place] in folders[:place]]
    if twice:
        raise RecipeError(*(Fault("this run is named twice", where=name) for name in twice))
    runs, errors = [], []
    for name in names:
        try:
            runs.append(read_kept_run(name))
        except ToolkitError as error:
            errors.append(error)
    if errors:
        raise type(errors[0])(*(fault for error in errors for fault in error.faults))
    return runs


def refuse_different_tasks(runs: Sequence[KeptRun]) -> None:
    """Refuse runs that answer different questions.

    Raises:
        RecipeError: tasks or kinds of labels differ.
    """
    kinds = {run.name: " of ".join(filter(None, (run.result.problem, run.result.task))) for run in runs}
    if len(set(kinds.values())) > 1:
        told = ", ".join(f"{name} {kind}" for name, kind in kinds.items())
        raise RecipeError(f"runs of different tasks cannot be compared: {told}")


def _common(runs: Sequence[KeptRun]) -> list[KeptAnswers]:
    """Return the answers of all runs to the rows that all of them have, in the order of the first run."""
    places = [_places(run.answers) for run in runs]
    common = set(places[0]).intersection(*places[1:])
    others = any(len(of_run) != len(common) for of_run in places)
    if others and len(common) < FEWEST_ROWS:
        told = ", ".join(f"{run.name} {len(run.answers):,}" for run in runs)
        raise DataError(
            f"the runs have {len(common):,} test rows in common, of {told}; a comparison needs {FEWEST_ROWS}: "
            "fine-tune on the same data with the same data.split_seed, or name one data.test for all"
        )
    keys = [key for key in places[0] if key in common]
    return [run.answers.take(np.array([of_run[key] for key in keys])) for run, of_run in zip(runs, places, strict=True)]


def _places(answers: KeptAnswers) -> dict[tuple[int, int], int]:
    """Return where each row is, by the digest of its content and how many equal rows stand before it."""
    before: Counter[int] = Counter()
    places = {}
    for place, key in enumerate(answers.keys().tolist()):
        places[key, before[key]] = place
        before[key] += 1
    return places


def _run(run: KeptRun, index: int, paired: PairedMetrics) -> ComparedRun:
    result = run.result
    metrics = {}
    for name, resampled in paired.resampled.items():
        ours = resampled[index]
        interval = ours.interval()
        reason = None if interval is not None else result.test.metrics[name].reason or "it is undefined on these rows"
        metrics[name] = MetricValue(None if interval is None else ours.value, interval, reason)
    return ComparedRun(
        name=run.name,
        model=result.model,
        family=result.family.value,
        method=result.method,
        seed=result.seed,
        rows=result.test.rows,
        metrics=metrics,
        cost=result.cost,
        parameters=(result.training.total, result.training.trainable),
        baseline=_free_baseline(result),
    )


def _free_baseline(result: RunResult) -> FreeBaseline | None:
    found, metric = unbeaten(result), compared_metric(result)
    if found is None or metric is None:
        return None
    theirs = found.theirs
    ends = None if theirs.low is None or theirs.high is None else (theirs.low, theirs.high)
    entry = MetricValue(theirs.value, ends)
    return FreeBaseline(name=found.baseline, metric=metric, entry=entry, difference=found.paired)


def _recipe_differences(runs: Sequence[KeptRun]) -> tuple[RecipeDifference, ...]:
    keys = dict.fromkeys(key for run in runs for key in run.recipe)
    values = {key: tuple(run.recipe.get(key) for run in runs) for key in keys}
    return tuple(
        RecipeDifference(key=key, values=of_runs)
        for key, of_runs in values.items()
        if any(value != of_runs[0] for value in of_runs)
    )


def _pairs(runs: Sequence[KeptRun], answers: Sequence[KeptAnswers], paired: PairedMetrics) -> tuple[ComparedPair, ...]:
    others = range(1, len(runs))
    by_metric = {}
    for name, resampled in paired.resampled.items():
        first, *rest = resampled
        p_values = [other.p_value(first) for other in rest]
        rows = zip(rest, p_values, holm(p_values), strict=True)
        by_metric[name] = [Tested(difference=other.minus(first), p=p, p_holm=p_holm) for other, p, p_holm in rows]
    exact = _mcnemar(answers)
    return tuple(
        ComparedPair(
            first=runs[0].name,
            second=runs[index].name,
            metrics={name: of_pairs[index - 1] for name, of_pairs in by_metric.items()},
            mcnemar=exact[index - 1],
            disagreement=_disagreement(answers[0], answers[index]),
        )
        for index in others
    )


def _mcnemar(answers: Sequence[KeptAnswers]) -> list[McNemar | None]:
    """Test every other run beside the first; None where rows are not simply right or wrong."""
    metric = answers[0].share_right
    if metric is None or any(each.share_right is None for each in answers):
        return [None] * (len(answers) - 1)
    first, *others = (each.goodness() > 0 for each in answers)
    alone = [(int((first & ~other).sum()), int((other & ~first).sum())) for other in others]
    p_values = [mcnemar(*rows) for rows in alone]
    adjusted = [p or 0.0 for p in holm(p_values)]
    return [
        McNemar(metric=metric, only_first=ours, only_second=theirs, p=p, p_holm=p_holm)
        for (ours, theirs), p, p_holm in zip(alone, p_values, adjusted, strict=True)
    ]


def _disagreement(first: KeptAnswers, second: KeptAnswers) -> Disagreement:
    ahead = np.nan_to_num(second.goodness() - first.goodness())
    differ = np.array([first.shown(row) != second.shown(row) for row in range(len(first))])
    ahead[~differ] = 0
    return Disagreement(
        rows=int(differ.sum()),
        first_better=int((ahead < 0).sum()),
        second_better=int((ahead > 0).sum()),
        examples=tuple(_disputed(first, second, row, ahead[row]) for row in _to_read(differ, ahead)),
    )


def _to_read(differ: NDArray[np.bool_], ahead: NDArray[np.float64]) -> list[int]:
    """Choose rows to read: by turns one that either run answers better, the largest lead first, then others."""
    order = np.argsort(-np.abs(ahead), kind="stable")
    leads = [[int(row) for row in order if sign * ahead[row] > 0][:EXAMPLES] for sign in (1, -1)]
    by_turns = [row for pair in zip(*leads, strict=False) for row in pair]
    rest = [row for lead in leads for row in lead if row not in by_turns]
    equal = [int(row) for row in np.flatnonzero(differ & (ahead == 0))[:EXAMPLES]]
    return [*by_turns, *rest, *equal][:EXAMPLES]


def _disputed(first: KeptAnswers, second: KeptAnswers, row: int, ahead: float) -> DisputedRow:
    read = [str(first.columns[name][row]) for name in ("text", "text_pair") if name in first.columns]
    return DisputedRow(
        id=first.columns["id"][row],
        text=" | ".join(read),
        reference=first.shown_right(row),
        first=first.shown(row),
        second=second.shown(row),
        better=None if not ahead else "second" if ahead > 0 else "first",
    )


def _of_some(runs: Sequence[KeptRun], measured: Sequence[str]) -> dict[str, str]:
    names = dict.fromkeys(name for run in runs for name in run.result.test.metrics)
    return {name: "not all of the runs were measured by it" for name in names if name not in measured}


def _notes(runs: Sequence[KeptRun], n_common: int) -> tuple[Note, ...]:
    common = f"{n_common:,}"
    notes = [Note("{n} test rows are few: the intervals say little", {"n": common})] if n_common < FEWEST_ROWS else []
    notes += [
        Note(
            "{run} has {rows} test rows, of which {n} are compared",
            {"run": run.name, "rows": f"{run.result.test.rows:,}", "n": common},
        )
        for run in runs
        if run.result.test.rows != n_common
    ]
    notes += [
        Note("{run} has learnt from {n} of its test rows", {"run": run.name, "n": f"{run.result.test.seen.rows:,}"})
        for run in runs
        if run.result.test.seen is not None
    ]
    if len({frozenset(run.result.labels) for run in runs}) > 1:
        notes.append(Note("the runs have learnt different labels; averages over labels are over each run's own"))
    if len({run.result.environment.device for run in runs}) > 1:
        notes.append(Note("the runs were made on different devices, so their seconds say little of each other"))
    return tuple(notes)
