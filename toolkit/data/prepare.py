"""The three data sets of a task with labels, from the data section of a recipe."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from toolkit.data.divide import cut_missing_splits, read_splits_of, source_names, with_share, without_blank_rows
from toolkit.data.examples import Examples, digest
from toolkit.data.labels import label_kind
from toolkit.data.labels.classes import Classes, has_own_labels, own_labels, strangers
from toolkit.data.notes import about_cuts, about_splits
from toolkit.data.splits import few_shot
from toolkit.data.wording import counted, listed
from toolkit.errors import DataError, Fault, RecipeError, explain
from toolkit.names import Problem, Split

if TYPE_CHECKING:
    from datasets import Dataset

    from toolkit.recipe.schema import DataSection


@dataclass(frozen=True)
class ClassificationData:
    """Labelled texts, divided.

    Every data set has the columns ``id`` (0-based row of the source), ``text``, ``text_pair`` for tasks on pairs,
    ``label`` and ``reference`` (the label as text):

    - one class a text: ``label`` is an index into `labels`, -1 for a class that training does not have; ``reference``
      is its name;
    - several classes: ``label`` is 1.0 or 0.0 for each of `labels`; ``reference`` is their names, joined by ", ", which
      are a list in ``label_names``;
    - a number: ``label`` is a float; ``reference`` is its text.

    Attributes:
        train: the rows to learn from.
        validation: the rows that choose the best epoch, or None.
        test: the rows that measure the result; they choose nothing.
        labels: the names of the model's outputs, in their order: the classes of the training split, or ``score``.
        digest: SHA-256 of all rows in their splits.
        warnings: notes for the user, a line each.
        source: the name of the source for messages.
        problem: the problem type of the labels.
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

    Rows with a blank text are left out of training and kept in the other splits. A split that the recipe does not name
    is cut from the training rows, stratified by class, by set of classes, or by tenths of the numbers. Fractions count
    on the training rows before anything is cut.

    Args:
        section: the recipe's ``data``.
        problem: the problem type of the labels. Several labels are a list, or names separated by ``;``, ``|`` or ``,``
            (the first of the three that the column has); a blank cell has none of them.
        label_names: the outputs of a model that has them already, in their order.

    Raises:
        DataError: a broken file, a missing column or label, a label that is not of the problem type, labels that are
            all the same, too few rows.
        HubError: a hub or packaged data set that cannot be found.
        RecipeError: an unknown encoding, subset or split; ``shots_per_class`` for labels that are not one class each.
    """
    kind = label_kind(problem)
    if section.shots_per_class is not None and not kind.counts_shots:
        message = f"it is for texts with one class each, and this is {problem}; take it out"
        raise RecipeError(message, where="data.shots_per_class")
    notes: list[str] = []
    texts = ("text", "text_pair") if "text_pair" in section.columns else ("text",)
    whole = read_splits_of(section, notes, needed=(*texts, "label"), kind=kind)
    splits = cut_missing_splits(whole, section)
    notes += about_cuts(whole, splits)
    splits = with_share(without_blank_rows(splits, notes), section)
    splits[Split.TRAIN] = _few(splits[Split.TRAIN], section, notes)
    outputs = _outputs(splits[Split.TRAIN], label_names, given=section.labels or ())
    _require_common(splits, outputs, column=str(section.columns.get(kind.noun, kind.noun)))
    notes += about_splits(splits, outputs)
    index = {name: i for i, name in enumerate(outputs)}
    prepared = {split: examples.to_dataset(index) for split, examples in splits.items()}
    return ClassificationData(
        train=prepared[Split.TRAIN],
        validation=prepared.get(Split.VALIDATION),
        test=prepared[Split.TEST],
        labels=outputs,
        digest=digest({split: splits[split] for split in Split if split in splits}),
        warnings=tuple(notes),
        source=source_names(whole),
        problem=problem,
    )


def _few(train: Examples, section: DataSection, notes: list[str]) -> Examples:
    """Return as many rows of each class as the recipe asks for."""
    shots = section.shots_per_class
    if shots is None:
        return train
    short = {label: count for label, count in sorted(Counter(train.labels).items()) if count < shots}
    if short:
        counts = listed([f"{label} {count}" for label, count in short.items()])
        notes.append(f"{counted(len(short), 'class', 'classes')} with fewer than {shots} rows to learn from: {counts}")
    return train.take(np.asarray(few_shot(train.labels, shots, seed=section.split_seed)))


def _outputs(train: Examples, known: Sequence[str] | None, *, given: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the model's outputs, in their order."""
    if known is None:
        _require_variety(train)
    else:
        _refuse_unknown(train, known, whose="the model")
    if given:
        _refuse_unknown(train, given, whose="data.labels")
    given = given or train.table.categories.get("label", ())
    return train.kind.outputs(train.labels, given=given, known=known)


def _refuse_unknown(train: Examples, known: Sequence[str], *, whose: str) -> None:
    """Refuse training rows of classes that the model, or the recipe, does not have."""
    strange = {label: set(train.kind.names(label)).difference(known) for label in set(train.labels)}
    lines = [row for row, label in zip(train.ids.tolist(), train.labels, strict=True) if strange[label]]
    if lines:
        names = listed(sorted(set().union(*strange.values())))
        raise DataError(*train.table.faults(f"labels that {whose} has not ({names})", lines))


def _require_common(splits: Mapping[Split, Examples], outputs: Sequence[str], *, column: str) -> None:
    """Refuse splits that have almost no label in common with the training rows: nothing could be measured on them."""
    kind = splits[Split.TRAIN].kind
    if not isinstance(kind, Classes):
        return
    faults = []
    for split in (split for split in (Split.VALIDATION, Split.TEST) if split in splits):
        rows = splits[split]
        fault = strangers(_counted_names(rows), outputs, theirs="those of training")
        if fault is not None:
            faults.append(Fault(f"{split}: {fault}", rows.table.name))
    if not faults:
        return
    every = [label for rows in splits.values() for label in rows.labels]
    n_classes = len(kind.rows_of(every))
    if has_own_labels(n_classes, len(every)):
        fix = f"data.columns.{kind.column} names the column {column!r}; name another"
        raise DataError(explain(own_labels(n_classes, len(every)), fix=fix), where=splits[Split.TRAIN].table.name)
    raise DataError(*faults)


def _counted_names(rows: Examples) -> dict[tuple[str, ...], int]:
    return {tuple(rows.kind.names(label)): n_rows for label, n_rows in Counter(rows.labels).items()}


def _require_variety(train: Examples) -> None:
    """Refuse training rows from which nothing can be learnt, because all have the same label."""
    found, kind = set(train.labels), train.kind
    if len(found) >= 2:
        return
    same = f"all {len(train):,} training rows have the {kind.noun} " + "".join(map(kind.quoted, found))
    raise DataError(explain(same if found else "no training row is left", fix=kind.variety), where=train.table.name)
