"""The columns of prepared examples, by the names and in the form that data files have them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from datasets import Dataset

from toolkit.data.examples import TEXT_COLUMNS

_LABEL_COLUMNS = {"labels": "label_names", "label": "reference"}


def columns_of(rows: Dataset) -> dict[str, str]:
    """Return the columns of prepared examples by the names that a recipe has for them."""
    texts = {name: name for name in TEXT_COLUMNS if name in rows.column_names}
    labels = [(own, prepared) for own, prepared in _LABEL_COLUMNS.items() if prepared in rows.column_names]
    return texts | dict(labels[:1])  # sets of labels have a column of references too


def all_texts(rows: Dataset) -> Iterator[str]:
    """Yield the texts of prepared examples, column by column; conversations, which are lists, are left out."""
    for name in TEXT_COLUMNS:
        if name in rows.column_names:
            yield from (text for text in rows[name] if isinstance(text, str))


def label_cells(rows: Dataset) -> list[str]:
    """Return the labels of prepared examples as a data file has them, sets as JSON; none for data without labels."""
    column = next((prepared for own, prepared in columns_of(rows).items() if own in _LABEL_COLUMNS), None)
    cells = [] if column is None else list(rows[column])
    return [cell if isinstance(cell, str) else json.dumps(cell) for cell in cells]
