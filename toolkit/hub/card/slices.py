"""The card's section on texts that are easier or harder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.data.scripts import NO_LETTERS
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.hub.card.markdown import Markdown
from toolkit.hub.card.results import heading
from toolkit.hub.card.words import Words
from toolkit.report.measures import Measure
from toolkit.report.metric_words import metric_words
from toolkit.run_result import RunResult
from toolkit.tasks.slices import FEWEST_ROWS
from toolkit.wording import shortened


def about_texts(result: RunResult, words: Words) -> list[Markdown]:
    """Describe lengths, cut texts, unknown tokens and scripts of the test texts; runs of older versions do not tell."""
    found = result.test.slices
    if not found:
        return []
    rows = words.count("test_rows", result.test.rows)
    tokens, unknown, limit = found["tokens"], found["unknown"], found["limit"]
    sentences = [words("slices.tokens", **{name: round(value) for name, value in tokens.items()})]
    if found["cut_rows"]:
        sentences.append(words("slices.cut", rows=rows, n=found["cut_rows"], limit=limit))
    elif limit is not None:
        sentences.append(words("slices.none_cut", limit=limit))
    if unknown["rows"]:
        sentences.append(words("slices.unknown", share=_percent(unknown["share"]), n=unknown["rows"], rows=rows))
    else:
        sentences.append(words("slices.none_unknown"))
    scripts = [f"{words.name(name)} {n:,}" for name, n in found["scripts"].items()]
    return [*sentences, words("slices.scripts", scripts=", ".join(scripts))]


def slice_rows(result: RunResult, words: Words) -> list[tuple[Markdown, int, str]]:
    """Return the rows of the table of slices: kind of texts, number of rows, value."""
    rows = []
    for entry, measure in slices(result):
        interval = words.interval(measure)
        shown = f"{words.value(measure)} ({interval})" if interval else words.value(measure)
        rows.append((slice_name(entry, result, words), entry["rows"], shown))
    return rows


def slice_heading(result: RunResult, words: Words) -> str | Markdown:
    """Return the metric of the table of slices."""
    found = result.test.slices
    return heading(metric_words(found["metric"]), words) if found else ""


def slices(result: RunResult) -> list[tuple[Mapping[str, Any], Measure]]:
    """Return each slice of the test rows with its value."""
    found = result.test.slices or {}
    return [(entry, _measure(entry, found["metric"])) for entry in found.get("slices", ())]


def slice_name(entry: Mapping[str, Any], result: RunResult, words: Words) -> Markdown:
    """Return the kind of texts in a slice."""
    kind = entry["by"]
    if kind == "length":
        key = "slices.one_length" if entry["low"] == entry["high"] else "slices.length"
        return words(key, low=entry["low"], high=entry["high"])
    if kind == "script":
        return words(
            "slices.no_script" if entry["name"] == NO_LETTERS else "slices.script", name=words.name(entry["name"])
        )
    if kind == "column":
        column = entry["column"]
        if "low" in entry:
            return words("slices.column_numbers", column=column, low=f"{entry['low']:g}", high=f"{entry['high']:g}")
        if entry["name"] is None:
            return words("slices.column_blank", column=column)
        return words("slices.column", column=column, value=shortened(entry["name"]))
    if kind == "label":
        return words("slices.label", label=shortened(entry["name"]))
    limit = (result.test.slices or {})["limit"]
    return words(f"slices.{kind}_{'yes' if entry['has'] else 'no'}", limit=limit)


def about_slices(result: RunResult, words: Words) -> list[Markdown]:
    """Return the notes below the table of slices: chance, what is too small, and what was not looked at."""
    found = result.test.slices or {}
    notes = [words("slices.few", n=FEWEST_ROWS), words("slices.chance")] if slices(result) else []
    small = [
        words("slices.with_rows", kind=slice_name(each, result, words), n=each["rows"])
        for each in found.get("too_small", ())
    ]
    notes += [words("slices.too_small", kinds=words.listed(small), n=FEWEST_ROWS)] if small else []
    n_more = sum(each["slices"] for each in found.get("left_out", ()))
    return [*notes, *([words("slices.left_out", n=n_more)] if n_more else [])]


def _measure(entry: Mapping[str, Any], metric: str) -> Measure:
    return Measure.of(MetricValue(entry["value"], entry["ci95"]), metric)


def _percent(share: float) -> str:
    percent = 100 * share
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"
