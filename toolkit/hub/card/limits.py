"""What the test split showed that the model does badly, and what it did not show, in sentences for the card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.hub.card.markdown import Markdown, code_span
from toolkit.hub.card.results import slice_name, slices
from toolkit.hub.card.words import Words, words_of
from toolkit.names import Method, Problem, Task
from toolkit.report.facts import Measure, confusion_rows, metric_name, most_confused, results
from toolkit.report.label_facts import hardest_labels, number, problem_of
from toolkit.report.text_facts import is_text_task

_NO_SHIFT = 1 / 100
"""Of a usual error: a shift of less than this is none."""


def measured_limits(metrics: Mapping[str, Any], words: Words | None = None) -> list[Markdown]:
    """One sentence a finding: baselines that are not beaten, classes that are confused, texts that are harder.

    Args:
        metrics: the content of ``metrics.json``.
        words: of the card; English if not given.
    """
    words = words or words_of("en")
    test = metrics["splits"]["test"]
    sentences = _not_beaten(metrics, words) + _of_errors(test, words) + _hardest(test, words)
    confusion = test.get("confusion")
    if confusion is not None:
        sentences += _found_least(confusion, words)
        sentences += [
            words(
                "limits.confused",
                reference=code_span(pair.reference),
                prediction=code_span(pair.prediction),
                n=pair.rows,
                rows=words.count("test_rows", pair.of_rows),
            )
            for pair in most_confused(confusion, at_most=1)
        ]
        unknown = sum(sum(row) for _, row in confusion_rows(confusion)[len(confusion["labels"]) :])
        sentences += [words("limits.unknown", rows=words.count("test_rows", unknown))] if unknown else []
    return sentences + _harder_texts(metrics, words)


def unmeasured(metrics: Mapping[str, Any], words: Words | None = None) -> list[Markdown]:
    """What nobody should take for known, a sentence each."""
    words = words or words_of("en")
    labelled = not is_text_task(metrics) and problem_of(metrics) is not Problem.REGRESSION
    asked = metrics["method"] == Method.ZERO_SHOT
    keys = {
        "other": True,
        "prompts": asked,
        "seeds": not asked,
        "groups": True,
        "calibrated": labelled,
        "people": metrics["task"] in (Task.TRANSLATION, Task.TEXT_GENERATION),
        "seen": metrics["method"] != Method.SCRATCH,
        "other_speed": True,
    }
    return [words(f"unmeasured.{key}") for key, holds in keys.items() if holds]


def _not_beaten(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """The metrics in which something that costs nothing is at least as good."""
    model, *baselines = results(metrics)
    sentences = []
    for name, ours in model.measures.items():
        known = [(result.measures[name], result.name) for result in baselines if name in result.measures]
        theirs, baseline = max(known, key=lambda pair: pair[0].goodness, default=(Measure(), ""))
        if ours.value is not None and theirs.value is not None and theirs.goodness >= ours.goodness:
            sentences.append(
                words(
                    "limits.not_beaten",
                    metric=ours.words.name,
                    ours=ours.text,
                    theirs=theirs.text,
                    baseline=words.name(baseline),
                )
            )
    return sentences


def _of_errors(test: Mapping[str, Any], words: Words) -> list[Markdown]:
    """How far predicted numbers are off."""
    errors = test.get("errors")
    if errors is None:
        return []
    sentences = [words("limits.errors", median=number(errors["median"]), p95=number(errors["p95"]))]
    bias = errors["bias"]
    if abs(bias) > errors["median"] * _NO_SHIFT:
        sentences.append(words(f"limits.{'high' if bias > 0 else 'low'}", bias=number(abs(bias))))
    return sentences


def _hardest(test: Mapping[str, Any], words: Words) -> list[Markdown]:
    """Of several labels a text the one that is found worst."""
    return [
        words(
            "limits.hardest",
            label=code_span(score["label"]),
            f1=f"{score['f1']:.3f}",
            found=round((score["recall"] or 0.0) * score["rows"]),
            rows=words.count("test_rows", score["rows"]),
            given=score["given"],
        )
        for score in hardest_labels(test, at_most=1)
    ]


def _found_least(confusion: Mapping[str, Any], words: Words) -> list[Markdown]:
    shares = [
        (row[index] / sum(row), row[index], sum(row), label)
        for index, (label, row) in enumerate(confusion_rows(confusion)[: len(confusion["labels"])])
        if sum(row)
    ]
    if not shares:
        return []
    share, found, rows, label = min(shares, key=lambda entry: entry[0])
    of_rows = words.count("test_rows", rows)
    return [words("limits.found_least", label=code_span(label), found=found, rows=of_rows, share=f"{100 * share:.0f}")]


def _harder_texts(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """Of each kind of slices the worst one, where its interval and that of the best do not overlap."""
    by_kind: dict[str, list[tuple[Mapping[str, Any], Measure]]] = {}
    for entry, measure in slices(metrics):
        by_kind.setdefault(entry["by"], []).append((entry, measure))
    sentences = []
    for group in by_kind.values():
        (worst_entry, worst), *_, (best_entry, best) = sorted(group, key=lambda pair: pair[1].goodness)
        if _apart(worst, best):
            sentences.append(
                words(
                    "limits.worse",
                    kind=slice_name(worst_entry, metrics, words),
                    metric=metric_name(metrics["splits"]["test"]["slices"]["metric"]),
                    value=worst.text,
                    best=best.text,
                    best_kind=slice_name(best_entry, metrics, words),
                )
            )
    return sentences


def _apart(one: Measure, other: Measure) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return False
    return one.high < other.low or other.high < one.low
