"""What the outputs of a head say, as the judge of the validation rows reads it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from toolkit.names import Problem


def answers_of(logits: NDArray[np.floating[Any]], problem: Problem | None) -> list[Any]:
    """The answer to each row: the number of a class, the numbers of the classes that a text has, or a number.

    Args:
        logits: ``[rows, n_labels]``; a class that a text has is above 0.
        problem: what the labels are.
    """
    if problem is Problem.MULTI_LABEL:
        return [np.flatnonzero(row > 0).tolist() for row in logits]
    if problem is Problem.REGRESSION:
        return [float(number) for number in logits[:, 0]]
    return [int(label) for label in logits.argmax(axis=1)]
