"""Results as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from toolkit.data.doctor_report import DoctorReport, SplitReport
from toolkit.data.doctor_tokens import TokenReport
from toolkit.report import facts, sentences
from toolkit.report.measures import NOT_DEFINED, Measure, metric_name, results
from toolkit.report.metric_words import metric_words
from toolkit.report.next_steps import next_lines
from toolkit.run_result import EvaluationResult, RunResult
from toolkit.tasks import room_of
from toolkit.tasks.text_classification.label_words import LABEL_WORDS
from toolkit.wording import number, table

CLASSES_SHOWN = 10


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
        *([sentences.seen(result), ""] if result.test.seen else []),
        f"{facts.title(result)} with method {result.method} and seed {result.seed} {sentences.headline(result)}",
        "(the test rows chose nothing)." if result.test.seen is None else "(those that it has learnt from included).",
        "",
        *table(rows, header=("", *_header(names))),
        "",
        *[line for line in (sentences.comparison(result), *sentences.notes(result)) if line],
        sentences.weights(result),
        f"Cost: {costs}.",
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
    signed = [f"{name}, signature of sacreBLEU: {text}" for name, text in sentences.signatures(result)]
    return [
        *([sentences.seen(result), ""] if test.seen else []),
        f"{facts.count(test.rows, 'row')} of {result.data.source}",
        "",
        *table(rows, header=("metric", "value", "95 % interval")),
        *(["", *signed] if signed else []),
        *room_of(result.task).pages.weak_lines(test),
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
    return ["", *table(rows, header=header), "", f"The runs are in {folder}."]


def doctor_summary(report: DoctorReport, tokens: TokenReport | None) -> list[str]:
    """Return what the doctor found in data, and in its tokens."""
    lines = [report.source]
    lines += [f"encoding of {name}: {encoding}" for name, encoding in report.encodings.items()]
    for name, split in report.splits.items():
        kind = LABEL_WORDS[report.problem].noun
        lines += ["", *_split_lines(name if len(report.splits) > 1 else "", split, kind=kind)]
    if tokens is not None:
        lines += ["", *_token_lines(tokens)]
    lines += ["", *(f"! {line}" for line in report.warnings or ())]
    return lines if report.warnings else [*lines, "Nothing to warn of."]


def _number(value: float | None, metric: str) -> str:
    """Return a value to one place more than elsewhere: seeds differ by less than test samples do."""
    return NOT_DEFINED if value is None else metric_words(metric).number(value, more_places=1)


def _header(names: Sequence[str]) -> list[str]:
    return [cell for name in names for cell in (metric_words(name).heading, "95 % interval")]


def _cells(measures: Sequence[Measure | None]) -> list[str]:
    return [cell for m in measures for cell in (("–", "") if m is None else (m.text, m.interval))]


def _split_lines(name: str, split: SplitReport, *, kind: str) -> list[str]:
    lengths = split.characters
    lines = [
        f"{name + ': ' if name else ''}{facts.count(split.rows, 'row')}, {split.empty_rows:,} without text",
        f"characters of a text: {lengths.min:,} to {lengths.max:,}, median {lengths.median:,.0f}, "
        f"95 % at most {lengths.p95:,.0f}",
        f"repeated rows: {split.exact_duplicates:,} letter for letter, {split.normalised_duplicates:,} but for "
        "case and spaces",
    ]
    if split.classes is not None:
        shown = [f"{label} {rows:,}" for label, rows in list(split.classes.items())[:CLASSES_SHOWN]]
        more = f" and {len(split.classes) - CLASSES_SHOWN} more" if len(split.classes) > CLASSES_SHOWN else ""
        lines.append(f"{kind}: {len(split.classes)} ({', '.join(shown)}{more})")
    if split.classes is not None and kind == "labels":
        lines.append(f"rows without any label: {split.unlabelled_rows:,}")
    if split.scores is not None:
        low, mean, sd, high = (number(value) for value in astuple(split.scores))
        lines.append(f"scores: {low} to {high}, mean {mean}, standard deviation {sd}")
    lines += [
        f"different labels for one text: {conflict.text!r} is "
        + ", ".join(f"{label} at {place}" for label, place in zip(conflict.labels, conflict.places, strict=True))
        for conflict in split.conflicts
    ]
    return lines


def _token_lines(tokens: TokenReport) -> list[str]:
    return [
        f"tokens of a text: median {tokens.median_tokens:,.0f}, 95 % at most {tokens.p95_tokens:,.0f}, "
        f"longest {tokens.max_tokens:,}",
        f"cut at {tokens.max_length:,} tokens: {tokens.truncation_rate:.1%} of the texts",
        f"unknown tokens: {tokens.unknown_rate:.2%}; tokens per character: {tokens.tokens_per_character:.2f}",
    ]
