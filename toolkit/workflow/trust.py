"""Rows that do not deserve trust, found with a model's features: wrong labels, near duplicates, outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.adapters import LocatedModel, open_body
from toolkit.adapters.features import feature_cache, pooled_features
from toolkit.data.examples import Examples
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.trust.confident_learning import find_label_errors
from toolkit.evaluation.trust.neighbours import find_neighbours
from toolkit.names import Problem
from toolkit.training.held_out import held_out_probabilities
from toolkit.wording import shortened

MOST_ROWS = 20_000
"""Rows that are read with a model, evenly spaced: minutes on a laptop; more tell little more about the data."""

FEWEST_ROWS = 10
"""Rows of a class below which heads cannot tell its wrong labels."""


@dataclass(frozen=True)
class ReadRow:
    """A row that was read with the model.

    Attributes:
        split: its split.
        position: its position there, from 0.
        examples: the rows of the split.
    """

    split: str
    position: int
    examples: Examples

    @property
    def place(self) -> str:
        """Return its file and line."""
        name, line = self.examples.table.place(int(self.examples.ids[self.position]))
        return f"{name}:{line}"

    @property
    def text(self) -> str:
        """Return its first text, shortened to one line."""
        return shortened(next(iter(self.examples.texts.values()))[self.position])

    @property
    def label(self) -> str:
        """Return its label."""
        return self.examples.labels[self.position]


@dataclass(frozen=True)
class Doubt:
    """A reason to look at a row.

    Attributes:
        row: which one.
        reason: in words, for people.
        suggestion: the label that the other rows suggest, if the label is doubted.
    """

    row: ReadRow
    reason: str
    suggestion: str = ""


@dataclass(frozen=True)
class Trust:
    """Rows to look at.

    Attributes:
        rows: number of rows that were read with the model.
        of_rows: number of rows that there are.
        wrong_share: the estimated share of wrong labels; None where labels are not one class each, or too few.
        labels: doubted labels, the most certain error first.
        near_duplicates: rows that nearly repeat an earlier one.
        across: how many of them repeat a row of another split.
        outliers: rows that are like no other, the farthest first.
    """

    rows: int
    of_rows: int
    wrong_share: float | None
    labels: tuple[Doubt, ...]
    near_duplicates: tuple[Doubt, ...]
    across: int
    outliers: tuple[Doubt, ...]

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Return all of them, those about labels first."""
        return (*self.labels, *self.near_duplicates, *self.outliers)


def find_doubts(splits: Mapping[str, Examples], located: LocatedModel, *, max_length: int | None) -> Trust:
    """Read rows with a model and find those to look at; all splits are compared with each other.

    Args:
        splits: the rows.
        located: the model, used as it is.
        max_length: tokens beyond which a text is cut; None takes what the model was made for.
    """
    n_all = sum(map(len, splits.values()))
    step = -(-n_all // MOST_ROWS)
    chosen = {name: examples.take(np.arange(0, len(examples), step)) for name, examples in splits.items()}
    rows = [
        ReadRow(name, position, splits[name])
        for name, examples in splits.items()
        for position in range(0, len(examples), step)
    ]
    body = open_body(located, max_length=max_length)
    cache = feature_cache(body, located.folder)
    parts = [
        pooled_features(body, examples.to_dataset(), cache=cache, device=inference_device())
        for examples in chosen.values()
    ]
    features = np.concatenate(parts)
    share, labels = _labels(chosen, features, rows)
    near, across, outliers = _neighbours(chosen, features, rows)
    return Trust(len(rows), n_all, share, tuple(labels), tuple(near), across, tuple(outliers))


def _labels(
    chosen: Mapping[str, Examples], features: NDArray[np.float32], read: Sequence[ReadRow]
) -> tuple[float | None, list[Doubt]]:
    """Return the estimated share of wrong labels and the doubted ones; only for labels that are one class each."""
    if any(examples.kind.problem is not Problem.SINGLE_LABEL for examples in chosen.values()):
        return None, []
    names = np.array([label for examples in chosen.values() for label in examples.labels], dtype=object)
    classes, counts = np.unique(names[names != ""].astype(str), return_counts=True)
    known = [name for name, count in zip(classes.tolist(), counts.tolist(), strict=True) if count >= FEWEST_ROWS]
    if len(known) < 2:
        return None, []
    index = {name: label for label, name in enumerate(known)}
    rows = np.flatnonzero([name in index for name in names])
    given = np.array([index[name] for name in names[rows]], dtype=np.int64)
    found = find_label_errors(given, held_out_probabilities(features[rows], given, n_labels=len(known)))
    doubts = [
        Doubt(read[rows[row]], reason="other rows contradict the label", suggestion=known[label])
        for row, label in zip(found.rows.tolist(), found.suggested.tolist(), strict=True)
    ]
    return found.share, doubts


def _neighbours(
    chosen: Mapping[str, Examples], features: NDArray[np.float32], read: Sequence[ReadRow]
) -> tuple[list[Doubt], int, list[Doubt]]:
    """Return near duplicates, how many of them repeat a row of another split, and outliers.

    Rows that repeat an earlier one but for form are left out: they are counted without a model.
    """
    keys = np.concatenate([examples.keys for examples in chosen.values()])
    _, distinct = np.unique(keys, return_index=True)
    distinct.sort()
    found = find_neighbours(features[distinct])
    near = [
        (distinct[row], distinct[found.twin[row]], float(found.similarity[row]))
        for row in np.flatnonzero(found.twin >= 0).tolist()
    ]
    across = sum(read[row].split != read[twin].split for row, twin, _ in near)
    repeated = [
        Doubt(read[row], reason=f"nearly repeats {read[twin].place} ({cosine:.2f})") for row, twin, cosine in near
    ]
    far = np.flatnonzero(found.is_outlier)
    far = far[np.argsort(-found.distance[far], kind="stable")]
    outliers = [Doubt(read[distinct[row]], reason="unlike all other texts") for row in far.tolist()]
    return repeated, across, outliers
