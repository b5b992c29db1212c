"""Fingerprints of prepared rows, by which a row is found again in other data without keeping its text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from toolkit.data.examples import TEXT_COLUMNS
from toolkit.data.fingerprints import Fingerprints, fingerprints
from toolkit.data.normalise import comparison_key
from toolkit.data.text_column import BLOCK_ROWS

if TYPE_CHECKING:
    from datasets import Dataset


def row_keys(rows: Dataset) -> Fingerprints:
    """Return a fingerprint of the texts of each row, ``uint64 [rows]``, the same as `Examples.keys`.

    Rows that differ only in case, spacing and Unicode form have the same fingerprint.

    Args:
        rows: prepared for training or for measuring; what is answered without ``target`` has it as ``reference``.
    """
    names = [name for name in TEXT_COLUMNS if name in rows.column_names]
    if "target" not in names and "text" not in names and "reference" in rows.column_names:
        names.append("reference")
    texts = rows.select_columns(names)
    blocks = (texts[start : start + BLOCK_ROWS] for start in range(0, len(texts), BLOCK_ROWS))
    keys = [fingerprints(map(comparison_key, *(map(_text, block[name]) for name in names))) for block in blocks]
    return np.concatenate([np.empty(0, dtype=np.uint64), *keys])


def _text(cell: str | None) -> str:
    return cell or ""
