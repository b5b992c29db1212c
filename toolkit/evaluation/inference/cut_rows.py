"""Rows that are longer than a model reads, told before it answers them."""

from __future__ import annotations

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.progress import warn


def count_cut(opened: OpenedModel, rows: Dataset) -> int:
    """Return how many rows have more tokens than the model reads.

    Args:
        opened: the model.
        rows: columns ``text`` and perhaps ``text_pair``.
    """
    names = [name for name in ("text", "text_pair") if name in rows.column_names]
    columns = [[text or "" for text in rows[name]] for name in names]
    # A token of a text has a byte or more, and few are special, so that most rows need no second look.
    long = [
        texts
        for texts in zip(*columns, strict=True)
        if sum(len(text.encode("utf-8", "replace")) for text in texts) > opened.max_length // 2
    ]
    return sum(len(opened.tokenizer(*texts, verbose=False)["input_ids"]) > opened.max_length for texts in long)


def warn_of_cut(opened: OpenedModel, rows: Dataset) -> None:
    """Warn of the rows whose ends the model does not read."""
    n_cut = count_cut(opened, rows)
    if n_cut:
        warn(
            f"{n_cut:,} of {len(rows):,} rows are longer than the {opened.max_length:,} tokens that the model reads; "
            "their ends are cut off"
        )
