"""Which rows a saved model's answers are kept for: short and long, of all labels, of other scripts, hard to decide."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any, TypeVar

import numpy as np
from datasets import Dataset

Item = TypeVar("Item")

_OTHER_SCRIPTS = 4
_UNDECIDED = 4


def choose_rows(
    texts: Sequence[str],
    *,
    labels: Sequence[str] | None = None,
    confidence: Sequence[float] | None = None,
    most: int,
) -> list[int]:
    """Choose rows that show together what can go wrong; none is blank or the same as another.

    The shortest and the longest text, some that are not ASCII (Korean ones first), those that the model finds hardest
    to decide, and for the rest each label in turn with texts of all lengths.

    Args:
        texts: of the rows, pairs joined.
        labels: that they have; None where there are none.
        confidence: of the model's answers, the lower the less sure; None where that is not known.
        most: how many rows to choose.

    Returns:
        Their places, those of the shortest texts first, so that batches of them need little padding.
    """
    first_of = {text: row for row, text in reversed(list(enumerate(texts))) if text.strip()}
    ordered = sorted(first_of.values(), key=lambda row: (len(texts[row]), row))
    foreign = [row for row in ordered if not texts[row].isascii()]
    korean = [row for row in foreign if _is_korean(texts[row])]
    wanted = [
        *ordered[:1],
        *ordered[-1:],
        *spread(korean, _OTHER_SCRIPTS // 2),
        *spread([row for row in foreign if row not in set(korean)] or korean, _OTHER_SCRIPTS // 2),
        *([] if confidence is None else sorted(ordered, key=lambda row: (confidence[row], row))[:_UNDECIDED]),
        *_of_each_label(ordered, labels, most=most),
        *spread(ordered, most),
        *ordered,
    ]
    chosen = set(list(dict.fromkeys(wanted))[:most])
    return [row for row in ordered if row in chosen]


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """Return items at even distances, the first and the last among them."""
    places = np.linspace(0, len(items) - 1, min(most, len(items))).round().astype(int)
    return [items[place] for place in places]


def _of_each_label(ordered: Sequence[int], labels: Sequence[str] | None, *, most: int) -> Iterable[int]:
    """Return the first row of each label, then the second, and so on; a label's rows are of all lengths."""
    if labels is None:
        return []
    rows_of: dict[str, list[int]] = {}
    for row in ordered:
        rows_of.setdefault(labels[row], []).append(row)
    names = spread(sorted(rows_of), most)
    each = -(-most // max(len(names), 1))
    in_turn = zip_longest(*(spread(rows_of[name], each) for name in names))
    return [row for row in chain.from_iterable(in_turn) if row is not None]


def _is_korean(text: str) -> bool:
    return any(unicodedata.name(character, "").startswith("HANGUL") for character in text)


def rows_to_dataset(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> Dataset:
    """Return golden rows as a data set with ``id``.

    Args:
        rows: of a ``golden.json``.
        columns: names of columns, each with the entry of the rows that it holds.
    """
    return Dataset.from_dict(
        {"id": list(range(len(rows))), **{name: [row[entry] for row in rows] for name, entry in columns.items()}}
    )
