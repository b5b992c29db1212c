"""From the data section of a recipe to the three data sets of a task with labels: a class, several, or a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.data.divide import cut_missing_splits, read_splits_of, source_names, without_blank_texts
from toolkit.data.examples import Examples, digest
from toolkit.data.normalise import names_of
from toolkit.data.notes import about_splits, counted, listed
from toolkit.data.splits import few_shot
from toolkit.errors import DataError, RecipeError, explain
from toolkit.names import Problem, Split

if TYPE_CHECKING:
    from datasets import Dataset

    from toolkit.recipe.schema import DataSection


SCORE = "score"
"""What the one output of a model that gives a number is called."""


@dataclass(frozen=True)
class ClassificationData:
    """Labelled texts, divided.

    Every data set has the columns ``id`` (0-based row of the source), ``text``, ``text_pair`` where the task
    has one, ``label`` and ``reference`` (the label as text):

    - one class a text: index into `labels`, -1 for a class that training does not have; its name;
    - several labels: 1.0 or 0.0 for each of `labels`; their names, joined by ", ", and as a list in ``label_names``;
    - a number: as float; as text.

    Attributes:
        train: what to learn from.
        validation: what chooses the best epoch, or None.
        test: what measures the result; it chooses nothing.
        labels: the classes of the training split, in the order of the model's outputs; of numbers (`SCORE`,).
        digest: SHA-256 of all rows in their splits.
        warnings: what the user should know, a line each.
        source: the source's name for people.
        problem: what the labels are.
    """

    train: Dataset
    validation: Dataset | None
    test: Dataset
    labels: tuple[str, ...]
    digest: str
    warnings: tuple[str, ...]
    source: str
    problem: Problem = Problem.SINGLE_LABEL


def prepare_classification(
    section: DataSection,
    *,
    problem: Problem = Problem.SINGLE_LABEL,
    label_names: Sequence[str] | None = None,
) -> ClassificationData:
    """Read, check, normalise and divide the data of a recipe.

    Rows with a blank text are left out of training and kept elsewhere. A split that the recipe does not name
    is cut from the training rows, stratified (by class, by set of labels, by tenths of the numbers); both
    fractions count on these rows before anything is cut.

    Args:
        section: the recipe's ``data``.
        problem: what the labels are; several are a list, or names between which ``;``, ``|`` or ``,`` stands (the
            first of the three that the column has), and a blank cell is none of them.
        label_names: the labels of a model that has them already, in its order.

    Raises:
        DataError: a broken file, a missing column or label, a label that is not of the problem, labels that are
            all the same, too few rows.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split; rows a class where there are no classes to count.
    """
    if section.shots_per_class is not None and problem is not Problem.SINGLE_LABEL:
        message = f"it is for texts with one class each, and this is {problem}; take it out"
        raise RecipeError(message, where="data.shots_per_class")
    notes: list[str] = []
    texts = ("text", "text_pair") if "text_pair" in section.columns else ("text",)
    splits = read_splits_of(section, notes, needed=(*texts, "label"), problem=problem)
    source = source_names(splits)
    splits = without_blank_texts(cut_missing_splits(splits, section, notes), notes)
    splits[Split.TRAIN] = _few(splits[Split.TRAIN], section, notes)
    labels = _labels(splits[Split.TRAIN], label_names)
    notes += about_splits(splits, labels)
    index = {label: i for i, label in enumerate(labels)}
    prepared = {split: examples.to_dataset(index) for split, examples in splits.items()}
    return ClassificationData(
        train=prepared[Split.TRAIN],
        validation=prepared.get(Split.VALIDATION),
        test=prepared[Split.TEST],
        labels=labels,
        digest=digest({split: splits[split] for split in Split if split in splits}),
        warnings=tuple(notes),
        source=source,
        problem=problem,
    )


def _few(train: Examples, section: DataSection, notes: list[str]) -> Examples:
    """As many rows of each class as the recipe wants to learn from."""
    shots = section.shots_per_class
    if shots is None:
        return train
    short = {label: count for label, count in sorted(Counter(train.labels).items()) if count < shots}
    if short:
        counts = listed([f"{label} {count}" for label, count in short.items()])
        notes.append(f"{counted(len(short), 'class', 'classes')} with fewer than {shots} rows to learn from: {counts}")
    return train.take(few_shot(train.labels, shots, seed=section.split_seed))


def _labels(train: Examples, label_names: Sequence[str] | None) -> tuple[str, ...]:
    """The classes to tell apart, in the order of the model's outputs."""
    if train.problem is Problem.REGRESSION:
        _require_variety(train, "score", fix="a score is learnt from rows with different ones")
        return (SCORE,)
    several = train.problem is Problem.MULTI_LABEL
    names = [names_of(label) for label in train.labels] if several else [[label] for label in train.labels]
    found = {name for of_row in names for name in of_row}
    if label_names is not None:
        unknown = [row for row, of_row in enumerate(names) if not set(of_row).issubset(label_names)]
        if unknown:
            strange = listed(sorted(found.difference(label_names)))
            lines = [train.ids[row] for row in unknown]
            raise DataError(*train.table.faults(f"labels that the model has not ({strange})", lines))
        return tuple(label_names)
    if several:
        _require_variety(train, "labels", fix="telling labels apart takes rows with different ones")
    else:
        _require_variety(train, "label", fix="a classifier needs rows of two classes at least")
    given = train.table.categories.get("label", ())
    if found.issubset(given):
        return tuple(label for label in given if label in found)
    return tuple(sorted(found, key=_numbers_first if all(map(_is_integer, found)) else str))


def _require_variety(train: Examples, what: str, *, fix: str) -> None:
    """Refuse training rows from which nothing can be learnt, because all have the same label."""
    found = set(train.labels)
    if len(found) >= 2:
        return
    same = (
        f"all {len(train):,} training rows have the {what} {_shown(next(iter(found)), train.problem)}" if found else ""
    )
    raise DataError(explain(same or "no training row is left", fix=fix), where=train.table.name)


def _shown(label: str, problem: Problem) -> str:
    if problem is Problem.MULTI_LABEL:
        return listed(names_of(label)) or "none"
    return label if problem is Problem.REGRESSION else repr(label)


def _is_integer(label: str) -> bool:
    return label.removeprefix("-").isdecimal()


def _numbers_first(label: str) -> tuple[int, str]:
    return int(label), label
