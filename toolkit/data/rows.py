"""Rows to predict or to measure a model on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.data.divide import pick_task_columns
from toolkit.data.examples import Examples, about_misread, cut_cells, misread_labels
from toolkit.data.normalise import clean_text, is_blank, names_of
from toolkit.data.sources import Source, read_table
from toolkit.data.tables import Table
from toolkit.errors import DataError
from toolkit.names import Problem
from toolkit.progress import warn

if TYPE_CHECKING:
    from datasets import Dataset


def prepare_rows(
    source: Source,
    *,
    columns: Mapping[str, str] | None = None,
    require_label: bool = False,
    problem: Problem = Problem.SINGLE_LABEL,
    encoding: str | None = None,
    quoting: bool | None = None,
    subset: str | None = None,
) -> Dataset:
    """Read rows and normalise them as in training; all rows are kept, blank ones too, in their order.

    Args:
        source: as in `read_table`.
        columns: the task's names of columns and the data's.
        require_label: whether every row needs a label.
        problem: what the labels are; of several, a blank cell is none of them.
        encoding: of text files; None finds it.
        quoting: whether quotes enclose cells; None: in csv they do, in tsv they do not.
        subset: the configuration of a hub data set, or the language of a packaged one.

    Returns:
        Columns ``id`` (the data's own where it has them, else the 0-based row), ``text``, ``text_pair`` where
        `columns` names one, and ``reference`` where there is a label (None in rows without); of several labels
        their names joined by ", ", and as a list in ``label_names``.

    Raises:
        DataError: the file or a column is missing, broken or unreadable; a label is required, and missing or not
            of the problem.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    columns = columns or {}
    table = read_table(source, encoding=encoding, quoting=quoting, subset=subset)
    texts = ("text", "text_pair") if "text_pair" in columns else ("text",)
    return _rows(table, columns, texts=texts, reference="label", required=require_label, problem=problem)


def prepare_text_rows(
    source: Source,
    *,
    wanted: Sequence[str],
    columns: Mapping[str, str] | None = None,
    require_reference: bool = False,
    encoding: str | None = None,
    quoting: bool | None = None,
    subset: str | None = None,
) -> Dataset:
    """Like `prepare_rows`, for a task that learns from texts alone.

    Args:
        source: as in `read_table`; of a table with the one column ``text``, as a plain text file gives, that is
            the source.
        wanted: the task's own names of its columns: ``text``, or ``source`` and ``target``.
        columns: the task's names of columns and the data's.
        require_reference: whether every row needs a target, where `wanted` names one.
        encoding, quoting, subset: as in `prepare_rows`.

    Returns:
        Columns ``id``, ``text`` or ``source``, and ``reference`` where there is a target (None in rows without).

    Raises:
        DataError: the file or a column is missing, broken or unreadable; a target is missing and required.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    table = read_table(source, encoding=encoding, quoting=quoting, subset=subset)
    name, *target = wanted
    unnamed = {name: "text"} if list(table.columns) == ["text"] else {}
    return _rows(
        table,
        {**unnamed, **(columns or {})},
        texts=(name,),
        reference=target[0] if target else None,
        required=require_reference,
    )


def _rows(
    table: Table,
    columns: Mapping[str, str],
    *,
    texts: Sequence[str],
    reference: str | None,
    required: bool,
    problem: Problem = Problem.SINGLE_LABEL,
) -> Dataset:
    references = [] if reference is None else [reference]
    needed = [*texts, *references] if required else texts
    optional = ["id"] if required else ["id", *references]
    picked = pick_task_columns(table, columns, needed=needed, optional=optional, problem=problem)
    return rows_of(picked, reference=reference, required=required, problem=problem)


def rows_of(
    table: Table,
    *,
    reference: str | None = None,
    required: bool = False,
    problem: Problem = Problem.SINGLE_LABEL,
) -> Dataset:
    """The rows of a table whose columns have the task's own names.

    Args:
        table: a column or two of texts, perhaps ``id``.
        reference: the column that holds the right answers: ``label`` or ``target``.
        required: whether every row needs one.
        problem: what labels are.
    """
    from datasets import Dataset

    answers = _answers(table, reference, problem, required=required)
    missing = [row for row, answer in enumerate(answers) if answer is None]
    if required and missing:
        raise DataError(*table.faults(f"no {reference}", missing))
    inputs = {name: cells for name, cells in table.columns.items() if name != reference}
    examples = Examples.of(replace(table, columns=inputs))
    for line in [*cut_cells(table), *examples.said("blank text, predicted all the same,", examples.blank())]:
        warn(line)
    rows: dict[str, list[int] | list[str] | list[str | None]] = {"id": _ids(table), **examples.texts}
    if len(missing) < len(answers) and problem is Problem.MULTI_LABEL:
        names = [None if answer is None else names_of(answer) for answer in answers]
        label_sets = {"reference": [None if of_row is None else ", ".join(of_row) for of_row in names]}
        return Dataset.from_dict({**rows, **label_sets, "label_names": names})
    if len(missing) < len(answers):
        rows["reference"] = answers
    return Dataset.from_dict(rows)


def _answers(table: Table, reference: str | None, problem: Problem, *, required: bool) -> list[str | None]:
    """The right answer of each row, None where there is none; nothing without a column for them."""
    if reference is None or reference not in table.columns:
        return []
    if reference != "label":
        cleaned = [clean_text(cell) for cell in table.columns[reference]]
        return [None if is_blank(answer) else answer for answer in cleaned]
    misread = set(misread_labels(table, problem))
    if required and misread:
        raise DataError(*about_misread(table, problem, sorted(misread)))
    # Who asks for predictions alone need not have labels of this kind: such cells count as missing.
    cells = [cell if row not in misread else None for row, cell in enumerate(table.columns["label"])]
    examples = Examples.of(Table({"label": cells}, table.parts), problem=problem)
    return [None if row in misread or is_blank(label) else label for row, label in enumerate(examples.labels)]


def _ids(table: Table) -> list[int] | list[str]:
    """The data's own ids, as numbers where every one is written as a number; else the numbers of the rows."""
    cells = table.columns.get("id")
    if cells is None or None in cells:
        return list(range(table.n_rows))
    texts = [cell for cell in cells if cell is not None]
    if all(len(text) < 19 and text.removeprefix("-").isdecimal() and str(int(text)) == text for text in texts):
        return [int(text) for text in texts]
    return texts
