"""Results of models that have learnt nothing."""

from __future__ import annotations

from enum import StrEnum


class Degenerate(StrEnum):
    """Why a result shows nothing learnt."""

    ONE_ANSWER = "one-answer"
    """The model gives the same answer to every test row, and the right answers differ."""

    NOT_ABOVE_CONSTANT = "not-above-constant"
    """The interval of its metric reaches down to what always giving the most frequent answer gets."""
