"""Numbers brought to mean 0 and spread 1 for fitting, and the head brought back to numbers as they are."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_CONSTANT = 1e-6  # of the largest spread and of its own mean: below that a number is rounding and says nothing


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
        """The scale of some rows, ``[rows, dim]``."""
        spread, mean = torch.std_mean(features, dim=0, correction=0)
        constant = spread <= _CONSTANT * (spread.max() + mean.abs())
        return cls(mean.double(), torch.where(constant, 1.0, spread).double())

    def apply(self, features: Tensor) -> Tensor:
        """Features of mean 0 and spread 1, ``[rows, dim]``, float32."""
        return (features - self.mean.float()).div_(self.spread.float())

    def fold(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """A linear layer for scaled features as one for features as they are, that gives the same numbers.

        Args:
            weight: ``[outputs, dim]``.
            bias: ``[outputs]``.
        """
        folded = weight.double() / self.spread
        return folded.float(), (bias.double() - folded @ self.mean).float()

    def undo(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """A linear layer whose answers are on this scale as one that answers in numbers as they are.

        Args:
            weight: ``[dim, inputs]``.
            bias: ``[dim]``.
        """
        spread, mean = self.spread.float(), self.mean.float()
        return weight * spread[:, None], bias * spread + mean
