"""Test rows that page and card show, with what was written for them before and after training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.evaluation.inference.generate import texts_of, write_texts
from toolkit.run_result import Written
from toolkit.wording import MOST_SHOWN, cut

Row = TypeVar("Row")

SHOWN = 2
"""Of the worst rows, and of the others, in few lines."""


def few(rows: Sequence[Row], worst: Sequence[bool]) -> tuple[list[Row], list[Row]]:
    """Return a few of the worst rows, and a few of the others.

    Args:
        rows: the worst ones first.
        worst: which of them are.
    """
    lowest = [row for row, is_worst in zip(rows, worst, strict=True) if is_worst]
    return lowest[:SHOWN], list(rows[len(lowest) :])[:SHOWN]


def written_before(opened: OpenedModel, rows: Sequence[Written], test: Dataset) -> list[Written]:
    """Return rows, a few with what a model writes for them.

    Args:
        opened: as it was before training, told how it reads and writes.
        rows: the worst ones first.
        test: the test rows, among which they are.
    """
    model: Any = opened.model
    model.eval()
    lowest, others = few(rows, [row.worst for row in rows])
    asked = {row.text for row in (*lowest, *others)}
    place_of = {text: place for place, text in reversed(list(enumerate(texts_of(test)))) if text in asked}
    answers, _ = write_texts(opened, test.select(list(place_of.values())))
    before = dict(zip(place_of, answers.predictions, strict=True))
    return [replace(row, before=before[row.text]) if row in lowest or row in others else row for row in rows]


def shortened_row(row: Written) -> Written:
    """Return a row with its long texts cut."""
    texts: dict[str, Any] = {
        name: cut(value, MOST_SHOWN) for name, value in vars(row).items() if isinstance(value, str) and name != "id"
    }
    return replace(row, **texts)
