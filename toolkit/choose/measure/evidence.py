"""The evidence of a linear model, maximised over its two precisions: LogME.

You et al. 2021, https://arxiv.org/abs/2102.11005. The model is ``y = F w + noise``, with a normal prior of precision α
on every weight and noise of precision β. The iteration is the fixed point of You et al. 2021,
https://arxiv.org/abs/2110.10545, algorithm 3, for ``t = α / β``. The evidence of ``t`` is computed with the best β for
it, ``n / y' (I + FF' / t)^-1 y``, so that nothing overflows where the fit is perfect or useless.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_STEPS = 100
_TOLERANCE = 1e-4  # of t; the evidence is flat there
_RANGE = 1e12  # t lies within the largest squared singular value times or through this
_EXACT = 1e-12  # of the targets' squares: the least that is taken for noise


def best_evidence(values: Matrix, squares: Matrix, *, totals: Matrix, n_rows: int) -> Matrix:
    """Return the largest log evidence of each target, divided by the number of examples.

    Args:
        values: the features' squared singular values, all above 0. ``[rank]``
        squares: squared projections of the targets on the left singular vectors. ``[rank, targets]``
        totals: squared lengths of the targets, all above 0. ``[targets]``
        n_rows: examples.

    Returns:
        In nats, ``[targets]``.
    """
    if not len(values):
        return np.asarray(0.5 * (np.log(n_rows / totals) - 1 - np.log(2 * np.pi)))
    outside = np.maximum(totals - squares.sum(axis=0), 0.0)
    ratio = _fixed_point(values[:, np.newaxis], squares, outside, n_rows)
    residual = (squares * (ratio / (values[:, np.newaxis] + ratio))).sum(axis=0) + outside
    spread = np.log1p(values[:, np.newaxis] / ratio).sum(axis=0)
    precision = n_rows / np.maximum(residual, _EXACT * totals)
    return np.asarray(0.5 * (np.log(precision) - 1 - np.log(2 * np.pi) - spread / n_rows))


def _fixed_point(values: Matrix, squares: Matrix, outside: Matrix, n_rows: int) -> Matrix:
    """Return the ratio of the precisions, prior to noise, ``[targets]``."""
    lowest, highest = values.max() / _RANGE, values.max() * _RANGE
    ratio = np.full(squares.shape[1], values.mean())
    for _ in range(_STEPS):
        shrunk, kept = ratio / (values + ratio), values / (values + ratio)
        residual = (squares * shrunk**2).sum(axis=0) + outside
        weights = (squares * kept**2 / values).sum(axis=0)
        free = shrunk.sum(axis=0) + n_rows - len(values)
        with np.errstate(divide="ignore", invalid="ignore"):
            updated = kept.sum(axis=0) / weights * residual / free
        updated = np.clip(updated, lowest, highest)
        converged = np.abs(updated - ratio) <= _TOLERANCE * ratio
        ratio = updated
        if converged.all():
            break
    return ratio
