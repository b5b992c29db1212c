"""The three data sets of a task that learns from texts alone, from the data section of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from toolkit.data.divide import cut_missing_splits, read_splits_of, source_names, with_share, without_blank_rows
from toolkit.data.divisible import lines_about
from toolkit.data.examples import Examples, digest
from toolkit.data.normalise import blank_rows
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

    Rows with a blank text are left out of training and kept in the other splits. Rows with a blank target are left out
    of all: nothing can be learnt from them, nor measured on them. A split that the recipe does not name
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
    splits = without_blank_rows(_with_targets(cut_missing_splits(splits, section), notes), notes)
    splits = with_share(splits, section)
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


def _with_targets(splits: dict[Split, Examples], notes: list[str]) -> dict[Split, Examples]:
    """Leave rows with a blank target out of every split, and count them.

    Args:
        splits: the rows, divided.
        notes: gets a line a split and file.

    Raises:
        DataError: there is none left in a split that measures.
    """
    kept = dict(splits)
    for split in (split for split in Split if split in splits):
        rows = splits[split]
        blank = blank_rows(rows.texts["target"]) if "target" in rows.texts else []
        if not blank:
            continue
        if len(blank) == len(rows) and split is not Split.TRAIN and len(kept[Split.TRAIN]):
            fix = "give rows with a text in that column"
            raise DataError(explain(f"no {split} row has a target", fix=fix), where=rows.table.name)
        notes += lines_about(rows, f"blank target, left out of the {split} split,", blank)
        kept[split] = rows.take(np.delete(np.arange(len(rows)), blank))
    return kept
