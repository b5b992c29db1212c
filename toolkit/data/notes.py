"""What a user should know about the splits: counted, never an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

from toolkit.data.examples import Examples
from toolkit.data.normalise import names_of, number_text
from toolkit.names import Problem, Split

_SHOWN = 5


def about_splits(splits: Mapping[Split, Examples], labels: Sequence[str]) -> list[str]:
    """Classes that are not in every split, rows that are in several, and texts with more than one label.

    Args:
        splits: the rows, as they will be used.
        labels: the classes of the training split.
    """
    train = splits[Split.TRAIN]
    notes = []
    for split in (Split.VALIDATION, Split.TEST):
        if split in splits:
            notes += _about_labels(split, splits[split], labels, train)
    if train.problem is Problem.SINGLE_LABEL and has_fractions(labels):
        notes.append(
            "the labels are numbers with fractions, and each is learnt as a class of its own; "
            "model.problem_type: regression learns how large they are"
        )
    notes += about_overlaps(splits)
    n_conflicts = len(conflicting(train))
    if n_conflicts:
        notes.append(
            f"the train split has {counted(n_conflicts, 'text')} with different labels; `toolkit doctor` lists them"
        )
    return notes


def about_overlaps(splits: Mapping[Split, Examples]) -> list[str]:
    """A line a pair of splits about the rows that are in both, all texts of a row alike."""
    in_order = [split for split in Split if split in splits]
    notes = []
    for first, second in combinations(in_order, 2):
        n_shared = count_shared(splits[first], splits[second])
        if n_shared:
            n_rows = len(splits[second])
            notes.append(
                f"{n_shared:,} of {n_rows:,} rows of the {second} split are in the {first} split too "
                "(but for case, spacing or Unicode form)"
            )
    return notes


def count_shared(first: Examples, second: Examples) -> int:
    """How many rows of `second` say the same as a row of `first`."""
    known = set(first.keys)
    return sum(key in known for key in second.keys)


def conflicting(examples: Examples) -> dict[str, list[int]]:
    """The positions of the examples that say the same under more than one label, by what they say."""
    first_label: dict[str, str] = {}
    keys = set()
    for key, label in zip(examples.keys, examples.labels, strict=True):
        if label and first_label.setdefault(key, label) != label:
            keys.add(key)
    positions: dict[str, list[int]] = {}
    for i, key in enumerate(examples.keys):
        if key in keys:
            positions.setdefault(key, []).append(i)
    return positions


def has_fractions(labels: Sequence[str]) -> bool:
    """Whether all labels are numbers, and not all of them whole ones: scores, rather than names of classes."""
    try:
        numbers = [float(label) for label in labels]
    except ValueError:
        return False
    return any(number % 1 for number in numbers)


def listed(names: Sequence[str]) -> str:
    """The first few of some names, in quotes."""
    return ", ".join(map(repr, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")


def counted(number: int, one: str, several: str | None = None) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {one if number == 1 else several or one + 's'}"


def _about_labels(split: Split, examples: Examples, labels: Sequence[str], train: Examples) -> list[str]:
    if examples.problem is Problem.REGRESSION:
        return _about_range(split, examples, train)
    several = examples.problem is Problem.MULTI_LABEL
    of_rows = [set(names_of(label)) if several else {label} for label in examples.labels]
    found = set().union(*of_rows)
    unseen = found.difference(labels)
    absent = [label for label in labels if label not in found]
    notes = []
    if unseen:
        n_rows = sum(not names.isdisjoint(unseen) for names in of_rows)
        notes.append(
            f"the {split} split has {counted(n_rows, 'row')} of a class that training has not "
            f"({listed(sorted(unseen))}); counted as wrong"
        )
    if absent:
        notes.append(
            f"the {split} split has no row of {len(absent)} of {len(labels)} classes ({listed(absent)}); "
            "f1 is the mean over all of them"
        )
    return notes


def _about_range(split: Split, examples: Examples, train: Examples) -> list[str]:
    """Scores beyond those of training: a model has seen none like them."""
    known = [float(label) for label in train.labels]
    low, high = min(known), max(known)
    n_rows = sum(not low <= float(label) <= high for label in examples.labels)
    if not n_rows:
        return []
    scale = f"{number_text(low)} to {number_text(high)}"
    return [f"the {split} split has {counted(n_rows, 'row')} with a score outside of those of training ({scale})"]
