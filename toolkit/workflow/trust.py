"""Rows that do not deserve trust, found with a model's features: wrong labels, near duplicates, outliers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from toolkit.adapters import LocatedModel, open_body
from toolkit.adapters.features import feature_cache, pooled_features
from toolkit.data.doctor_doubts import Doubt, ReadRow, Trust
from toolkit.data.examples import Examples
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.trust.confident_learning import find_label_errors
from toolkit.evaluation.trust.neighbours import find_neighbours
from toolkit.names import Problem
from toolkit.training.held_out import held_out_probabilities

MOST_ROWS = 20_000
"""Rows that are read with a model, evenly spaced: minutes on a laptop; more tell little more about the data."""

FEWEST_ROWS = 10
"""Rows of a class below which heads cannot tell its wrong labels."""


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
    share, agreement, labels = _labels(chosen, features, rows)
    near, across, outliers = _neighbours(chosen, features, rows)
    return Trust(len(rows), n_all, share, agreement, tuple(labels), tuple(near), across, tuple(outliers))


def _labels(
    chosen: Mapping[str, Examples], features: NDArray[np.float32], read: Sequence[ReadRow]
) -> tuple[float | None, float | None, list[Doubt]]:
    """Return the share of wrong labels, that of labels which heads give too, and the doubted ones.

    Only labels that are one class each can be doubted.
    """
    if any(examples.kind.problem is not Problem.SINGLE_LABEL for examples in chosen.values()):
        return None, None, []
    names = np.array([label for examples in chosen.values() for label in examples.labels], dtype=object)
    classes, counts = np.unique(names[names != ""].astype(str), return_counts=True)
    known = [name for name, count in zip(classes.tolist(), counts.tolist(), strict=True) if count >= FEWEST_ROWS]
    if len(known) < 2:
        return None, None, []
    index = {name: label for label, name in enumerate(known)}
    rows = np.flatnonzero([name in index for name in names])
    given = np.array([index[name] for name in names[rows]], dtype=np.int64)
    probabilities = held_out_probabilities(features[rows], given, n_labels=len(known))
    found = find_label_errors(given, probabilities)
    doubts = [
        Doubt(read[rows[row]], reason="other rows contradict the label", suggestion=known[label])
        for row, label in zip(found.rows.tolist(), found.suggested.tolist(), strict=True)
    ]
    return found.share, float((probabilities.argmax(axis=1) == given).mean()), doubts


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
