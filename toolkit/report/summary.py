"""Results as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from typing import Any

from toolkit.data.doctor_report import DoctorReport, SplitReport
from toolkit.data.doctor_tokens import TokenReport
from toolkit.names import Problem
from toolkit.report import facts, label_facts, text_facts
from toolkit.report.metric_words import metric_words
from toolkit.report.next_steps import next_lines
from toolkit.report.text_table import shortened, table
from toolkit.report.written import written_lines

MISTAKES_SHOWN = 3
CONFUSIONS_SHOWN = 3
CLASSES_SHOWN = 10
LABELS_SHOWN = 3


def run_summary(metrics: Mapping[str, Any], *, folder: str, samples: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """A finished run: the result beside its baselines, what it gets wrong, what to type next.

    Args:
        metrics: the content of ``metrics.json``.
        folder: the run folder.
        samples: test rows to look at, as in `toolkit.report.page.render_page`.
    """
    test = metrics["splits"]["test"]
    results = facts.results(metrics)
    names = list(results[0].measures)
    rows = [[result.name, *_cells([result.measures.get(name) for name in names])] for result in results]
    costs = ", ".join(f"{name} {amount}" for name, amount in facts.costs(metrics))
    return [
        "",
        f"{facts.title(metrics)} with method {metrics['method']} and seed {metrics['seed']} {facts.headline(metrics)}",
        "(the test rows chose nothing).",
        "",
        *table(rows, header=("", *_header(names))),
        "",
        *[line for line in (facts.comparison(metrics), *text_facts.notes(metrics)) if line],
        text_facts.weights(metrics),
        f"Cost: {costs}.",
        *_weak_places(test),
        *(written_lines(samples) if text_facts.is_text_task(metrics) else _mistake_lines(samples)),
        "",
        "Next:",
        *next_lines(metrics, folder=folder),
    ]


def evaluation_summary(result: Mapping[str, Any]) -> list[str]:
    """An evaluation on new data."""
    test = result["splits"]["test"]
    measures = [facts.Measure.of(entry, name) for name, entry in test["metrics"].items()]
    rows = [(measure.words.heading, measure.text, measure.interval) for measure in measures]
    return [
        f"{facts.count(test['rows'], 'row')} of {result['data']['source']}",
        "",
        *table(rows, header=("metric", "value", "95 % interval")),
        *_signatures(result),
        *_weak_places(test),
    ]


def spread_summary(summary: Mapping[str, Any], *, folder: str) -> list[str]:
    """Runs over several seeds."""
    rows = [
        (
            facts.metric_name(name),
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
    """What is in the data."""
    lines = [report.source]
    lines += [f"encoding of {name}: {encoding}" for name, encoding in report.encodings.items()]
    for name, split in report.splits.items():
        kind = "labels" if report.problem is Problem.MULTI_LABEL else "classes"
        lines += ["", *_split_lines(name if len(report.splits) > 1 else "", split, kind=kind)]
    if tokens is not None:
        lines += ["", *_token_lines(tokens)]
    lines += ["", *(f"! {line}" for line in report.warnings or ())]
    return lines if report.warnings else [*lines, "Nothing to warn of."]


def _number(value: float | None, metric: str) -> str:
    """A value to one place more than elsewhere: seeds differ by less than test samples do."""
    return facts.NOT_DEFINED if value is None else metric_words(metric).number(value, more_places=1)


def _header(names: Sequence[str]) -> list[str]:
    return [cell for name in names for cell in (metric_words(name).heading, "95 % interval")]


def _cells(measures: Sequence[facts.Measure | None]) -> list[str]:
    return [cell for m in measures for cell in (("–", "") if m is None else (m.text, m.interval))]


def _signatures(result: Mapping[str, Any]) -> list[str]:
    told = [f"{name}, signature of sacreBLEU: {signature}" for name, signature in text_facts.signatures(result)]
    return ["", *told] if told else []


def _weak_places(test: Mapping[str, Any]) -> list[str]:
    """Which classes are confused, which labels are hardest, or how far numbers are off."""
    errors = label_facts.spread_of_errors(test)
    return [*_confusions(test), *_hardest(test), *(["", errors] if errors else [])]


def _hardest(test: Mapping[str, Any]) -> list[str]:
    scores = label_facts.hardest_labels(test, at_most=LABELS_SHOWN)
    listed = [
        f"  {score['label']}: F1 {score['f1']:.3f}; in {facts.count(score['rows'], 'row')}, "
        f"given to {facts.count(score['given'])}"
        for score in scores
    ]
    return ["", "Hardest labels:", *listed] if scores else []


def _confusions(test: Mapping[str, Any]) -> list[str]:
    confusion = test.get("confusion")
    pairs = facts.most_confused(confusion, at_most=CONFUSIONS_SHOWN) if confusion else []
    listed = [f"  {pair.reference} taken for {pair.prediction}: {pair.rows} of {pair.of_rows}" for pair in pairs]
    return ["", "Most confused:", *listed] if pairs else []


def _mistake_lines(samples: Sequence[Mapping[str, Any]]) -> list[str]:
    if not samples:
        return []
    is_number = "probability" not in samples[0]
    lines = ["", "Largest errors:" if is_number else "Most confident mistakes:"]
    for row in samples[:MISTAKES_SHOWN]:
        predicted, expected = (label_facts.answer(row[name]) for name in ("prediction", "reference"))
        sure = "predicted" if is_number else f"{row['probability']:.2f} sure of"
        lines.append(f"  {sure} {predicted}, but it is {expected}: {shortened(label_facts.joined_texts(row))}")
    return lines


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
        low, mean, sd, high = (label_facts.number(value) for value in astuple(split.scores))
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
