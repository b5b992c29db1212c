"""Centred features and their moments, which all scores are computed from; one matrix product serves all.

The product has the size of the smaller side: ``[dim, dim]`` with more examples than features, else
``[examples, examples]``.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve, eigh, solve_triangular
from scipy.linalg.lapack import dpstrf

Matrix = NDArray[np.float64]

_CONSTANT = 1e-6  # of its own mean: a feature that varies by less is a rounding error of float32
_DEPENDENT = 1e-10  # of its variance: less is left of a feature beside the others by rounding errors of float32


class Moments:
    """The moments of features.

    Args:
        features: finite. ``[examples, dim]``
    """

    def __init__(self, features: NDArray[np.floating]) -> None:
        values = features.astype(np.float64)
        self.mean: Matrix = values.mean(axis=0)
        values -= self.mean
        self._rows: Matrix = values
        self.n_rows, self.dim = values.shape
        self._tall = self.dim <= self.n_rows

    @cached_property
    def _gram(self) -> Matrix:
        """Inner products of the centred columns, or of the centred rows where these are fewer."""
        return self._rows.T @ self._rows if self._tall else self._rows @ self._rows.T

    def explained(self, targets: Matrix) -> float:
        """Return how much of the targets a linear function of the features explains, intercept included.

        Constant and linearly dependent features add nothing. They are found after standardising, so that the unit of a
        feature does not matter.

        Args:
            targets: orthonormal. ``[examples, n]``

        Returns:
            The sum of squares of their projections on the centred features, from 0 to `n`.
        """
        length = np.sqrt((self._rows**2).sum(axis=0))
        varied = length > _CONSTANT * np.sqrt(self.n_rows) * np.abs(self.mean)
        if not varied.any():
            return 0.0
        scale = 1 / length[varied]
        if not self._tall:
            scaled = self._rows[:, varied] * scale
            values, vectors = eigh(scaled @ scaled.T)
            projected = vectors[:, values > _DEPENDENT * values[-1]].T @ targets
            return float((projected**2).sum())
        correlations = self._gram[np.ix_(varied, varied)] * scale * scale[:, np.newaxis]
        factor, order, rank, _ = dpstrf(correlations, tol=_DEPENDENT, lower=1)
        shared = scale[:, np.newaxis] * (self._rows.T @ targets)[varied]
        solved = solve_triangular(factor[:rank, :rank], shared[order[:rank] - 1], lower=True)
        return float((solved**2).sum())

    def shrunken_explained(self, targets: Matrix) -> float:
        """Return the same as `explained`, with the features' covariance shrunk towards a sphere by `shrinkage`.

        Returns:
            ``(1 - shrinkage) * tr(S^-1 B)``, where S is the shrunken covariance, and B that of the features'
            projections on the targets.
        """
        shrinkage = self.shrinkage
        share, ridge = (1 - shrinkage) / self.n_rows, shrinkage * self._mean_variance
        if ridge == 0:
            return self.explained(targets)
        shrunken = share * self._gram
        shrunken[np.diag_indices_from(shrunken)] += ridge
        try:
            factor = cho_factor(shrunken, lower=True)
        except LinAlgError:  # the shrinkage is next to nothing
            return self.explained(targets)
        if not self._tall:  # X (a X'X + b)^-1 X' = (a XX' + b)^-1 XX'
            return float(share * (targets * cho_solve(factor, self._gram @ targets)).sum())
        shared = self._rows.T @ targets
        return float(share * (shared * cho_solve(factor, shared)).sum())

    @cached_property
    def shrinkage(self) -> float:
        """Return the weight of a sphere in the shrunken covariance, 0 to 1.

        Ledoit and Wolf 2004, https://doi.org/10.1016/S0047-259X(03)00096-4.
        """
        squared = (self._gram**2).sum() / self.n_rows**2
        off_sphere = squared / self.dim - self._mean_variance**2
        if self.dim == 1 or off_sphere <= 0:
            return 0.0
        lengths = (self._rows**2).sum(axis=1)
        noise = ((lengths**2).mean() - squared) / (self.dim * self.n_rows)
        return float(np.clip(noise / off_sphere, 0.0, 1.0))

    @property
    def _mean_variance(self) -> float:
        """Mean variance of a feature."""
        return float((self._rows**2).sum() / (self.n_rows * self.dim))

    def spectrum(self, targets: Matrix) -> tuple[Matrix, Matrix]:
        """Decompose the features without centring them, and project targets on their left singular vectors.

        Args:
            targets: ``[examples, n]``

        Returns:
            The squared singular values that are not 0, ``[rank]``, and the squared projections, ``[rank, n]``.
        """
        values, vectors = eigh(self._gram_as_is(), driver="evd", overwrite_a=True, check_finite=False)
        kept = values > values[-1] * max(self.n_rows, self.dim) * np.finfo(np.float64).eps
        values, vectors = values[kept], vectors[:, kept]
        if not self._tall:
            return values, (vectors.T @ targets) ** 2
        shared = self._rows.T @ targets + np.outer(self.mean, targets.sum(axis=0))
        return values, (vectors.T @ shared) ** 2 / values[:, np.newaxis]

    def _gram_as_is(self) -> Matrix:
        if self._tall:
            return np.asarray(self._gram + self.n_rows * np.outer(self.mean, self.mean))
        along_mean = self._rows @ self.mean
        return np.asarray(self._gram + along_mean + along_mean[:, np.newaxis] + self.mean @ self.mean)
