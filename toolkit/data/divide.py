"""Which rows form which split: as the recipe says, as the source brings them, the rest cut from train."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from toolkit.data.columns import pick_columns
from toolkit.data.examples import Examples, cut_cells
from toolkit.data.notes import listed
from toolkit.data.sources import Source, read_splits
from toolkit.data.splits import rows_of, split_indices
from toolkit.data.tables import Table
from toolkit.errors import DataError, Fault, RecipeError, explain
from toolkit.names import Split

if TYPE_CHECKING:
    from toolkit.recipe.schema import DataSection


def read_splits_of(section: DataSection, notes: list[str], *, needed: Sequence[str]) -> dict[Split, Examples]:
    """The splits that the recipe names, or that its source brings; training rows are always among them.

    Args:
        section: the recipe's ``data``.
        notes: gets a line for what is worth telling.
        needed: the task's own names of the columns to read; where ``label`` is one, every row must have one.

    Raises:
        DataError: faults of all splits at once.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    splits: dict[Split, Examples] = {}
    faults: list[Fault] = []
    sources = {split: getattr(section, split) for split in Split if getattr(section, split) is not None}
    tables = {} if section.source is None else _own_splits(section.source, section)
    for split, source in sources.items():
        try:
            tables[split] = _one_split(source, split, section)
        except DataError as error:
            faults += error.faults
    for split, table in tables.items():
        try:
            splits[split] = _examples(table, section.columns, needed=needed)
        except DataError as error:
            faults += error.faults
        else:
            notes += cut_cells(splits[split].table)
    if faults:
        raise DataError(*faults)
    return splits


def _own_splits(source: Source, section: DataSection) -> dict[Split, Table]:
    """The splits that a source brings; one that has only one is all training rows for now."""
    tables = _read_named(source, section)
    if len(tables) == 1:
        return {Split.TRAIN: next(iter(tables.values()))}
    own = {split: tables[split] for split in Split if split in tables}
    if Split.TRAIN not in own:
        raise _unclear_split(source, tables)
    return own


def _one_split(source: Source, split: Split, section: DataSection) -> Table:
    tables = _read_named(source, section)
    if len(tables) > 1 and split not in tables:
        raise _unclear_split(source, tables)
    return tables[split] if split in tables else next(iter(tables.values()))


def _read_named(source: Source, section: DataSection) -> dict[str, Table]:
    return read_splits(source, encoding=section.encoding, quoting=section.quoting, subset=section.subset)


def _unclear_split(source: Source, tables: Mapping[str, Table]) -> RecipeError:
    fix = "name them: data.train: org/name:<split>, data.test: org/name:<split>"
    return RecipeError(explain(f"the data set has the splits {', '.join(tables)}", fix=fix), where=str(source))


def source_names(splits: Mapping[Split, Examples]) -> str:
    """The sources of some splits by name, for people."""
    return ", ".join(dict.fromkeys(examples.table.name for examples in splits.values()))


def _examples(table: Table, columns: Mapping[str, str], *, needed: Sequence[str]) -> Examples:
    examples = Examples.of(pick_columns(table, columns=columns, needed=needed))
    unlabelled = [i for i, label in enumerate(examples.labels) if not label]
    if unlabelled and "label" in needed:
        raise DataError(*examples.table.faults("no label", unlabelled))
    return examples


def cut_missing_splits(splits: dict[Split, Examples], section: DataSection, notes: list[str]) -> dict[Split, Examples]:
    """Cut the splits that are not there from the training rows: test first, then validation.

    Args:
        splits: those that are there.
        section: the recipe's ``data`` with the sizes and the seed.
        notes: gets a line for what is worth telling.

    Raises:
        DataError: nothing would be left to learn from.
        RecipeError: no rows for the test split.
    """
    whole = splits[Split.TRAIN]
    sizes = {Split.TEST: section.test_size, Split.VALIDATION: section.validation_size}
    # Fractions become rows before anything is cut, so that both are fractions of the same whole.
    cuts = {split: rows_of(size, len(whole)) if size else 0 for split, size in sizes.items() if split not in splits}
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
            stay, cut = split_indices(rest.labels, n_rows, seed=section.split_seed)
            divided[split] = rest.take(cut)
            rest = rest.take(stay)
    divided[Split.TRAIN] = rest
    if any(cuts.values()):
        notes += _about_stratifying(whole, {split: n for split, n in cuts.items() if n})
    return divided


def without_blank_texts(splits: dict[Split, Examples], notes: list[str]) -> dict[Split, Examples]:
    """Leave rows with a blank text out of training; elsewhere they stay, because they will be met in use.

    Args:
        splits: the rows, divided.
        notes: gets a line a file.
    """
    train = splits[Split.TRAIN]
    blank = train.blank()
    if blank:
        notes += train.said("blank text, left out of training,", blank)
        train = train.take(sorted(set(range(len(train))) - set(blank)))
    for split in (Split.VALIDATION, Split.TEST):
        if split in splits:
            notes += splits[split].said(f"blank text, kept in the {split} split,", splits[split].blank())
    return {**splits, Split.TRAIN: train}


def _about_stratifying(whole: Examples, cuts: Mapping[Split, int]) -> list[str]:
    counts = Counter(whole.labels)
    single = sorted(label for label, count in counts.items() if count == 1)
    notes = []
    if single:
        notes.append(
            f"{len(single)} of {len(counts)} classes have one row only, which cannot be divided: {listed(single)}"
        )
    for split, n_rows in cuts.items():
        if n_rows < len(counts):
            notes.append(f"the {split} split of {n_rows} rows cannot hold all {len(counts)} classes")
    return notes
