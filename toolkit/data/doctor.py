"""An examination of data without any model: sizes, classes, lengths, repetitions, contradictions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations, islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from toolkit.data.column_names import ColumnName
from toolkit.data.columns import pick_labelled_columns
from toolkit.data.divide import collect_each
from toolkit.data.doctor_pairs import pair_warnings
from toolkit.data.doctor_report import Distribution, DoctorReport, Finding, Overlap, SplitReport
from toolkit.data.doctor_warnings import split_warnings
from toolkit.data.examples import Examples, cut_cells, read_labels
from toolkit.data.fingerprints import Fingerprints, count_distinct, fingerprints, repeated
from toolkit.data.labels import LabelFigures, LabelKind, label_kind
from toolkit.data.normalise import LONGEST_CHARACTERS
from toolkit.data.notes import conflicting
from toolkit.data.scripts import NO_LETTERS, ScriptCounter
from toolkit.data.sources import Source, read_splits, read_table
from toolkit.data.tables import Table
from toolkit.data.text_column import BLOCK_ROWS, TextColumn, character_counts
from toolkit.errors import DataError, Fault
from toolkit.names import Problem, Split

if TYPE_CHECKING:
    from toolkit.recipe.schema import DataSection

STRANGE = 0.05
"""Share of the texts below which their script counts as another one than that of the rest."""

_EXAMPLES = 5
_EXAMPLE_CHARACTERS = 80


def examine(
    tables: Mapping[str, Table], *, problem: Problem = Problem.SINGLE_LABEL, labels: Sequence[str] = ()
) -> DoctorReport:
    """Examine splits whose columns already have the task's names.

    Args:
        tables: the rows of each split: ``text``, perhaps ``text_pair``, perhaps ``label``.
        problem: the problem type of the labels.
        labels: their names in their order, if they are known.
    """
    kind = label_kind(problem).named(labels)
    return examine_examples(
        {name: _read(table, _fitted(kind, [table])) for name, table in tables.items()}, problem=problem
    )


def examine_examples(
    read: Mapping[str, tuple[Examples, list[int]]], *, problem: Problem, labels: Sequence[str] = ()
) -> DoctorReport:
    """Examine splits that were read.

    Args:
        read: the examples of each, and the rows whose label is not of the kind; see `read_examples`.
        problem: the problem type of the labels.
        labels: their names, if they are known.
    """
    tables = {name: of_split.table for name, (of_split, _) in read.items()}
    examples = {name: of_split for name, (of_split, _) in read.items()}
    splits = {name: _split(of_split, misread) for name, (of_split, misread) in read.items()}
    overlaps = tuple(_overlap(first, second, examples) for first, second in combinations(examples, 2))
    warnings = [line for table in tables.values() for line in cut_cells(table)]
    for name, report in splits.items():
        warnings += split_warnings(name if len(splits) > 1 else "", report, problem=problem, labels=labels)
    warnings += [line for overlap in overlaps for line in pair_warnings(overlap, splits, problem=problem)]
    return DoctorReport(
        source=", ".join(dict.fromkeys(table.name for table in tables.values())),
        encodings={part.name: part.encoding for table in tables.values() for part in table.parts if part.encoding},
        splits=splits,
        overlaps=overlaps,
        warnings=tuple(warnings),
        problem=problem,
        notes=tuple(dict.fromkeys(note for of_split in examples.values() for note in _notes(of_split))),
    )


def _notes(examples: Examples) -> list[str]:
    """Return what the readers and the kind of the labels took upon themselves."""
    return [*examples.table.notes, *(f"{examples.table.name}: {note}" for note in examples.kind.notes)]


def read_examples(
    sources: Mapping[str, Source],
    *,
    columns: Mapping[str, ColumnName],
    kind: LabelKind,
    merge_labels: bool = False,
    encoding: str | None = None,
) -> dict[str, tuple[Examples, list[int]]]:
    """Read the examples of each split, and the rows whose label is not of the kind.

    Args:
        sources: of each split, as in `read_table`.
        columns: the data's name of a column by the task's name.
        kind: of the labels, with the names of their places if those are known.
        merge_labels: whether labels that differ in case, white space or width only are one.
        encoding: of text files; None detects it.

    Raises:
        DataError: files or columns that are missing, broken or unreadable; the faults of all splits at once.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    faults: list[Fault] = []
    tables = collect_each(
        sources, lambda _, source: _picked(read_table(source, encoding=encoding), columns, kind), faults
    )
    fitted = _fitted(kind, tables.values(), merge=merge_labels)
    read = collect_each(tables, lambda _, table: _read(table, fitted), faults)
    if faults:
        raise DataError(*faults)
    return read


def examine_section(section: DataSection, *, problem: Problem = Problem.SINGLE_LABEL) -> DoctorReport:
    """Examine the sources that a recipe's data section names, as one split each.

    Args:
        section: the recipe's ``data``.
        problem: the problem type of the labels.

    Raises:
        DataError: a file or a column is missing, broken or unreadable.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    named = {"all": section.source} | {str(split): getattr(section, split) for split in Split}
    tables: dict[str, Table] = {}
    for name, source in named.items():
        if source is not None:
            splits = read_splits(source, encoding=section.encoding, quoting=section.quoting, subset=section.subset)
            chosen = {name: splits.get(name, next(iter(splits.values())))} if name != "all" else splits
            tables |= {split: _picked(table, section.columns, label_kind(problem)) for split, table in chosen.items()}
    return examine(tables, problem=problem)


def _picked(table: Table, columns: Mapping[str, ColumnName], kind: LabelKind) -> Table:
    named = {"label"} if not columns.keys().isdisjoint({"label", "labels"}) else set()
    needed = ["text", *(["text_pair"] if "text_pair" in columns else []), *named]
    optional = [name for name in ("label",) if name not in needed]
    return pick_labelled_columns(table, columns, needed=needed, optional=optional, kind=kind)


def _fitted(kind: LabelKind, tables: Iterable[Table], *, merge: bool = False) -> LabelKind:
    """Return the kind with the spelling that it has in some tables."""
    return kind.fitted(chain.from_iterable(table.columns.get("label", []) for table in tables), merge=merge)


def _read(table: Table, kind: LabelKind) -> tuple[Examples, list[int]]:
    """Return the examples of a table, and the rows whose label is not of the kind."""
    if faults := kind.faults(table):
        raise DataError(*faults)
    labels, misread = read_labels(table, kind)
    return Examples.of(table, kind, labels=labels), misread


def _split(examples: Examples, misread: Sequence[int]) -> SplitReport:
    table, kind = examples.table, examples.kind
    has_labels = "label" in table.columns
    labels = [label for label in examples.labels if label and label != kind.empty]
    figures = kind.figures(labels) if has_labels else LabelFigures()
    empty = examples.blank()
    conflicts = conflicting(examples)
    scripts, strange = _scripts(examples)
    alike = repeated(examples.keys)
    return SplitReport(
        rows=len(examples),
        classes=figures.classes,
        imbalance=figures.imbalance,
        characters=_distribution(character_counts(table.columns["text"])),
        empty_rows=len(empty),
        empty_places=_places(examples, empty[:_EXAMPLES]),
        unlabelled_rows=len(examples) - len(labels) - len(misread) if has_labels else 0,
        unlabelled_places=_places(examples, _first_unlabelled(examples, misread) if has_labels else []),
        exact_duplicates=len(alike) - count_distinct(_copies(examples, alike)),
        normalised_duplicates=len(examples) - count_distinct(examples.keys),
        conflicting_texts=len(conflicts),
        conflicts=tuple(_finding(examples, rows) for rows in conflicts[:_EXAMPLES]),
        scores=figures.scores,
        misread_rows=len(misread),
        misread_places=_places(examples, misread[:_EXAMPLES]),
        scripts=scripts,
        strange_scripts=strange,
        decomposed_texts=_decomposed(examples),
    )


def _first_unlabelled(examples: Examples, misread: Sequence[int]) -> list[int]:
    """Return the first rows without a label."""
    others = set(misread)
    rows = (
        row
        for row, label in enumerate(examples.labels)
        if (not label or label == examples.kind.empty) and row not in others
    )
    return list(islice(rows, _EXAMPLES))


def _scripts(examples: Examples) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
    """Return the texts of each script, and places of the first texts of scripts that few texts have."""
    counter = ScriptCounter()
    of_rows = counter.of(examples.texts["text"])
    counts = np.bincount(of_rows, minlength=len(counter.names))
    by_size = [index for index in np.argsort(-counts, kind="stable").tolist() if counts[index]]
    strange = {
        counter.names[index]: _places(examples, np.flatnonzero(of_rows == index)[:_EXAMPLES].tolist())
        for index in by_size
        if counter.names[index] != NO_LETTERS and counts[index] < STRANGE * len(examples)
    }
    return {counter.names[index]: int(counts[index]) for index in by_size}, strange


def _decomposed(examples: Examples) -> int:
    """Return the number of texts that normal form C makes shorter: letters that stood beside their marks or parts."""
    before, after = character_counts(examples.table.columns["text"]), character_counts(examples.texts["text"])
    return int((after < np.minimum(before, LONGEST_CHARACTERS)).sum())


def _distribution(lengths: NDArray[np.int64]) -> Distribution:
    median, p95 = np.percentile(lengths, [50, 95])
    return Distribution(int(lengths.min()), float(median), round(float(p95), 1), int(lengths.max()))


def _overlap(first: str, second: str, examples: Mapping[str, Examples]) -> Overlap:
    former, latter = examples[first], examples[second]
    shared = np.flatnonzero(np.isin(latter.keys, former.keys))
    theirs = np.flatnonzero(np.isin(former.keys, latter.keys))
    exact = int(np.isin(_copies(latter, shared), _copies(former, theirs)).sum())
    return Overlap(first, second, exact, len(shared))


def _copies(examples: Examples, positions: NDArray[np.int64]) -> Fingerprints:
    """Return a fingerprint of some rows as they were read; exact copies have the same.

    Copies have the same `Examples.keys` too, so only rows that share theirs need to be asked for.
    """
    rows, table = examples.ids[positions], examples.table
    columns = [TextColumn.of(table.columns[name]) for name in ("text", "text_pair") if name in table.columns]
    blocks = (rows[start : start + BLOCK_ROWS] for start in range(0, len(rows), BLOCK_ROWS))
    cells = chain.from_iterable(zip(*(column.take(block) for column in columns), strict=True) for block in blocks)
    return fingerprints(map(repr, cells))


def _finding(examples: Examples, rows: Sequence[int]) -> Finding:
    text = " ".join(examples.texts["text"][rows[0]].split())
    if len(text) > _EXAMPLE_CHARACTERS:
        text = text[: _EXAMPLE_CHARACTERS - 1] + "…"
    shown = rows[:_EXAMPLES]
    labels = tuple(examples.kind.plain(examples.labels[row]) for row in shown)
    return Finding(text, _places(examples, shown), labels)


def _places(examples: Examples, rows: Sequence[int]) -> tuple[str, ...]:
    places = (examples.table.place(int(examples.ids[row])) for row in rows)
    return tuple(f"{name}:{line}" for name, line in places)
