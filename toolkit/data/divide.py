"""The splits of a data set: read as the recipe or the source names them, or cut from the training rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from toolkit.data.columns import pick_labelled_columns
from toolkit.data.divisible import DivisibleRows, lines_about
from toolkit.data.examples import Examples, cut_cells
from toolkit.data.labels import LabelKind, OneClass
from toolkit.data.messages import CHAT, split_chats
from toolkit.data.several_inputs import inputs_among, join_inputs
from toolkit.data.sources import Source, read_splits
from toolkit.data.splits import count_of, nested_share, split_indices
from toolkit.data.tables import Table
from toolkit.errors import DataError, Fault, RecipeError, explain
from toolkit.names import Split

if TYPE_CHECKING:
    from toolkit.recipe.schema import DataSection

R = TypeVar("R", bound=DivisibleRows)
_Name = TypeVar("_Name", bound=str)
_From = TypeVar("_From")
_To = TypeVar("_To")


def read_tables_of(section: DataSection, pick: Callable[[Table], Table]) -> dict[Split, Table]:
    """Read the splits that the recipe names, or that its source brings; training rows are always among them.

    Args:
        section: the recipe's ``data``.
        pick: takes from a table the columns of the task.

    Raises:
        DataError: faults of all splits at once, those that `pick` raises included.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    faults: list[Fault] = []
    tables = _tables(section, pick, faults)
    if faults:
        raise DataError(*faults)
    return tables


def read_test_table(section: DataSection) -> Table:
    """Read the rows from which a recipe's test rows come, all columns of them; faults as of `read_tables_of`."""
    if section.test is not None:
        return _one_split(section, Split.TEST, section.test)
    own = {} if section.source is None else _own_splits(section.source, section)
    if Split.TEST in own or section.train is None:
        return own.get(Split.TEST, own[Split.TRAIN])
    return _one_split(section, Split.TRAIN, section.train)


def read_splits_of(
    section: DataSection, notes: list[str], *, needed: Sequence[str], kind: LabelKind | None = None
) -> dict[Split, Examples]:
    """Read the texts of `read_tables_of` and normalise them.

    Args:
        section: the recipe's ``data``.
        notes: gets a line for each finding.
        needed: the task's own names of the columns to read; if ``label`` is one, every row must have a label.
        kind: of the labels; None for texts without.

    Raises:
        DataError: faults of all splits at once.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    of_labels = kind or OneClass()
    faults: list[Fault] = []

    def pick(table: Table) -> Table:
        if CHAT in needed:
            table = split_chats(table, section.columns, answered=True)
        columns = {name: column for name, column in section.columns.items() if name != CHAT}
        picked = pick_labelled_columns(table, columns, needed=needed, kind=of_labels)
        return join_inputs(picked, inputs) if (inputs := inputs_among(needed)) else picked

    picked = _tables(section, pick, faults)
    # Cells of all splits are spelt alike, such as with the same separator.
    cells = chain.from_iterable(table.columns.get("label", []) for table in picked.values())
    kind = of_labels.named(section.labels or ()).fitted(cells, merge=section.merge_labels)
    splits = collect_each(picked, partial(_examples, needed=needed, kind=kind), faults)
    if faults:
        raise DataError(*faults)
    for table in picked.values():
        notes += cut_cells(table)
    return splits


def _tables(section: DataSection, pick: Callable[[Table], Table], faults: list[Fault]) -> dict[Split, Table]:
    sources = {split: getattr(section, split) for split in Split if getattr(section, split) is not None}
    tables = {} if section.source is None else _own_splits(section.source, section)
    tables |= collect_each(sources, partial(_one_split, section), faults)
    return collect_each(tables, lambda _, table: pick(table), faults)


def collect_each(
    values: Mapping[_Name, _From], convert: Callable[[_Name, _From], _To], faults: list[Fault]
) -> dict[_Name, _To]:
    """Convert the value of each split, and collect the faults of those that cannot be converted."""
    converted: dict[_Name, _To] = {}
    for split, value in values.items():
        try:
            converted[split] = convert(split, value)
        except DataError as error:
            faults += error.faults
    return converted


def _own_splits(source: Source, section: DataSection) -> dict[Split, Table]:
    """Return the splits that a source brings; the rows of a source without splits are training rows."""
    tables = _read_named(source, section)
    if len(tables) == 1:
        return {Split.TRAIN: next(iter(tables.values()))}
    own = {split: tables[split] for split in Split if split in tables}
    if Split.TRAIN not in own:
        raise _unclear_split(source, tables)
    return own


def _one_split(section: DataSection, split: Split, source: Source) -> Table:
    tables = _read_named(source, section)
    if len(tables) > 1 and split not in tables:
        raise _unclear_split(source, tables)
    return tables[split] if split in tables else next(iter(tables.values()))


def _read_named(source: Source, section: DataSection) -> dict[str, Table]:
    return read_splits(
        source,
        encoding=section.encoding,
        quoting=section.quoting,
        subset=section.subset,
        format=section.format,
    )


def _unclear_split(source: Source, tables: Mapping[str, Table]) -> RecipeError:
    fix = "name them: data.train: org/name:<split>, data.test: org/name:<split>"
    return RecipeError(explain(f"the data set has the splits {', '.join(tables)}", fix=fix), where=str(source))


def _examples(_: Split, table: Table, *, needed: Sequence[str], kind: LabelKind) -> Examples:
    examples = Examples.of(table, kind)
    unlabelled = [row for row, label in enumerate(examples.labels) if not label] if "label" in needed else []
    if unlabelled:
        raise DataError(*table.faults("no label", unlabelled, fix="write the labels, or take the rows out of the file"))
    return examples


def source_names(splits: Mapping[Split, DivisibleRows]) -> str:
    """Return the names of the sources of some splits, for messages."""
    return ", ".join(dict.fromkeys(rows.table.name for rows in splits.values()))


def cut_missing_splits(splits: dict[Split, R], section: DataSection) -> dict[Split, R]:
    """Cut the splits that are not there from the training rows: test first, then validation.

    Args:
        splits: the splits that are there.
        section: the recipe's ``data`` with the sizes and the seed.

    Raises:
        DataError: if no training row would be left.
        RecipeError: if the test split would have no rows.
    """
    whole = splits[Split.TRAIN]
    sizes = {Split.TEST: section.test_size, Split.VALIDATION: section.validation_size}
    # Fractions become rows before anything is cut, so that both are fractions of the same whole.
    cuts = {split: count_of(size, len(whole)) if size else 0 for split, size in sizes.items() if split not in splits}
    if cuts.get(Split.TEST) == 0:
        raise RecipeError("0 leaves nothing to measure the result on; give it rows", where="data.test_size")
    if sum(cuts.values()) >= len(whole):
        parts = " and ".join(f"{n:,} for {split}" for split, n in cuts.items() if n)
        found = f"{len(whole):,} rows are too few to cut off {parts}"
        raise DataError(explain(found, fix="lower data.test_size or data.validation_size"), where=whole.table.name)
    divided = dict(splits)
    rest = whole
    for split, n_rows in cuts.items():
        if n_rows:
            stay, cut = split_indices(rest.strata(), n_rows, seed=section.split_seed)
            divided[split] = rest.take(cut)
            rest = rest.take(stay)
    divided[Split.TRAIN] = rest
    return divided


def with_share(splits: dict[Split, R], section: DataSection) -> dict[Split, R]:
    """Keep the share of the training rows that the recipe asks for; all other rows stay as they are.

    Raises:
        DataError: not every stratum would have a row.
    """
    if section.train_share is None:
        return splits
    train = splits[Split.TRAIN]
    chosen = nested_share(train.strata(), section.train_share, seed=section.split_seed)
    return {**splits, Split.TRAIN: train.take(chosen)}


def without_blank_rows(splits: dict[Split, R], notes: list[str]) -> dict[Split, R]:
    """Leave blank rows out of training; they stay in the other splits, because they will occur in use.

    Args:
        splits: the rows, divided.
        notes: gets a line a file.
    """
    train = splits[Split.TRAIN]
    blank = train.blank()
    if blank:
        notes += lines_about(train, "blank text, left out of training,", blank)
        train = train.take(np.delete(np.arange(len(train)), blank))
    for split in (Split.VALIDATION, Split.TEST):
        if split in splits:
            rows = splits[split]
            notes += lines_about(rows, f"blank text, kept in the {split} split,", rows.blank())
    return {**splits, Split.TRAIN: train}
