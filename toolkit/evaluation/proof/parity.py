"""Two models that should be the same, compared by their answers: the largest gap, and how many labels flipped."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.adapters import OpenedModel
from toolkit.errors import IntegrityError
from toolkit.evaluation.inference.label_set_predictions import THRESHOLD
from toolkit.evaluation.proof.golden import GoldenRow, GoldenTask, answers_to


@dataclass(frozen=True)
class Parity:
    """How well two sets of answers to the same rows agree.

    Attributes:
        rows: how many were compared.
        largest_gap: between two probabilities, two numbers, or the log likelihoods a token of two texts; infinite
            where an answer is not finite or not there.
        flips: rows with another label or text, but for those that were tied.
        tolerance: the largest gap that is allowed.
    """

    rows: int
    largest_gap: float
    flips: int
    tolerance: float

    @property
    def passed(self) -> bool:
        """Return whether nothing flipped and no gap is too large."""
        return self.flips == 0 and self.largest_gap <= self.tolerance

    def to_json(self) -> dict[str, Any]:
        """Return ``{"rows", "largest_gap", "flips", "tolerance"}``; a gap that is not finite is null."""
        gap = self.largest_gap if math.isfinite(self.largest_gap) else None
        return {"rows": self.rows, "largest_gap": gap, "flips": self.flips, "tolerance": self.tolerance}

    def __str__(self) -> str:
        flipped = "none flipped" if not self.flips else f"{self.flips} flipped"
        return f"{self.rows} rows, {flipped}, largest gap {self.largest_gap:.1e} (tolerated: {self.tolerance:.0e})"


def compare(expected: Sequence[GoldenRow], found: Sequence[GoldenRow], tolerance: float) -> Parity:
    """Compare answers, row by row.

    Labels are tied where their probabilities differ by at most the tolerance; of several labels one is, where its
    probability is that near to the threshold. Where thresholds were chosen, the second answer says how near it is
    (``margin``). A text that was written token by token is, where the second answer says
    (``margin``) that two tokens were that near to each other.

    Args:
        expected: rows of a ``golden.json``, with their answers.
        found: the answers of the other model to the same rows.
        tolerance: the largest gap that is allowed.

    Raises:
        ValueError: there are not as many of one as of the other.
    """
    pairs = list(zip(expected, found, strict=True))
    gaps = [_gap(first, second) for first, second in pairs]
    flips = sum(
        first.get("prediction") != second.get("prediction") and not _tied(first, second, tolerance)
        for first, second in pairs
        if "value" not in first
    )
    return Parity(len(pairs), max(gaps, default=0.0), flips, tolerance)


def check_saved(
    before: Sequence[GoldenRow],
    saved: OpenedModel,
    *,
    task: GoldenTask,
    tolerance: float,
    what: str = "the saved model",
) -> Parity:
    """Compare a model that was saved, or merged, with what it answered before.

    Args:
        before: what `toolkit.evaluation.proof.golden.answers_to` gave.
        saved: what was opened.
        task: what the model does.
        tolerance: the largest gap that is allowed.
        what: was saved, for the message.

    Raises:
        IntegrityError: if it answers otherwise.
    """
    parity = compare(before, answers_to(task, saved, before), tolerance)
    if not parity.passed:
        raise IntegrityError(f"{what} does not answer as it did before: {parity}", where=str(saved.folder))
    return parity


def check_adapter(
    adapted: OpenedModel, merged: OpenedModel, rows: Sequence[GoldenRow], *, task: GoldenTask, tolerance: float
) -> Parity:
    """Compare an adapter that was saved by itself, on its base model, with the model that it was merged into.

    Args:
        adapted: the adapter's folder, opened.
        merged: the saved model.
        rows: to ask both about.
        task: what they do.
        tolerance: the largest gap that is allowed.

    Raises:
        IntegrityError: if they answer differently.
    """
    said = answers_to(task, merged, rows)
    return check_saved(said, adapted, task=task, tolerance=tolerance, what="the saved adapter")


def _gap(first: GoldenRow, second: GoldenRow) -> float:
    gaps = [0.0]
    for name, scale in (("probabilities", 1), ("value", 1), ("log_likelihood", max(1, first.get("tokens", 1)))):
        if name in first:
            gaps += [gap / scale for gap in _differences(first[name], second.get(name))]
    return max(gaps)


def _differences(first: Any, second: Any) -> list[float]:
    ours, theirs = (value if isinstance(value, list) else [value] for value in (first, second))
    if len(ours) != len(theirs) or None in theirs:
        return [math.inf]
    differences = [abs(one - other) for one, other in zip(ours, theirs, strict=True)]
    return [difference if math.isfinite(difference) else math.inf for difference in differences]


def _tied(first: Mapping[str, Any], second: Mapping[str, Any], tolerance: float) -> bool:
    """Return whether two predictions that differ are tied."""
    ours, theirs = first.get("probabilities"), second.get("probabilities")
    if ours is None or second.get("margin", math.inf) <= tolerance:
        return bool(second.get("margin", math.inf) <= tolerance)
    if theirs is None or len(ours) != len(theirs):
        return False
    if isinstance(first.get("prediction"), list):
        if "margin" in second:
            return False
        decided = [place for place, share in enumerate(ours) if (share >= THRESHOLD) != (theirs[place] >= THRESHOLD)]
        return bool(decided) and all(abs(ours[place] - THRESHOLD) <= tolerance for place in decided)
    ours_best, theirs_best = (max(range(len(shares)), key=shares.__getitem__) for shares in (ours, theirs))
    # The same place under another name is no tie.
    return ours_best != theirs_best and bool(ours[ours_best] - ours[theirs_best] <= tolerance)
