"""The rows that FILE_OR_TEXT on the command line stands for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.data.column_names import ColumnName
from toolkit.data.held import held
from toolkit.data.labels import LabelKind
from toolkit.data.messages import CHAT, USER, Message, to_cell
from toolkit.data.readers_text import lines_table
from toolkit.data.rows import normalise_rows, prepare_rows, prepare_text_rows
from toolkit.data.several_inputs import inputs_among, join_inputs
from toolkit.data.sources import data_suffix, read_table
from toolkit.data.tables import Part, Table, concatenate
from toolkit.errors import DataError, RecipeError

if TYPE_CHECKING:
    from datasets import Dataset

STDIN = "-"


def read_inputs(
    inputs: Sequence[str],
    *,
    columns: Mapping[str, ColumnName],
    encoding: str | None = None,
    wanted: Sequence[str] | None = None,
    kind: LabelKind | None = None,
) -> Dataset:
    """Read the rows to predict.

    Args:
        inputs: each is an argument with a data suffix (a file), the name of a held table, ``-`` (lines from stdin) or
            a text.
        columns: for files, the data's name of a column by the task's name.
        encoding: of text files and of stdin; None detects it.
        wanted: the columns of a task that learns from texts alone, as in `prepare_text_rows`; None for
            classification.
        kind: of the labels, for classification.

    Raises:
        RecipeError: files and texts are mixed, or single texts are given while `columns` names a pair.
        DataError: a file or stdin cannot be read, or there is no text at all.
    """
    files = _files(inputs)
    if files:
        source = files[0] if len(files) == 1 else files
        if wanted is not None:
            return prepare_text_rows(source, wanted=wanted, columns=columns, encoding=encoding)
        return prepare_rows(source, columns=columns, kind=kind, encoding=encoding)
    if "text_pair" in columns:
        raise RecipeError(
            "this model reads pairs of texts; give a file with the columns "
            f"{columns.get('text', 'text')!r} and {columns['text_pair']!r}"
        )
    table = _texts(inputs, encoding)
    if wanted is None:
        return normalise_rows(table)
    cells = table.columns["text"]
    if inputs := inputs_among(wanted):
        return normalise_rows(join_inputs(_one_input(table, inputs), inputs))
    asked = [to_cell([Message(role=USER, content=cell or "")]) for cell in cells] if wanted[0] == CHAT else cells
    return normalise_rows(replace(table, columns={wanted[0]: asked}))


def _one_input(table: Table, inputs: Sequence[str]) -> Table:
    """Return texts as the only input of a prompt.

    Raises:
        RecipeError: there are several inputs, and a text alone does not say which one it is.
    """
    if len(inputs) > 1:
        named = ", ".join(map(repr, inputs))
        raise RecipeError(f"this model reads several columns of a row; give a file with the columns {named}")
    return replace(table, columns={inputs[0]: table.columns["text"]})


def input_table(inputs: Sequence[str], *, encoding: str | None = None) -> tuple[Table, bool]:
    """Read rows to predict as a table.

    Args:
        inputs, encoding: as in `read_inputs`.

    Returns:
        The table, and whether it is of files; the texts of another are in its column ``text``.

    Raises:
        RecipeError: if files and texts are mixed.
        DataError: if a file or stdin cannot be read, or there is no text at all.
    """
    files = _files(inputs)
    return (read_table(files, encoding=encoding), True) if files else (_texts(inputs, encoding), False)


def is_file(name: str) -> bool:
    """Return whether an input is rows with columns, those of a file or of a held table, and no text."""
    table = held(name)
    return data_suffix(name) is not None if table is None else not table.is_lines


def _files(inputs: Sequence[str]) -> list[str]:
    """Return the inputs if they are files, nothing if they are texts."""
    files = [text for text in inputs if is_file(text)]
    if files and len(files) < len(inputs):
        text = next(text for text in inputs if text not in files)
        raise RecipeError(f"give files or texts, not both: {files[0]!r} is a file, {text!r} is none")
    return files


def _texts(inputs: Sequence[str], encoding: str | None) -> Table:
    return concatenate([_of_text(text, number, encoding) for number, text in enumerate(inputs, start=1)])


def _of_text(text: str, number: int, encoding: str | None) -> Table:
    if (texts := held(text)) is not None:
        return texts
    return _stdin(encoding) if text == STDIN else Table({"text": [text]}, (Part("command line", [number]),))


def _stdin(encoding: str | None) -> Table:
    # A stream that the shell has closed (<&-) is None.
    raw = b"" if sys.stdin is None else sys.stdin.buffer.read()
    if not raw.strip():
        raise DataError("there is no line to predict", where="stdin")
    return lines_table(raw, encoding=encoding, where="stdin")
