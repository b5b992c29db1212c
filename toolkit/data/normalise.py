"""One form for every text and every label, in training and prediction alike.

A label is kept as text: the name of a class; several names as a JSON list, sorted, each once; a number as Python writes
it, without a fraction of zero. So labels of the same meaning are equal texts.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from toolkit.data.text_column import TextColumn, map_cells

LONGEST_CHARACTERS = 200_000
"""The characters at which a cell is cut before anything else: no model reads as much, and it would take memory."""

SEPARATORS = (";", "|", ",")
"""Possible separators of the names of several labels in one cell, the first choice first."""

NO_LABELS = "[]"
"""The label of a text with none of several possible labels; unlike a missing label it is an answer."""


def clean_text(cell: str | None) -> str:
    """Return a cell in Unicode normal form C, cut to `LONGEST_CHARACTERS`; a missing cell is empty.

    Korean typed on a Mac comes as single letters (form D), which tokenizers spell otherwise than syllables.
    """
    return unicodedata.normalize("NFC", cell[:LONGEST_CHARACTERS]) if cell else ""


def clean_texts(cells: Sequence[str | None]) -> TextColumn[str]:
    """Return the `clean_text` of each cell; Arrow blocks that are clean already are not copied."""
    import pyarrow

    columns: list[TextColumn[Any]] = [
        TextColumn(pyarrow.chunked_array([block])) for block in TextColumn.of(cells).arrays()
    ]
    return TextColumn.concatenated(
        [column if _are_clean(column) else map_cells(column.chunks, clean_text) for column in columns]
    )


def _are_clean(cells: TextColumn[str | None]) -> bool:
    """Return whether cells are as `clean_text` would return them; there is one at least."""
    from pyarrow import compute

    chunks = cells.chunks
    if chunks.null_count or compute.max(compute.binary_length(chunks)).as_py() > LONGEST_CHARACTERS:
        return False
    foreign: TextColumn[str] = TextColumn(chunks.filter(compute.invert(compute.string_is_ascii(chunks))))
    return all(unicodedata.is_normalized("NFC", cell) for cell in foreign)


def clean_label(cell: str | None) -> str:
    """Return a label in normal form C without the white space around it; a missing cell is empty."""
    return unicodedata.normalize("NFC", cell).strip() if cell else ""


def clean_number(cell: str | None) -> str:
    """Return a finite number as Python writes it, ``5`` for ``5.000``; a missing cell is empty.

    Raises:
        ValueError: the cell is not a number, or not a finite number.
    """
    text = clean_label(cell)
    if not text:
        return ""
    number = float(text)
    if "_" in text or not math.isfinite(number):  # Python takes 1_000 for a number, and nan
        raise ValueError(f"{text!r} is not a finite number")
    return number_text(number)


def number_text(number: float) -> str:
    """Return the shortest text that is read as the same number."""
    whole = number.is_integer() and abs(number) < 1e15
    return str(int(number)) if whole else repr(number)


def names_of(label: str) -> list[str]:
    """Return the names in a label that names any number of classes."""
    names: list[str] = json.loads(label or NO_LABELS)
    return names


def blank_rows(texts: TextColumn[str]) -> list[int]:
    """Return the rows of texts that `is_blank`, ascending."""
    from pyarrow import compute

    # A character that is no separator, control character or unknown to the library is no white space for Python either.
    seen = compute.match_substring_regex(texts.chunks, r"[^\pZ\pC]")
    rows = np.flatnonzero(compute.invert(seen))
    return [int(row) for row, text in zip(rows, texts.take(rows), strict=True) if is_blank(text)]


def is_blank(text: str) -> bool:
    """Return whether a text has nothing but white space."""
    return not text or text.isspace()


def comparison_key(text: str, pair: str | None = None) -> str:
    """Return a text, or a pair, without its case, white space and Unicode form."""
    key = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return key if pair is None else f"{key}\x1f{comparison_key(pair)}"
