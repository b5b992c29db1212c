"""Golden rows of text classification: which test rows are kept, and what a model answers to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.evaluation.proof.golden import GoldenRow, plain_ids
from toolkit.evaluation.proof.golden_rows import choose_rows, rows_to_dataset
from toolkit.tasks.text_classification.kind import LabelPredictions
from toolkit.tasks.text_classification.kinds import kind_of
from toolkit.tasks.text_classification.predict import predict

ROWS_AT_ONCE = 4
"""Few: among so few rows of all lengths a large batch is mostly padding."""


def golden_rows(
    opened: OpenedModel, rows: Dataset, *, answers: LabelPredictions | None, most: int
) -> list[dict[str, Any]]:
    """Choose rows of all labels and lengths, and those that are hard to decide.

    Args:
        opened: with its trained head.
        rows: the test rows.
        answers: to all of them; None where they are not known.
        most: how many to choose.
    """
    names = [name for name in ("text", "text_pair") if name in rows.column_names]
    columns = [list(rows[name]) for name in names]
    confidence = getattr(answers, "confidence", None)
    chosen = choose_rows(
        ["\n".join(cells) if all(map(str.strip, cells)) else "" for cells in zip(*columns, strict=True)],
        labels=[str(label) for label in rows["reference"]] if "reference" in rows.column_names else None,
        confidence=None if confidence is None else list(confidence),
        most=most,
    )
    asked = [dict(zip(names, (column[row] for column in columns), strict=True)) for row in chosen]
    return [row for row in asked if plain_ids(opened, row)]


def golden_answers(opened: OpenedModel, rows: Sequence[GoldenRow]) -> list[dict[str, Any]]:
    """Return rows with ``prediction`` and ``probabilities`` (of several labels a list of them), or with ``value``."""
    names = [name for name in ("text", "text_pair") if name in rows[0]]
    inputs = [{name: row[name] for name in names} for row in rows]
    asked = rows_to_dataset(inputs, {name: name for name in names})
    predictions = predict(opened, asked, batch_rows=ROWS_AT_ONCE)
    said = kind_of(opened.problem).golden_answers(predictions)
    return [{**row, **answer} for row, answer in zip(inputs, said, strict=True)]
