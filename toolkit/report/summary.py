"""Results as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.language.spoken import language
from toolkit.report import facts, sentences
from toolkit.report.language import Language
from toolkit.report.measures import NOT_DEFINED, Measure, metric_name, results
from toolkit.report.metric_words import metric_words
from toolkit.report.next_steps import next_lines
from toolkit.report.slice_lines import calibration_lines, slice_lines
from toolkit.run_result import EvaluationResult, RunResult
from toolkit.tasks import room_of
from toolkit.wording import table


def run_summary(result: RunResult, *, folder: str, samples: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """Return a finished run: the result beside its baselines, its weak places, commands to type next.

    Args:
        result: of the run.
        folder: of the run.
        samples: test rows to look at, as in `toolkit.report.page.render_page`.
    """
    compared = results(result)
    names = list(compared[0].measures)
    rows = [[each.name, *_cells([each.measures.get(name) for name in names])] for each in compared]
    costs = ", ".join(f"{name} {amount}" for name, amount in facts.costs(result.cost))
    pages = room_of(result.task).pages
    return [
        "",
        *([sentences.seen(result, Language(language())), ""] if result.test.seen else []),
        *([beside] if (beside := sentences.beside_baseline(result)) else []),
        f"{facts.title(result)} with method {result.method} and seed {result.seed} {sentences.headline(result)}",
        "(the test rows chose nothing)." if result.test.seen is None else "(those that it has learnt from included).",
        "",
        *table(rows, header=("", *_header(names))),
        "",
        *[line for line in (sentences.comparison(result), *sentences.notes(result)) if line],
        sentences.weights(result),
        f"Cost: {costs}.",
        *([""] if pages.decision_lines(result) else []),
        *pages.decision_lines(result),
        *pages.weak_lines(result.test),
        *pages.sample_lines(samples),
        "",
        "Next:",
        *next_lines(result, folder=folder),
    ]


def evaluation_summary(result: EvaluationResult) -> list[str]:
    """Return an evaluation on new data."""
    test = result.test
    measures = [Measure.of(value, name) for name, value in test.metrics.items()]
    rows = [(measure.words.heading, measure.text, measure.interval) for measure in measures]
    signed = [f"{name}: {text}" for name, text in sentences.signatures(result)]
    return [
        *([sentences.seen(result, Language(language())), ""] if test.seen else []),
        f"{facts.count(test.rows, 'row')} of {result.data.source}",
        "",
        *table(rows, header=("metric", "value", "95 % interval"), ours=("metric", "95 % interval")),
        *(["", *signed] if signed else []),
        *room_of(result.task).pages.weak_lines(test),
        *slice_lines(test),
        *calibration_lines(test),
    ]


def spread_summary(summary: Mapping[str, Any], *, folder: str) -> list[str]:
    """Return the spread of runs over several seeds."""
    rows = [
        (
            metric_name(name),
            _number(entry["mean"], name),
            _number(entry["sd"], name),
            "  ".join(_number(value, name) for value in entry["values"]),
        )
        for name, entry in summary["metrics"].items()
    ]
    seeds = ", ".join(str(seed) for seed in summary["seeds"])
    header = ("metric", "mean", "standard deviation", f"seeds {seeds}")
    return ["", *table(rows, header=header, ours=("metric",)), "", f"The runs are in {folder}."]


def _number(value: float | None, metric: str) -> str:
    """Return a value to one place more than elsewhere: seeds differ by less than test samples do."""
    return NOT_DEFINED if value is None else metric_words(metric).number(value, more_places=1)


def _header(names: Sequence[str]) -> list[str]:
    return [cell for name in names for cell in (metric_words(name).heading, "95 % interval")]


def _cells(measures: Sequence[Measure | None]) -> list[str]:
    return [cell for m in measures for cell in (("–", "") if m is None else (m.text, m.interval))]
