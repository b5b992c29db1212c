"""What the test split showed that the model does badly, in sentences for its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.hub.markdown import Markdown, code_span
from toolkit.report.facts import Confused, confusion_rows, count, most_confused


def measured_limits(metrics: Mapping[str, Any]) -> list[Markdown]:
    """One sentence a finding: the class found least, the pair confused most, rows of classes never seen."""
    confusion = metrics["splits"]["test"].get("confusion")
    if confusion is None:
        return []
    sentences = _found_least(confusion)
    sentences += [_confused(pair) for pair in most_confused(confusion, at_most=1)]
    unknown = sum(sum(row) for _, row in confusion_rows(confusion)[len(confusion["labels"]) :])
    if unknown:
        sentences.append(Markdown(f"{count(unknown, 'test row')} of classes that training did not have: all wrong."))
    return sentences


def _found_least(confusion: Mapping[str, Any]) -> list[Markdown]:
    shares = [
        (row[index] / sum(row), row[index], sum(row), label)
        for index, (label, row) in enumerate(confusion_rows(confusion)[: len(confusion["labels"])])
        if sum(row)
    ]
    if not shares:
        return []
    share, found, rows, label = min(shares, key=lambda entry: entry[0])
    of_rows = f"{count(found)} of {count(rows, 'test row')} ({100 * share:.0f} %)"
    return [Markdown(f"The class found least is {code_span(label)}: {of_rows}.")]


def _confused(pair: Confused) -> Markdown:
    return Markdown(
        f"The most frequent confusion: {code_span(pair.reference)} taken for {code_span(pair.prediction)}, "
        f"{count(pair.rows)} of {count(pair.of_rows, 'test row')}."
    )
