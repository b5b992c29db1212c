"""k nearest neighbours of each example among the others (leave-one-out)."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

SIMILARITIES_AT_ONCE = 2**24
"""Similarities held at a time: 64 MiB."""


def nearest_rows(features: NDArray[np.floating], n_neighbours: int) -> NDArray[np.int64]:
    """Return the indices of the examples nearest to each example, without itself, the nearest first.

    Similarity is the cosine of standardised features. A few features of a language model are hundreds of times as
    large as the others, and would alone decide (Timkey and van Schijndel 2021, https://arxiv.org/abs/2109.04404).

    Args:
        features: ``[examples, dim]``
        n_neighbours: fewer than there are examples.

    Returns:
        ``[examples, n_neighbours]``
    """
    directions = _directions(features)
    n_rows = len(directions)
    nearest = np.empty((n_rows, n_neighbours), dtype=np.int64)
    block = max(1, SIMILARITIES_AT_ONCE // n_rows)
    for start in range(0, n_rows, block):
        # numpy multiplies twice as fast on one core, torch finds the largest five times as fast.
        similar = directions[start : start + block] @ directions.T
        rows = np.arange(len(similar))
        similar[rows, start + rows] = -np.inf
        nearest[start : start + block] = torch.from_numpy(similar).topk(n_neighbours, dim=1).indices.numpy()
    return nearest


def votes(labels: NDArray[np.int64], nearest: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the most frequent class of each example's neighbours; of ties, the class of the nearest.

    Args:
        labels: indices of classes. ``[examples]``
        nearest: as of `nearest_rows`.

    Returns:
        ``[examples]``
    """
    n_neighbours = nearest.shape[1]
    of_neighbours = labels[nearest]
    same = of_neighbours[:, :, np.newaxis] == of_neighbours[:, np.newaxis, :]
    first = (same.sum(axis=2) - np.arange(n_neighbours) / n_neighbours).argmax(axis=1)
    return np.asarray(of_neighbours[np.arange(len(labels)), first])


def _directions(features: NDArray[np.floating]) -> NDArray[np.float32]:
    """Standardise each feature, and scale each example to length 1; constant features become 0."""
    values = features.astype(np.float64)
    values -= values.mean(axis=0)
    spread = values.std(axis=0)
    values /= np.where(spread > 0, spread, 1.0)
    length = np.sqrt((values**2).sum(axis=1, keepdims=True))
    return (values / np.where(length > 0, length, 1.0)).astype(np.float32)
