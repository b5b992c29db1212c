"""Standardisation of features and targets for fitting, and its inverse for the fitted head."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_CONSTANT = 1e-6  # of the largest spread plus the feature's mean: a smaller spread is rounding and no information


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and spread of each feature.

    Attributes:
        mean: ``[dim]``, float64.
        spread: the standard deviation; 1 for features that are constant. ``[dim]``, float64.
    """

    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Scale:
        """Compute the scale of features ``[examples, dim]``."""
        spread, mean = torch.std_mean(features, dim=0, correction=0)
        constant = spread <= _CONSTANT * (spread.max() + mean.abs())
        return cls(mean.double(), torch.where(constant, 1.0, spread).double())

    def apply(self, features: Tensor) -> Tensor:
        """Standardise features to mean 0 and spread 1, ``[examples, dim]`` in float32."""
        return (features - self.mean.float()).div_(self.spread.float())

    def fold(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Turn a linear layer for scaled features into one for unscaled features that gives the same outputs.

        Args:
            weight: ``[outputs, dim]``.
            bias: ``[outputs]``.
        """
        folded = weight.double() / self.spread
        return folded.float(), (bias.double() - folded @ self.mean).float()

    def undo(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Turn a linear layer whose outputs are on this scale into one with unscaled outputs.

        Args:
            weight: ``[dim, inputs]``.
            bias: ``[dim]``.
        """
        spread, mean = self.spread.float(), self.mean.float()
        return weight * spread[:, None], bias * spread + mean
