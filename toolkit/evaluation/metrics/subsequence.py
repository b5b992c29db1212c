"""The longest common subsequence of two lists of tokens, from operations on whole rows of bits.

A row of the table of lengths grows by 0 or 1 from column to column, so that one bit a column holds it. The next row
follows from a few operations on integers of any length (Hyyrö 2004, "Bit-parallel LCS-length computation revisited").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence


def common_length(first: Sequence[str], second: Sequence[str]) -> int:
    """Return the length of the longest common subsequence."""
    rows, columns = sorted((first, second), key=len)
    *_, last = _rows(rows, columns)
    return _length(last, len(columns))


def common_places(of: Sequence[str], other: Sequence[str]) -> list[int]:
    """Return the places in `of` of one longest common subsequence, in descending order.

    Of several ones it is that which rouge-score finds: from the end, a step back in `of` unless only a step back in
    `other` keeps the length.
    """
    present = set(other)
    kept = [place for place, token in enumerate(of) if token in present]  # at others every path steps back
    table = list(_rows([of[place] for place in kept], other))
    places: list[int] = []
    row, column = len(kept), len(other)
    length = _length(table[row], column)
    while length:
        if of[kept[row - 1]] == other[column - 1]:
            row, column, length = row - 1, column - 1, length - 1
            places.append(kept[row])
            continue
        above = _length(table[row - 1], column)
        grows_here = not table[row] >> (column - 1) & 1
        if above < length and not grows_here:
            column -= 1
        else:
            row, length = row - 1, above
    return places


def _rows(rows: Sequence[str], columns: Sequence[str]) -> Iterator[int]:
    """Yield the table from its row of zeros on; a bit is 0 where the length grows from one column to the next."""
    places: dict[str, int] = defaultdict(int)
    for column, token in enumerate(columns):
        places[token] |= 1 << column
    every = (1 << len(columns)) - 1
    row = every
    yield row
    for token in rows:
        met = row & places.get(token, 0)
        row = (row + met | row - met) & every
        yield row


def _length(row: int, column: int) -> int:
    """Return the length in a column: the number of zeros before it."""
    return column - (row & (1 << column) - 1).bit_count()
