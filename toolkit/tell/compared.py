"""The finished runs of a story: which of them are compared, and with which one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from toolkit.choose.measure.trial import is_step
from toolkit.errors import ToolkitError
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.report.story import Kept
from toolkit.tell.records import Records, find_folder
from toolkit.trials.compared import ComparedRun, ComparedRuns
from toolkit.trials.kept_run import KeptRun, read_kept_run
from toolkit.trials.trial import FINISHED, Trial
from toolkit.workflow.compare import compare_kept

MOST_COMPARED = 8
"""Runs of a ledger that are compared: the best of them by their first metric."""

_OF_TEST_ROWS = ("source", "train", "test_size", "split_seed", "subset")


@dataclass(eq=False)
class Finished:
    """What the finished runs of a story are.

    Attributes:
        runs: those that are compared, by the id of their trial, the best first.
        compared: None with fewer than two.
        kept: what is left of each finished trial, by its id, with why it cannot be read.
        left_out: why trials with a result are not compared, by id.
    """

    runs: dict[str, KeptRun] = field(default_factory=dict)
    compared: ComparedRuns | None = None
    kept: dict[str, tuple[Kept, str]] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def compare_finished(records: Records, *, ledger: Path, language: Language) -> Finished:
    """Compare named runs, or else the best of the ledger's runs on the same data.

    Raises:
        RecipeError: named runs are of different tasks.
        DataError: named runs have too few test rows in common.
    """
    found = Finished()
    if records.named:
        found.kept = dict.fromkeys(records.named, (Kept.THERE, ""))
        _compare(found, dict(records.named))
    ended = [each for each in records.trials if each.status in FINISHED and not is_step(each)]
    others = [trial for trial in ended if trial.id not in found.kept]
    folders = {trial.id: find_folder(trial, ledger) for trial in others}
    for trial in others:
        kept, folder = folders[trial.id]
        gone = language.say("its folder {folder} is gone, or holds another run now", folder=folder)
        found.kept[trial.id] = (kept, "" if kept is Kept.THERE else gone)
        found.left_out[trial.id] = gone
    there = [trial for trial in others if folders[trial.id][0] is Kept.THERE]
    if records.named:
        found.left_out |= {trial.id: language.say("another run was named") for trial in there}
        return found
    _compare(found, _chosen(there, {trial.id: folders[trial.id][1] for trial in there}, found, language))
    return found


def _chosen(there: Sequence[Trial], folders: dict[str, str], found: Finished, language: Language) -> dict[str, KeptRun]:
    """Read the best runs on the test rows that most of them have; tell of the others why not."""
    asked = Counter(_test_of(trial) for trial in reversed(there))
    most = asked.most_common(1)[0][0] if asked else None
    same = [trial for trial in there if _test_of(trial) == most]
    other = language.say("it was measured on other rows")
    found.left_out |= {trial.id: other for trial in there if _test_of(trial) != most}
    metrics = Counter(next(iter(trial.metrics or {}), "") for trial in same)
    metric = metrics.most_common(1)[0][0] if metrics else ""
    runs: dict[str, KeptRun] = {}
    rows: frozenset[int] | None = None
    for trial in sorted(same, key=lambda trial: -_goodness(trial, metric)):
        if len(runs) == MOST_COMPARED:
            found.left_out[trial.id] = language.say("it is not among the best {n}", n=MOST_COMPARED)
            continue
        try:
            run = read_kept_run(folders[trial.id])
        except ToolkitError as error:
            why = "; ".join(fault.message for fault in error.faults)
            found.kept[trial.id] = (Kept.UNREADABLE, why)
            found.left_out[trial.id] = why
            continue
        of_run = frozenset(run.answers.keys().tolist())
        rows = rows or of_run
        if of_run != rows or run.result.problem != next(iter(runs.values()), run).result.problem:
            found.left_out[trial.id] = other
            continue
        runs[trial.id] = run
        del found.left_out[trial.id]
    return runs


def _test_of(trial: Trial) -> tuple[Any, ...]:
    """Return what decides which rows a trial is measured on; of older versions the digest of all its rows."""
    if not trial.settings:
        return (trial.data_digest,)
    if trial.settings.get("data.test"):
        return (str(trial.settings["data.test"]),)
    return tuple(str(trial.settings.get(f"data.{key}")) for key in _OF_TEST_ROWS)


def _goodness(trial: Trial, metric: str) -> float:
    entry = (trial.metrics or {}).get(metric) or {}
    return Measure.of(MetricValue(entry.get("value"), None, None), metric).goodness


def _compare(found: Finished, runs: dict[str, KeptRun]) -> None:
    """Compare runs with the best of them on the rows that all have."""
    first = max(runs.values(), key=_own_goodness, default=None)
    ordered = sorted(runs.items(), key=lambda each: each[1] is not first)
    if len(runs) > 1:
        found.compared = compare_kept([run for _, run in ordered])
        goodness = _common_goodness(found.compared)
        if max(goodness) > goodness[0]:
            best = goodness.index(max(goodness))
            ordered.insert(0, ordered.pop(best))
            found.compared = compare_kept([run for _, run in ordered])
            goodness.insert(0, goodness.pop(best))
        places = sorted(range(1, len(ordered)), key=lambda place: -goodness[place])
        ordered = [ordered[place] for place in (0, *places)]
        found.compared = found.compared.in_order((0, *places))
    found.runs = dict(ordered)
    if found.compared is not None:
        common = found.compared.rows
        reported = [
            _as_reported(*each, common=common) for each in zip(found.compared.runs, found.runs.values(), strict=True)
        ]
        found.compared = replace(found.compared, runs=tuple(reported))


def _as_reported(compared: ComparedRun, run: KeptRun, *, common: int) -> ComparedRun:
    """Give a run that is compared on all its test rows the intervals of its metrics.json: other draws, other ends."""
    if compared.rows != common:
        return compared
    return replace(compared, metrics={name: run.result.test.metrics[name] for name in compared.metrics})


def _own_goodness(run: KeptRun) -> float:
    name, entry = next(iter(run.result.test.metrics.items()))
    return Measure.of(entry, name).goodness


def _common_goodness(compared: ComparedRuns) -> list[float]:
    name = next(iter(compared.runs[0].metrics), None)
    return [0.0 if name is None else Measure.of(run.metrics[name], name).goodness for run in compared.runs]
