"""What ``metrics.json`` says of models that name several labels of a text, or give it a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.names import Problem

NO_LABEL = "none"
"""What stands for the labels of a text that has none, or was given none."""


def problem_of(metrics: Mapping[str, Any]) -> Problem:
    """What the labels are; runs of older versions had one class a text, and do not tell."""
    return Problem(metrics.get("problem") or Problem.SINGLE_LABEL)


def reads_pairs(metrics: Mapping[str, Any]) -> bool:
    """Whether the model reads two texts a row."""
    return bool(metrics.get("data", {}).get("pairs"))


def hardest_labels(test: Mapping[str, Any], *, at_most: int) -> list[Mapping[str, Any]]:
    """The labels that some test row has, the lowest F1 first; entries of ``per_label``, none of other models.

    Args:
        test: the test split's entry.
        at_most: labels to give back.
    """
    known = [score for score in test.get("per_label") or () if score["rows"]]
    return sorted(known, key=lambda score: (score["f1"], -score["rows"]))[:at_most]


def spread_of_errors(test: Mapping[str, Any]) -> str:
    """How far predicted numbers are off, as a sentence; nothing for other models.

    Args:
        test: the test split's entry.
    """
    errors = test.get("errors")
    if errors is None:
        return ""
    bias = errors["bias"]
    # A shift of less than a hundredth of a usual error is none.
    direction = "high" if bias > 0 else "low"
    shift = f"; on average they are {number(abs(bias))} too {direction}" if abs(bias) > errors["median"] / 100 else ""
    median, p95 = number(errors["median"]), number(errors["p95"])
    return f"Half of the predictions are off by {median} or less, 95 % by {p95} or less{shift}."


def number(value: float) -> str:
    """A score, or a difference of two, to three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def answer(value: str | float) -> str:
    """A label, or labels, or a score, for people."""
    return (value or NO_LABEL) if isinstance(value, str) else number(value)


def joined_texts(row: Mapping[str, Any]) -> str:
    """The text of a row, with its second one where it has two."""
    pair = row.get("text_pair")
    return str(row["text"]) if pair is None else f"{row['text']} / {pair}"
