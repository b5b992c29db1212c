"""From the data section of a recipe to the three data sets of a classification task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.data.divide import cut_missing_splits, read_splits_of, source_names, without_blank_texts
from toolkit.data.examples import Examples, digest
from toolkit.data.notes import about_splits, counted, listed
from toolkit.data.splits import few_shot
from toolkit.errors import DataError, explain
from toolkit.names import Split

if TYPE_CHECKING:
    from datasets import Dataset

    from toolkit.recipe.schema import DataSection


@dataclass(frozen=True)
class ClassificationData:
    """Labelled texts, divided.

    Every data set has the columns ``id`` (0-based row of the source), ``text``, ``text_pair`` where the task
    has one, ``label`` (index into `labels`, -1 for a class that training does not have) and ``reference``
    (the label's name).

    Attributes:
        train: what to learn from.
        validation: what chooses the best epoch, or None.
        test: what measures the result; it chooses nothing.
        labels: the classes of the training split, in the order of the model's outputs.
        digest: SHA-256 of all rows in their splits.
        warnings: what the user should know, a line each.
        source: the source's name for people.
    """

    train: Dataset
    validation: Dataset | None
    test: Dataset
    labels: tuple[str, ...]
    digest: str
    warnings: tuple[str, ...]
    source: str


def prepare_classification(section: DataSection, *, label_names: Sequence[str] | None = None) -> ClassificationData:
    """Read, check, normalise and divide the data of a recipe.

    Rows with a blank text are left out of training and kept elsewhere. A split that the recipe does not name
    is cut from the training rows, stratified; both fractions count on these rows before anything is cut.

    Args:
        section: the recipe's ``data``.
        label_names: the labels of a model that has them already, in its order.

    Raises:
        DataError: a broken file, a missing column or label, fewer than two classes, too few rows.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    notes: list[str] = []
    texts = ("text", "text_pair") if "text_pair" in section.columns else ("text",)
    splits = read_splits_of(section, notes, needed=(*texts, "label"))
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
    found = set(train.labels)
    if label_names is not None:
        unknown = [i for i, label in enumerate(train.labels) if label not in label_names]
        if unknown:
            strange = listed(sorted(found.difference(label_names)))
            raise DataError(*train.table.faults(f"labels that the model has not ({strange})", unknown))
        return tuple(label_names)
    if len(found) < 2:
        what = (
            f"all {len(train):,} training rows have the label {next(iter(found))!r}"
            if found
            else "no training row is left"
        )
        raise DataError(explain(what, fix="a classifier needs rows of two classes at least"), where=train.table.name)
    given = train.table.categories.get("label", ())
    if found.issubset(given):
        return tuple(label for label in given if label in found)
    return tuple(sorted(found, key=_numbers_first if all(map(_is_integer, found)) else str))


def _is_integer(label: str) -> bool:
    return label.removeprefix("-").isdecimal()


def _numbers_first(label: str) -> tuple[int, str]:
    return int(label), label
