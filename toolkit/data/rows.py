"""Rows to predict or to measure a model on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from toolkit.data.column_names import ColumnName, plain_names
from toolkit.data.columns import pick_labelled_columns
from toolkit.data.divisible import lines_about
from toolkit.data.examples import Examples, cut_cells, read_labels
from toolkit.data.in_memory import in_memory_dataset
from toolkit.data.labels import LabelKind, OneClass
from toolkit.data.messages import CHAT, split_chats
from toolkit.data.normalise import clean_texts, is_blank
from toolkit.data.several_inputs import inputs_among, join_inputs
from toolkit.data.sources import Source, read_table
from toolkit.data.tables import Table
from toolkit.data.text_column import TextColumn
from toolkit.errors import DataError
from toolkit.progress import warn

if TYPE_CHECKING:
    from datasets import Dataset


def prepare_rows(
    source: Source,
    *,
    columns: Mapping[str, ColumnName] | None = None,
    require_label: bool = False,
    kind: LabelKind | None = None,
    encoding: str | None = None,
    quoting: bool | None = None,
    subset: str | None = None,
) -> Dataset:
    """Read rows and normalise them as in training; all rows are kept, blank ones too, in their order.

    Args:
        source: as in `read_table`.
        columns: the data's name of a column by the task's name.
        require_label: whether every row needs a label.
        kind: of the labels; None is one class a text. Of several labels, a blank cell has none.
        encoding: of text files; None detects it.
        quoting: whether quotes enclose cells; None means that they do in csv and do not in tsv.
        subset: the configuration of a hub data set, or the language of a packaged one.

    Returns:
        Columns ``id`` (the data's own if it has them, else the 0-based row), ``text``, ``text_pair`` if `columns` names
        it, and ``reference`` if there are labels (None in rows without). Several labels are joined by ", ", and a
        list in ``label_names``.

    Raises:
        DataError: the file or a column is missing, broken or unreadable; a label is required, and missing or not
            of the problem.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    columns = columns or {}
    table = read_table(source, encoding=encoding, quoting=quoting, subset=subset)
    texts = ("text", "text_pair") if "text_pair" in columns else ("text",)
    if "text_pair" in table.columns and "text_pair" not in (*columns, *columns.values()):
        found = "the column 'text_pair' is not read, as this model is not known to read pairs"
        warn(f"{table.name}: {found}; --text-pair-column text_pair reads it")
    return _rows(table, columns, texts=texts, reference="label", required=require_label, kind=kind)


def prepare_text_rows(
    source: Source,
    *,
    wanted: Sequence[str],
    columns: Mapping[str, ColumnName] | None = None,
    require_reference: bool = False,
    encoding: str | None = None,
    quoting: bool | None = None,
    subset: str | None = None,
) -> Dataset:
    """Read rows as `prepare_rows` does, for a task that learns from texts alone.

    Args:
        source: as in `read_table`; if its only column is ``text``, as of a plain text file, that is the source.
        wanted: the task's own names of its columns: ``text``, or ``source``, ``messages`` or several inputs with
            ``target``.
        columns: the data's name of a column by the task's name.
        require_reference: whether every row needs a target, if `wanted` names it.
        encoding, quoting, subset: as in `prepare_rows`.

    Returns:
        Columns ``id``, ``text``, ``source``, ``messages`` or ``inputs``, and ``reference`` if there are targets (None
        in rows without).

    Raises:
        DataError: the file or a column is missing, broken or unreadable; a target is missing and required.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    table = read_table(source, encoding=encoding, quoting=quoting, subset=subset)
    if wanted[0] == CHAT:
        table = split_chats(table, columns or {}, answered=require_reference)
        columns = {name: column for name, column in (columns or {}).items() if name != CHAT}
    *names, last = wanted
    texts, reference = (tuple(names), last) if names else ((last,), None)
    unnamed = {texts[0]: "text"} if list(table.columns) == ["text"] else {}
    return _rows(
        table,
        {**unnamed, **plain_names(columns or {})},
        texts=texts,
        reference=reference,
        required=require_reference,
    )


def _rows(
    table: Table,
    columns: Mapping[str, ColumnName],
    *,
    texts: Sequence[str],
    reference: str | None,
    required: bool,
    kind: LabelKind | None = None,
) -> Dataset:
    references = [] if reference is None else [reference]
    needed = [*texts, *references] if required else texts
    optional = ["id"] if required else ["id", *references]
    kind = kind or OneClass()
    picked = pick_labelled_columns(table, columns, needed=needed, optional=optional, kind=kind)
    if inputs := inputs_among((*texts, reference)):
        picked = join_inputs(picked, inputs)
    return normalise_rows(picked, reference=reference, required=required, kind=kind)


def normalise_rows(
    table: Table, *, reference: str | None = None, required: bool = False, kind: LabelKind | None = None
) -> Dataset:
    """Normalise the rows of a table whose columns have the task's own names.

    Args:
        table: one or two columns of texts, perhaps ``id``.
        reference: the column that holds the references: ``label`` or ``target``.
        required: whether every row needs a reference.
        kind: of labels; None for rows without.

    Raises:
        DataError: a reference is required, and missing or not of the kind.
    """
    import pyarrow

    kind = kind or OneClass()
    references = _references(table, reference, kind, required=required)
    missing = references.missing()
    if required and missing:
        raise DataError(*table.faults(f"no {reference}", missing))
    inputs = {name: cells for name, cells in table.columns.items() if name != reference}
    examples = Examples.of(replace(table, columns=inputs))
    for line in [*cut_cells(table), *lines_about(examples, "blank text, predicted all the same,", examples.blank())]:
        warn(line)
    has_references = len(missing) < len(references)
    answers = kind.reference_columns(references) if has_references else {}
    texts = {name: column.as_strings() for name, column in examples.texts.items()}
    return in_memory_dataset(pyarrow.table({"id": row_ids(table), **texts, **answers}))


def _references(table: Table, reference: str | None, kind: LabelKind, *, required: bool) -> TextColumn[str | None]:
    """Return the reference of each row, None where it is missing; an empty column without a column of references."""
    if reference is None or reference not in table.columns:
        return TextColumn.of(())
    if reference != "label":
        answers = clean_texts(table.columns[reference])
        return TextColumn.of(None if is_blank(answer) else answer for answer in answers)
    kind = kind.fitted(table.columns["label"])
    if required and (faults := kind.faults(table)):
        raise DataError(*faults)
    labels, misread = read_labels(table, kind)
    if required and misread:
        raise DataError(*table.faults(kind.misread, misread))
    # Predicting needs no labels of this kind: other cells count as missing.
    others = set(misread)
    return TextColumn.of(None if row in others or is_blank(label) else label for row, label in enumerate(labels))


def row_ids(table: Table) -> Any:
    """Return the data's own ids, as integers if all are written as integers; without them the numbers of the rows."""
    cells = table.columns.get("id")
    if cells is None or None in cells:
        return np.arange(table.n_rows)
    if all(map(_is_integer, cells)):
        return np.fromiter((int(text or 0) for text in cells), dtype=np.int64, count=table.n_rows)
    return TextColumn.of(cells).as_strings()


def _is_integer(text: str | None) -> bool:
    """Return whether an integer of 64 bits is written as Python would write it."""
    return text is not None and len(text) < 19 and text.removeprefix("-").isdecimal() and str(int(text)) == text
