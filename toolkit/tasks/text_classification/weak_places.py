"""Confusions, hard labels and errors of a classifier, read from the test split of a result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.run_result import SplitResult
from toolkit.tasks.label_scores import LabelScore
from toolkit.wording import number

OUTSIDE = "(outside the training labels)"

NO_SHIFT = 1 / 100
"""Share of a usual error: predictions that are shifted by less are not shifted."""


@dataclass(frozen=True)
class Confused:
    """Rows of one class that were predicted as another.

    Attributes:
        rows: with this reference and this prediction.
        of_rows: with this reference.
    """

    reference: str
    prediction: str
    rows: int
    of_rows: int


def confusion_rows(confusion: Mapping[str, Any]) -> list[tuple[str, Sequence[int]]]:
    """Return each reference with its counts; the last may stand for all references that training did not know."""
    return list(zip([*confusion["labels"], OUTSIDE], confusion["counts"], strict=False))


def most_confused(confusion: Mapping[str, Any], *, at_most: int) -> list[Confused]:
    """Return the pairs of classes that were confused most often, most frequent first.

    Args:
        confusion: ``labels`` and ``counts`` (rows reference, columns prediction).
        at_most: number of pairs.
    """
    labels = confusion["labels"]
    pairs = [
        Confused(reference, labels[column], rows, sum(row))
        for index, (reference, row) in enumerate(confusion_rows(confusion))
        for column, rows in enumerate(row)
        if rows and column != index
    ]
    return sorted(pairs, key=lambda pair: -pair.rows)[:at_most]


def hardest_labels(test: SplitResult, *, at_most: int) -> list[Mapping[str, Any]]:
    """Return the labels that some test row has, the lowest F1 first: entries of ``per_label``.

    Args:
        test: the test split.
        at_most: number of labels.
    """
    known = [score for score in test.details.get("per_label") or () if score["rows"]]
    return sorted(known, key=lambda score: (score["f1"], -score["rows"]))[:at_most]


def scores_of_labels(test: SplitResult) -> list[LabelScore]:
    """Return precision and recall of each class or label; none of numbers, nor of a matrix that was left out.

    Args:
        test: the test split.
    """
    confusion = test.details.get("confusion")
    if confusion is None:
        return [
            LabelScore.of_counts(
                score["label"],
                rows=score["rows"],
                given=score["given"],
                hits=round((score["recall"] or 0.0) * score["rows"]),
            )
            for score in test.details.get("per_label") or ()
        ]
    counts, labels = confusion["counts"], confusion["labels"]
    given = [sum(column) for column in zip(*counts, strict=True)]
    return [
        LabelScore.of_counts(label, rows=sum(counts[place]), given=given[place], hits=counts[place][place])
        for place, label in enumerate(labels)
    ]


def spread_of_errors(test: SplitResult) -> str:
    """Describe the errors of predicted numbers in a sentence; return nothing for other labels.

    Args:
        test: the test split.
    """
    errors = test.details.get("errors")
    if errors is None:
        return ""
    bias = errors["bias"]
    direction = "high" if bias > 0 else "low"
    shift = f"; on average they are {number(abs(bias))} too {direction}" if is_shifted(errors) else ""
    median, p95 = number(errors["median"]), number(errors["p95"])
    return f"Half of the predictions are off by {median} or less, 95 % by {p95} or less{shift}."


def is_shifted(errors: Mapping[str, float]) -> bool:
    """Return whether predicted numbers are too high or too low on average."""
    return abs(errors["bias"]) > errors["median"] * NO_SHIFT
