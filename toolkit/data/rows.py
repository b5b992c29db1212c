"""Rows to predict or to measure a model on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolkit.data.columns import pick_columns
from toolkit.data.examples import Examples, cut_cells
from toolkit.data.sources import Source, read_table
from toolkit.data.tables import Table
from toolkit.errors import DataError
from toolkit.progress import warn

if TYPE_CHECKING:
    from datasets import Dataset


def prepare_rows(
    source: Source,
    *,
    columns: Mapping[str, str] | None = None,
    require_label: bool = False,
    encoding: str | None = None,
    quoting: bool | None = None,
    subset: str | None = None,
) -> Dataset:
    """Read rows and normalise them as in training; all rows are kept, blank ones too, in their order.

    Args:
        source: as in `read_table`.
        columns: the task's names of columns and the data's.
        require_label: whether every row needs a label.
        encoding: of text files; None finds it.
        quoting: whether quotes enclose cells; None: in csv they do, in tsv they do not.
        subset: the configuration of a hub data set, or the language of a packaged one.

    Returns:
        Columns ``id`` (the data's own where it has them, else the 0-based row), ``text``, ``text_pair`` where
        `columns` names one, and ``reference`` where there is a label (None in rows without).

    Raises:
        DataError: the file or a column is missing, broken or unreadable; a label is missing and required.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    columns = columns or {}
    table = read_table(source, encoding=encoding, quoting=quoting, subset=subset)
    needed = ["text", "text_pair"] if "text_pair" in columns else ["text"]
    optional = ["id"]
    (needed if require_label else optional).append("label")
    picked = pick_columns(table, columns=columns, needed=needed, optional=optional)
    return rows_of(picked, require_label=require_label)


def rows_of(table: Table, *, require_label: bool = False) -> Dataset:
    """The rows of a table whose columns have the task's own names; see `prepare_rows`."""
    from datasets import Dataset

    examples = Examples.of(table)
    unlabelled = [i for i, label in enumerate(examples.labels) if not label]
    if require_label and unlabelled:
        raise DataError(*table.faults("no label", unlabelled))
    for line in [*cut_cells(table), *examples.said("blank text, predicted all the same,", examples.blank())]:
        warn(line)
    rows: dict[str, list[int] | list[str] | list[str | None]] = {"id": _ids(table), "text": examples.texts}
    if examples.pairs is not None:
        rows["text_pair"] = examples.pairs
    if len(unlabelled) < len(examples):
        rows["reference"] = [label or None for label in examples.labels]
    return Dataset.from_dict(rows)


def _ids(table: Table) -> list[int] | list[str]:
    """The data's own ids, as numbers where every one is written as a number; else the numbers of the rows."""
    cells = table.columns.get("id")
    if cells is None or None in cells:
        return list(range(table.n_rows))
    texts = [cell for cell in cells if cell is not None]
    if all(len(text) < 19 and text.removeprefix("-").isdecimal() and str(int(text)) == text for text in texts):
        return [int(text) for text in texts]
    return texts
