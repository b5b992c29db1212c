"""What is in the data, found without any model: sizes, classes, lengths, repetitions, contradictions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from toolkit.data.divide import pick_task_columns
from toolkit.data.doctor_warnings import split_warnings
from toolkit.data.examples import Examples, cut_cells, misread_labels
from toolkit.data.normalise import NO_LABELS, names_of
from toolkit.data.notes import conflicting, count_shared
from toolkit.data.sources import Source, read_splits, read_table
from toolkit.data.tables import Table
from toolkit.names import Problem, Split

if TYPE_CHECKING:
    from toolkit.recipe.schema import DataSection

_EXAMPLES = 5
_EXAMPLE_CHARACTERS = 80


@dataclass(frozen=True)
class Distribution:
    """How some lengths are spread: smallest, median, 95th percentile, largest."""

    min: int
    median: float
    p95: float
    max: int


@dataclass(frozen=True)
class Numbers:
    """How some scores are spread: smallest, mean, standard deviation, largest."""

    min: float
    mean: float
    sd: float
    max: float


@dataclass(frozen=True)
class Finding:
    """An example of something found.

    Attributes:
        text: the text, shortened.
        places: where it stands, ``file:line``.
        labels: the label at each place, where there are labels.
    """

    text: str
    places: tuple[str, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class SplitReport:
    """What one split holds.

    Attributes:
        rows: how many rows.
        classes: rows of each class, the largest first; None without labels, and where they are numbers.
        imbalance: rows of the largest class over rows of the smallest; None where there are no classes.
        characters: how long the texts are.
        empty_rows: rows without text; `empty_places` has the first of them.
        unlabelled_rows: rows without label, where there are labels; rows with none of several possible ones.
        exact_duplicates: rows whose text stood before, letter for letter.
        normalised_duplicates: rows whose text stood before but for case, spacing or Unicode form.
        conflicting_texts: texts that stand there under more than one label; `conflicts` has the first ones.
        scores: how labels that are numbers are spread; None where they are none.
        misread_rows: rows whose label is not what the problem needs; `misread_places` has the first of them.
    """

    rows: int
    classes: dict[str, int] | None
    imbalance: float | None
    characters: Distribution
    empty_rows: int
    empty_places: tuple[str, ...]
    unlabelled_rows: int
    exact_duplicates: int
    normalised_duplicates: int
    conflicting_texts: int
    conflicts: tuple[Finding, ...]
    scores: Numbers | None = None
    misread_rows: int = 0
    misread_places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Overlap:
    """How many rows of the split `second` stand in the split `first` too, exactly and but for form."""

    first: str
    second: str
    exact: int
    normalised: int


@dataclass(frozen=True)
class DoctorReport:
    """What `examine` found; `dataclasses.asdict` makes JSON of it.

    Attributes:
        source: the files by name.
        encodings: the encoding of each text file.
        splits: a report a split.
        overlaps: a line a pair of splits.
        warnings: what deserves attention, a line each.
        problem: what the labels were taken for.
    """

    source: str
    encodings: dict[str, str]
    splits: dict[str, SplitReport]
    overlaps: tuple[Overlap, ...]
    warnings: tuple[str, ...]
    problem: Problem = Problem.SINGLE_LABEL


def examine(tables: Mapping[str, Table], *, problem: Problem = Problem.SINGLE_LABEL) -> DoctorReport:
    """Examine splits whose columns already have the task's names.

    Args:
        tables: each split's rows: ``text``, perhaps ``text_pair``, perhaps ``label``.
        problem: what the labels are.
    """
    misread = {name: misread_labels(table, problem) for name, table in tables.items()}
    examples = {
        name: Examples.of(_without_labels(table, misread[name]), problem=problem) for name, table in tables.items()
    }
    splits = {name: _split(examples[name], misread[name]) for name in tables}
    overlaps = tuple(_overlap(first, second, examples) for first, second in combinations(examples, 2))
    warnings = [line for table in tables.values() for line in cut_cells(table)]
    for name, report in splits.items():
        warnings += split_warnings(name if len(splits) > 1 else "", report, problem=problem)
    warnings += [
        f"{overlap.normalised:,} rows of {overlap.second} are in {overlap.first} too, "
        f"{overlap.exact:,} of them letter for letter"
        for overlap in overlaps
        if overlap.normalised
    ]
    return DoctorReport(
        source=", ".join(dict.fromkeys(table.name for table in tables.values())),
        encodings={part.name: part.encoding for table in tables.values() for part in table.parts if part.encoding},
        splits=splits,
        overlaps=overlaps,
        warnings=tuple(warnings),
        problem=problem,
    )


def examine_file(
    source: Source,
    *,
    columns: Mapping[str, str] | None = None,
    problem: Problem = Problem.SINGLE_LABEL,
    encoding: str | None = None,
    quoting: bool | None = None,
    subset: str | None = None,
) -> DoctorReport:
    """Examine one source as it stands; a label column need not be there unless `columns` names it.

    Args:
        source: as in `read_table`.
        columns: the task's names of columns and the data's.
        problem: what the labels are.
        encoding: of text files; None finds it.
        quoting: whether quotes enclose cells; None: in csv they do, in tsv they do not.
        subset: the configuration of a hub data set, or the language of a packaged one.

    Raises:
        DataError: the file or a column is missing, broken or unreadable.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    table = read_table(source, encoding=encoding, quoting=quoting, subset=subset)
    return examine({"all": _picked(table, columns or {}, problem)}, problem=problem)


def examine_section(section: DataSection, *, problem: Problem = Problem.SINGLE_LABEL) -> DoctorReport:
    """Examine what a recipe's data section names, each split that has a source of its own.

    Args:
        section: the recipe's ``data``.
        problem: what the labels are.

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
            tables |= {split: _picked(table, section.columns, problem) for split, table in chosen.items()}
    return examine(tables, problem=problem)


def _picked(table: Table, columns: Mapping[str, str], problem: Problem) -> Table:
    named = {"label"} if not columns.keys().isdisjoint({"label", "labels"}) else set()
    needed = ["text", *(["text_pair"] if "text_pair" in columns else []), *named]
    optional = [name for name in ("label",) if name not in needed]
    return pick_task_columns(table, columns, needed=needed, optional=optional, problem=problem)


def _without_labels(table: Table, rows: Sequence[int]) -> Table:
    """A table in which some rows have no label."""
    if not rows:
        return table
    taken = set(rows)
    cells = [None if row in taken else cell for row, cell in enumerate(table.columns["label"])]
    return replace(table, columns={**table.columns, "label": cells})


def _split(examples: Examples, misread: Sequence[int]) -> SplitReport:
    table = examples.table
    has_labels = "label" in table.columns
    is_number, several = (examples.problem is problem for problem in (Problem.REGRESSION, Problem.MULTI_LABEL))
    labels = [label for label in examples.labels if label and label != (NO_LABELS if several else None)]
    counts = Counter(name for label in labels for name in names_of(label)) if several else Counter(labels)
    empty = examples.blank()
    conflicts = conflicting(examples)
    return SplitReport(
        rows=len(examples),
        classes=dict(counts.most_common()) if has_labels and not is_number else None,
        imbalance=round(max(counts.values()) / min(counts.values()), 2) if counts and not is_number else None,
        characters=_distribution([len(cell or "") for cell in table.columns["text"]]),
        empty_rows=len(empty),
        empty_places=_places(examples, empty[:_EXAMPLES]),
        unlabelled_rows=len(examples) - len(labels) - len(misread) if has_labels else 0,
        exact_duplicates=len(examples) - len(set(_cells(table))),
        normalised_duplicates=len(examples) - len(set(examples.keys)),
        conflicting_texts=len(conflicts),
        conflicts=tuple(_finding(examples, rows) for rows in list(conflicts.values())[:_EXAMPLES]),
        scores=_numbers([float(label) for label in labels]) if is_number and labels else None,
        misread_rows=len(misread),
        misread_places=_places(examples, misread[:_EXAMPLES]),
    )


def _numbers(scores: Sequence[float]) -> Numbers:
    numbers = np.asarray(scores)
    mean, sd = (round(float(figure), 4) for figure in (numbers.mean(), numbers.std()))
    return Numbers(float(numbers.min()), mean, sd, float(numbers.max()))


def _distribution(lengths: Sequence[int]) -> Distribution:
    numbers = np.asarray(lengths)
    median, p95 = np.percentile(numbers, [50, 95])
    return Distribution(int(numbers.min()), float(median), round(float(p95), 1), int(numbers.max()))


def _overlap(first: str, second: str, examples: Mapping[str, Examples]) -> Overlap:
    known = set(_cells(examples[first].table))
    exact = sum(cells in known for cells in _cells(examples[second].table))
    return Overlap(first, second, exact, count_shared(examples[first], examples[second]))


def _cells(table: Table) -> list[str | None] | list[tuple[str | None, str | None]]:
    """What makes a row an exact copy of another one: its text, or both its texts."""
    texts = table.columns["text"]
    pairs = table.columns.get("text_pair")
    return texts if pairs is None else list(zip(texts, pairs, strict=True))


def _finding(examples: Examples, rows: Sequence[int]) -> Finding:
    text = " ".join(examples.texts["text"][rows[0]].split())
    if len(text) > _EXAMPLE_CHARACTERS:
        text = text[: _EXAMPLE_CHARACTERS - 1] + "…"
    shown = rows[:_EXAMPLES]
    labels = [examples.labels[row] for row in shown]
    if examples.problem is Problem.MULTI_LABEL:
        labels = [" + ".join(names_of(label)) or "none" for label in labels]
    return Finding(text, _places(examples, shown), tuple(labels))


def _places(examples: Examples, rows: Sequence[int]) -> tuple[str, ...]:
    places = (examples.table.place(examples.ids[row]) for row in rows)
    return tuple(f"{name}:{line}" for name, line in places)
