"""The three data sets of a task that learns from texts alone, from the data section of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from toolkit.data.divide import cut_missing_splits, read_splits_of, source_names, without_blank_rows
from toolkit.data.examples import digest
from toolkit.data.notes import about_overlaps
from toolkit.errors import DataError, explain
from toolkit.names import Split

if TYPE_CHECKING:
    from datasets import Dataset

    from toolkit.recipe.schema import DataSection


@dataclass(frozen=True)
class TextData:
    """Texts, or pairs of a source and its target, divided.

    Every data set has the columns ``id`` (0-based row of the source) and either ``text``, or ``source`` and
    ``target``, in Unicode normal form C.

    Attributes:
        train: the rows to learn from.
        validation: the rows that choose the best epoch, or None.
        test: the rows that measure the result; they choose nothing.
        digest: SHA-256 of all rows in their splits.
        warnings: notes for the user, a line each.
        source: the name of the source for messages.
    """

    train: Dataset
    validation: Dataset | None
    test: Dataset
    digest: str
    warnings: tuple[str, ...]
    source: str
    labels: ClassVar[tuple[str, ...]] = ()
    problem: ClassVar[None] = None


def prepare_texts(section: DataSection, *, columns: Sequence[str]) -> TextData:
    """Read, check, normalise and divide the data of a recipe.

    Rows with a blank text are left out of training and kept in the other splits. A split that the recipe does not name
    is cut from the training rows at random. Fractions count on the training rows before anything is cut.

    Args:
        section: the recipe's ``data``.
        columns: the task's own names of the columns to read: ``text``, or ``source`` and ``target``.

    Raises:
        DataError: a broken file, a missing column, too few rows.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split.
    """
    notes: list[str] = []
    splits = read_splits_of(section, notes, needed=columns)
    source = source_names(splits)
    # Without labels all rows are of one stratum, so they are cut at random.
    splits = without_blank_rows(cut_missing_splits(splits, section), notes)
    if len(splits[Split.TRAIN]) == 0:
        fix = "rows need a text in each of " + ", ".join(columns)
        raise DataError(explain("no training row is left", fix=fix), where=splits[Split.TRAIN].table.name)
    notes += about_overlaps(splits)
    prepared = {split: examples.to_dataset() for split, examples in splits.items()}
    return TextData(
        train=prepared[Split.TRAIN],
        validation=prepared.get(Split.VALIDATION),
        test=prepared[Split.TEST],
        digest=digest({split: splits[split] for split in Split if split in splits}),
        warnings=tuple(notes),
        source=source,
    )
