"""Which rows form which split: as the recipe says, as the source brings them, the rest cut from train."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from toolkit.data.columns import pick_columns
from toolkit.data.examples import Examples, cut_cells, vector_fault
from toolkit.data.normalise import label_separator
from toolkit.data.notes import listed
from toolkit.data.sources import Source, read_splits
from toolkit.data.splits import quantile_strata, rows_of, set_strata, split_indices
from toolkit.data.tables import Table
from toolkit.errors import DataError, Fault, RecipeError, explain
from toolkit.names import Problem, Split

if TYPE_CHECKING:
    from toolkit.recipe.schema import DataSection


def read_splits_of(
    section: DataSection, notes: list[str], *, needed: Sequence[str], problem: Problem = Problem.SINGLE_LABEL
) -> dict[Split, Examples]:
    """The splits that the recipe names, or that its source brings; training rows are always among them.

    Args:
        section: the recipe's ``data``.
        notes: gets a line for what is worth telling.
        needed: the task's own names of the columns to read; where ``label`` is one, every row must have one.
        problem: what the labels are.

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
    picked: dict[Split, Table] = {}
    for split, table in tables.items():
        try:
            picked[split] = pick_task_columns(table, section.columns, needed=needed, problem=problem)
        except DataError as error:
            faults += error.faults
    separator = label_separator(cell for table in picked.values() for cell in table.columns.get("label", []))
    for split, table in picked.items():
        try:
            splits[split] = _examples(table, needed=needed, problem=problem, separator=separator)
        except DataError as error:
            faults += error.faults
        else:
            notes += cut_cells(table)
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


def pick_task_columns(
    table: Table,
    columns: Mapping[str, str],
    *,
    needed: Sequence[str],
    optional: Sequence[str] = (),
    problem: Problem = Problem.SINGLE_LABEL,
) -> Table:
    """As `pick_columns`; several labels a row may be lists, and stand in ``labels`` unless `columns` says otherwise.

    Args:
        table: the data.
        columns: the task's names and the data's; of ``label`` and ``labels`` either names the column of the labels.
        needed: the task's names that must be there; the labels are always ``label``.
        optional: those that are taken where they are there.
        problem: what the labels are.

    Raises:
        DataError: a needed column is not there, or a column holds something else than what the task reads.
    """
    if problem is Problem.MULTI_LABEL:
        column = columns.get("label") or columns.get("labels") or "labels"
        columns = {**columns, "label": column}
        lists = {name for name, what in table.not_text.items() if what == "lists" and name == column}
        table = replace(table, not_text={name: what for name, what in table.not_text.items() if name not in lists})
    return pick_columns(table, columns=columns, needed=needed, optional=optional)


def _examples(table: Table, *, needed: Sequence[str], problem: Problem, separator: str) -> Examples:
    examples = Examples.of(table, problem=problem, separator=separator)
    unlabelled = [i for i, label in enumerate(examples.labels) if not label]
    if unlabelled and "label" in needed:
        raise DataError(*examples.table.faults("no label", unlabelled))
    vectors = vector_fault(table) if problem is Problem.MULTI_LABEL else None
    if vectors is not None:
        raise DataError(vectors)
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
            stay, cut = split_indices(_strata(rest), n_rows, seed=section.split_seed)
            divided[split] = rest.take(cut)
            rest = rest.take(stay)
    divided[Split.TRAIN] = rest
    if any(cuts.values()) and whole.problem is Problem.SINGLE_LABEL:
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


def _strata(examples: Examples) -> list[str]:
    """What keeps its share in every split: a class, a set of labels, or numbers of like size."""
    if examples.problem is Problem.MULTI_LABEL:
        return set_strata(examples.labels)
    if examples.problem is Problem.REGRESSION:
        return quantile_strata([float(label) for label in examples.labels])
    return examples.labels


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
