"""Notes on the splits for the user: counted, never an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, combinations

import numpy as np

from toolkit.data.divisible import DivisibleRows
from toolkit.data.examples import Examples
from toolkit.data.wording import counted
from toolkit.names import Split


def about_cuts(before: Mapping[Split, Examples], after: Mapping[Split, Examples]) -> list[str]:
    """Return notes on the splits that were cut from the training rows.

    Args:
        before: the splits that were there.
        after: the same with those that were cut.
    """
    whole = before[Split.TRAIN]
    cuts = {split: len(rows) for split, rows in after.items() if split not in before}
    return whole.kind.about_cuts(whole.labels, cuts) if cuts else []


def about_splits(splits: Mapping[Split, Examples], outputs: Sequence[str]) -> list[str]:
    """Return notes on labels that are not in every split, rows that are in several, and texts with several labels.

    Args:
        splits: the rows, as they will be used.
        outputs: the names of the model's outputs.
    """
    train = splits[Split.TRAIN]
    notes = []
    for split in (Split.VALIDATION, Split.TEST):
        if split in splits:
            notes += train.kind.about_split(split, splits[split].labels, train=train.labels, outputs=outputs)
    notes += train.kind.about_spelling(chain.from_iterable(rows.labels for rows in splits.values()))
    notes += train.kind.about_outputs(outputs)
    notes += about_overlaps(splits)
    n_conflicts = len(conflicting(train))
    if n_conflicts:
        notes.append(
            f"the train split has {counted(n_conflicts, 'text')} with different labels; `toolkit doctor` lists them"
        )
    return notes


def about_overlaps(splits: Mapping[Split, DivisibleRows]) -> list[str]:
    """Return a note for each pair of splits that share rows."""
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


def count_shared(first: DivisibleRows, second: DivisibleRows) -> int:
    """Return the number of rows of `second` with the key of a row of `first`."""
    return int(np.isin(second.keys, first.keys).sum())


def conflicting(examples: Examples) -> list[list[int]]:
    """Return the positions of examples with the same key and more than one label, a list for each key."""
    keys, labels = examples.keys, examples.labels
    is_labelled = np.array([bool(value) for value in labels.values], dtype=bool)[labels.codes]
    by_key = np.lexsort((labels.codes, keys))
    by_key = by_key[is_labelled[by_key]]
    same_key = keys[by_key][1:] == keys[by_key][:-1]
    other_label = labels.codes[by_key][1:] != labels.codes[by_key][:-1]
    in_conflict = np.isin(keys, keys[by_key][1:][same_key & other_label])
    positions: dict[int, list[int]] = {}
    for position in np.flatnonzero(in_conflict).tolist():
        positions.setdefault(int(keys[position]), []).append(position)
    return list(positions.values())
