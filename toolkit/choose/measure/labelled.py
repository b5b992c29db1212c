"""Features with their labels, one class for each kind of label: targets of a linear model, agreement of neighbours."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.choose.measure.moments import Matrix
from toolkit.choose.measure.neighbours import votes
from toolkit.evaluation.metrics.label_sets import compute_label_set_metrics
from toolkit.evaluation.metrics.numbers import compute_number_metrics
from toolkit.names import Problem

Features: TypeAlias = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Labelled(ABC):
    """Features of the examples that have a label.

    Attributes:
        features: ``[examples, dim]``
        targets: the outputs that a linear model is to predict. ``[examples, targets]``
    """

    features: Features
    targets: Matrix

    n_axes: ClassVar[int] = 1
    """Axes of the array of labels."""

    @classmethod
    @abstractmethod
    def encode(cls, features: Features, labels: NDArray[Any]) -> Self:
        """Encode labels as targets, without the examples that have no label."""

    @abstractmethod
    def agreement(self, nearest: NDArray[np.int64]) -> float | None:
        """Return how well the nearest examples predict the label of each example; None where that is undefined.

        Args:
            nearest: indices of the nearest examples. ``[examples, neighbours]``
        """

    def class_axes(self) -> Matrix | None:
        """Return the classes as orthonormal columns, ``[examples, classes]``; None where labels are no classes."""
        return None


class LabelledClasses(Labelled):
    """Labels are indices of classes ``[examples]``, -1 for none; targets are 1 for the class and 0 for the others."""

    @classmethod
    def encode(cls, features: Features, labels: NDArray[Any]) -> Self:
        """Encode labels, as `Labelled.encode`."""
        known = labels >= 0
        targets = np.equal.outer(labels[known], np.unique(labels[known]))
        return cls(features[known], targets.astype(np.float64))

    def agreement(self, nearest: NDArray[np.int64]) -> float:
        """Return the accuracy of the most frequent class, as `Labelled.agreement`."""
        labels = self.targets.argmax(axis=1)
        return float((votes(labels, nearest) == labels).mean())

    def class_axes(self) -> Matrix:
        """Return the classes as orthonormal columns, as `Labelled.class_axes`."""
        return np.asarray(self.targets / np.sqrt(self.targets.sum(axis=0)))


class LabelledSets(Labelled):
    """Labels are 1 or 0 for each class ``[examples, classes]``, and so are targets."""

    n_axes = 2

    @classmethod
    def encode(cls, features: Features, labels: NDArray[Any]) -> Self:
        """Encode labels, as `Labelled.encode`."""
        return cls(features, labels.astype(np.float64))

    def agreement(self, nearest: NDArray[np.int64]) -> float | None:
        """Return micro F1 of the labels that more than half of the neighbours have, as `Labelled.agreement`."""
        predictions = self.targets[nearest].mean(axis=1) > 0.5
        found = compute_label_set_metrics(["f1_micro"], predictions=predictions, references=self.targets)
        return found["f1_micro"]


class LabelledNumbers(Labelled):
    """Labels are numbers ``[examples]``, and so are targets ``[examples, 1]``."""

    @classmethod
    def encode(cls, features: Features, labels: NDArray[Any]) -> Self:
        """Encode labels, as `Labelled.encode`."""
        return cls(features, labels.astype(np.float64).reshape(len(labels), -1))

    def agreement(self, nearest: NDArray[np.int64]) -> float | None:
        """Return Pearson's correlation with the neighbours' mean, as `Labelled.agreement`."""
        predictions = self.targets[nearest].mean(axis=1)[:, 0]
        found = compute_number_metrics(["pearson"], predictions=predictions, references=self.targets[:, 0])
        return found["pearson"]


LabelledT = TypeVar("LabelledT", bound=Labelled)

_KINDS: dict[Problem, type[Labelled]] = {
    Problem.SINGLE_LABEL: LabelledClasses,
    Problem.MULTI_LABEL: LabelledSets,
    Problem.REGRESSION: LabelledNumbers,
}


def labelled(features: Features, labels: ArrayLike, problem: Problem) -> Labelled:
    """Check features and labels, and encode the labels.

    Args:
        features: ``[examples, dim]``
        labels: ``[examples]`` or ``[examples, classes]``, see the subclasses of `Labelled`.
        problem: the kind of label.

    Raises:
        ValueError: the shapes do not agree, a number is not finite, or no example has a label.
    """
    return _checked(_KINDS[problem], features, labels)


def labelled_classes(features: Features, labels: ArrayLike) -> LabelledClasses:
    """Check features and classes, as `labelled`."""
    return _checked(LabelledClasses, features, labels)


def _checked(kind: type[LabelledT], features: Features, labels: ArrayLike) -> LabelledT:
    values = np.asarray(labels)
    if features.ndim != 2 or values.ndim != kind.n_axes or len(features) != len(values):
        shapes = f"features of the shape {list(features.shape)} and labels of the shape {list(values.shape)}"
        raise ValueError(f"{shapes} do not belong together")
    encoded = kind.encode(features, values)
    if not len(encoded.targets) or not features.shape[1]:
        raise ValueError("there are no features of rows with a label")
    if not np.isfinite(encoded.features).all() or not np.isfinite(encoded.targets).all():
        raise ValueError("features or labels hold numbers that are not finite")
    return encoded
