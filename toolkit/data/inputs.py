"""What stands behind FILE_OR_TEXT on the command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.data.rows import prepare_rows, rows_from_texts
from toolkit.data.sources import DATA_SUFFIXES
from toolkit.errors import DataError, RecipeError

if TYPE_CHECKING:
    from datasets import Dataset


def read_inputs(inputs: Sequence[str], *, columns: Mapping[str, str]) -> Dataset:
    """Rows to predict.

    Args:
        inputs: each an argument with a data suffix (a file), ``-`` (lines from stdin) or a text.
        columns: for files, the task's names of columns and the data's.

    Raises:
        RecipeError: if files and texts are mixed, or single texts are given where `columns` names a pair.
        DataError: if a file cannot be read, or there is no text at all.
    """
    files = [text for text in inputs if Path(text).suffix.lower() in DATA_SUFFIXES]
    if files and len(files) < len(inputs):
        text = next(text for text in inputs if text not in files)
        raise RecipeError(f"give files or texts, not both: {files[0]!r} is a file, {text!r} is none")
    if files:
        return prepare_rows(files[0] if len(files) == 1 else files, columns=columns)
    if "text_pair" in columns:
        raise RecipeError(
            "this model reads pairs of texts; give a file with the columns "
            f"{columns.get('text', 'text')!r} and {columns['text_pair']!r}"
        )
    texts: list[str] = []
    for text in inputs:
        texts += [line.rstrip("\r\n") for line in sys.stdin] if text == "-" else [text]
    if not texts:
        raise DataError("there is no line to predict", where="stdin")
    return rows_from_texts(texts)
