"""Results as lines of text for a terminal."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.data.doctor import DoctorReport, SplitReport
from toolkit.data.doctor_tokens import TokenReport
from toolkit.report import facts
from toolkit.report.text_table import table

MISTAKES_SHOWN = 3
CONFUSIONS_SHOWN = 3
CLASSES_SHOWN = 10
TEXT_WIDTH = 80


def run_summary(metrics: Mapping[str, Any], *, folder: str, mistakes: Sequence[Mapping[str, Any]] = ()) -> list[str]:
    """A finished run: the result beside its baselines, what it gets wrong, what to type next.

    Args:
        metrics: the content of ``metrics.json``.
        folder: the run folder.
        mistakes: the most confident ones, as in `toolkit.report.page.render_page`.
    """
    test = metrics["splits"]["test"]
    quoted = shlex.quote(folder)
    results = facts.results(metrics)
    rows = [[result.name, *_cells(result.measures.values())] for result in results]
    costs = ", ".join(f"{name} {amount}" for name, amount in facts.costs(metrics))
    return [
        "",
        f"{metrics['model']} with method {metrics['method']} and seed {metrics['seed']} {facts.headline(metrics)}",
        "(the test rows chose nothing).",
        "",
        *table(rows, header=("", *_header(results[0].measures))),
        "",
        facts.comparison(metrics),
        _chosen(metrics["training"]),
        f"Cost: {costs}.",
        *_confusions(test),
        *_mistake_lines(mistakes),
        "",
        "Next:",
        f'  toolkit predict {quoted} "your own text"',
        f"  toolkit evaluate {quoted} --data your-file.csv",
        f"  look at {folder}/report.html; the model is in {folder}/model",
    ]


def evaluation_summary(result: Mapping[str, Any]) -> list[str]:
    """An evaluation on new data."""
    test = result["splits"]["test"]
    measures = {name: facts.Measure.of(entry) for name, entry in test["metrics"].items()}
    rows = [(facts.metric_name(name), measure.text, measure.interval) for name, measure in measures.items()]
    return [
        f"{facts.count(test['rows'], 'row')} of {result['data']['source']}",
        "",
        *table(rows, header=("metric", "value", "95 % interval")),
        *_confusions(test),
    ]


def spread_summary(summary: Mapping[str, Any], *, folder: str) -> list[str]:
    """Runs over several seeds."""
    rows = [
        (
            facts.metric_name(name),
            _number(entry["mean"]),
            _number(entry["sd"]),
            "  ".join(_number(value) for value in entry["values"]),
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
        lines += ["", *_split_lines(name if len(report.splits) > 1 else "", split)]
    if tokens is not None:
        lines += ["", *_token_lines(tokens)]
    lines += ["", *(f"! {line}" for line in report.warnings or ())]
    return lines if report.warnings else [*lines, "Nothing to warn of."]


def _number(value: float | None) -> str:
    return facts.NOT_DEFINED if value is None else f"{value:.4f}"


def _header(names: Mapping[str, Any]) -> list[str]:
    return [cell for name in names for cell in (facts.metric_name(name), "95 % interval")]


def _cells(measures: Any) -> list[str]:
    return [cell for measure in measures for cell in (measure.text, measure.interval)]


def _chosen(training: Mapping[str, Any]) -> str:
    if training["best_step"] is None:
        return f"The weights are those of the last step, {training['steps']}."
    return f"The validation rows chose the weights of step {training['best_step']} of {training['steps']}."


def _confusions(test: Mapping[str, Any]) -> list[str]:
    confusion = test.get("confusion")
    pairs = facts.most_confused(confusion, at_most=CONFUSIONS_SHOWN) if confusion else []
    listed = [f"  {pair.reference} taken for {pair.prediction}: {pair.rows} of {pair.of_rows}" for pair in pairs]
    return ["", "Most confused:", *listed] if pairs else []


def _mistake_lines(mistakes: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = ["", "Most confident mistakes:"] if mistakes else []
    for row in mistakes[:MISTAKES_SHOWN]:
        lines.append(
            f"  {row['probability']:.2f} sure of {row['prediction']}, but it is {row['reference']}: "
            f"{shortened(row['text'])}"
        )
    return lines


def _split_lines(name: str, split: SplitReport) -> list[str]:
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
        lines.append(f"classes: {len(split.classes)} ({', '.join(shown)}{more})")
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


def shortened(text: str) -> str:
    """A text as one line that fits beside a few columns."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_WIDTH else line[: TEXT_WIDTH - 1] + "…"
