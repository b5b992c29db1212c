"""The report of `toolkit.data.doctor`: plain figures, of which `dataclasses.asdict` makes JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from toolkit.names import Problem


@dataclass(frozen=True)
class Distribution:
    """A summary of lengths: smallest, median, 95th percentile, largest."""

    min: int
    median: float
    p95: float
    max: int


@dataclass(frozen=True)
class Numbers:
    """A summary of scores: smallest, mean, standard deviation, largest."""

    min: float
    mean: float
    sd: float
    max: float


@dataclass(frozen=True)
class Finding:
    """A text with different labels.

    Attributes:
        text: the text, shortened.
        places: the lines on which it stands, ``file:line``.
        labels: the label on each of these lines.
    """

    text: str
    places: tuple[str, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class SplitReport:
    """The figures of one split.

    Attributes:
        rows: number of rows.
        classes: rows of each class, the largest class first; None without labels, and for labels that are numbers.
        imbalance: rows of the largest class over rows of the smallest; None without classes.
        characters: lengths of the texts in characters.
        empty_rows: rows without text; `empty_places` lists the first of them.
        unlabelled_rows: rows without a label, if there is a label column; `unlabelled_places` lists the first of them.
        exact_duplicates: rows that repeat an earlier row letter for letter.
        normalised_duplicates: rows that repeat an earlier row but for case, spacing or Unicode form.
        conflicting_texts: texts with more than one label; `conflicts` lists the first of them.
        scores: a summary of labels that are numbers; None for other labels.
        misread_rows: rows whose label is not of the expected kind; `misread_places` lists the first of them.
        scripts: texts of each script, by most of their letters, the most frequent first.
        strange_scripts: places of the first texts of each script that few texts have.
        decomposed_texts: texts whose letters are taken apart (Unicode form D), as a Mac writes Korean file names.
    """

    rows: int
    classes: dict[str, int] | None
    imbalance: float | None
    characters: Distribution
    empty_rows: int
    empty_places: tuple[str, ...]
    unlabelled_rows: int
    unlabelled_places: tuple[str, ...]
    exact_duplicates: int
    normalised_duplicates: int
    conflicting_texts: int
    conflicts: tuple[Finding, ...]
    scores: Numbers | None = None
    misread_rows: int = 0
    misread_places: tuple[str, ...] = ()
    scripts: dict[str, int] = field(default_factory=dict)
    strange_scripts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    decomposed_texts: int = 0


@dataclass(frozen=True)
class Overlap:
    """The number of rows of split `second` that split `first` has too, exactly and but for form."""

    first: str
    second: str
    exact: int
    normalised: int


@dataclass(frozen=True)
class DoctorReport:
    """The result of an examination.

    Attributes:
        source: names of the files.
        encodings: the encoding of each text file.
        splits: a report for each split.
        overlaps: an entry for each pair of splits.
        warnings: findings that deserve attention, a line each.
        notes: what the readers took upon themselves, such as a separator, a line each.
        problem: the kind of label that was assumed.
    """

    source: str
    encodings: dict[str, str]
    splits: dict[str, SplitReport]
    overlaps: tuple[Overlap, ...]
    warnings: tuple[str, ...]
    problem: Problem = Problem.SINGLE_LABEL
    notes: tuple[str, ...] = ()
