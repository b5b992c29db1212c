"""Answers to some of the rows that a model has answered."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

_OF_ALL_ROWS = frozenset({"labels", "decision"})


def take_answers(answers: Any, chosen: NDArray[np.bool_]) -> Any:
    """Return the answers to some rows: every field of the dataclass that has a value a row.

    Args:
        answers: to all rows.
        chosen: the rows to keep. ``[rows]``
    """
    n_rows = len(chosen)
    return replace(
        answers,
        **{
            field.name: _taken_value(value, chosen)
            for field in fields(answers)
            if field.name not in _OF_ALL_ROWS
            and (value := getattr(answers, field.name)) is not None
            and len(value) == n_rows
        },
    )


def _taken_value(value: Any, chosen: NDArray[np.bool_]) -> Any:
    if is_dataclass(value):
        return take_answers(value, chosen)
    if isinstance(value, np.ndarray):
        return value[chosen]
    return [value[row] for row in np.flatnonzero(chosen)]
