"""Whether the first row of a table names its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from toolkit.data.columns import TASK_COLUMNS

Row = Sequence[str | None]

_LEAST_ROWS = 3
_LEAST_COLUMNS = 2
_MOST_TITLES = 5
_SAMPLE_ROWS = 200


def lacks_header(first: Row, rest: Sequence[Row]) -> bool:
    """Return whether the first row of a table looks like the other rows, and unlike names.

    Each column votes. A number among numbers, and a class among few classes, speak for a row. A word above numbers and
    a new word above few classes speak for a name. The row is one of data if a column says so and no column objects.

    Args:
        first: the first row.
        rest: the next ones, a sample of them.
    """
    if len(rest) < _LEAST_ROWS or _is_counted(first):
        return False
    votes = _votes(first, rest)
    return 1 in votes and -1 not in votes


def count_titles(rows: Sequence[Row]) -> int:
    """Return the number of rows above the names of columns: a title, a date of export, a line on who made it.

    Such a row has its first cell alone. The row below the last one has names, which are short and all different, and
    one of its columns at least is unlike a name further down.

    Args:
        rows: the first rows of a table, those without content left out.
    """
    count = 0
    while count < min(_MOST_TITLES, len(rows)) and _is_title(rows[count]):
        count += 1
    below = rows[count : count + 1 + _SAMPLE_ROWS]
    if not count or len(below) <= _LEAST_ROWS or not is_like_names(below[0]):
        return 0
    names, rest = below[0], below[1:]
    if len(names) < _LEAST_COLUMNS or any(len(row) != len(names) for row in rest):
        return 0
    votes = _votes(names, rest)
    return count if -1 in votes and 1 not in votes else 0


def _is_title(row: Row) -> bool:
    """Return whether a row has its first cell alone, and this is no usual name of a column."""
    first, *others = map(_text, row)
    return bool(first) and not any(others) and first.casefold() not in TASK_COLUMNS


def is_like_names(first: Row) -> bool:
    """Return whether all cells of a row could be names: short, not numbers, all different."""
    names = [_text(name) for name in first]
    return len(set(names)) == len(names) and all(0 < len(name) <= 40 and _number(name) is None for name in names)


def _votes(first: Row, rest: Sequence[Row]) -> list[int]:
    """Return the `_vote` of each column; none if no row is as wide as the first."""
    columns = zip(*(row[: len(first)] for row in rest if len(row) >= len(first)), strict=True)
    named = zip(first, columns, strict=False)
    return [_vote(_text(name), [_text(cell) for cell in cells if _text(cell)]) for name, cells in named]


def _vote(name: str, cells: Sequence[str]) -> int:
    """Return 1 for a cell like the others, -1 for one that is unlike them, 0 for either."""
    if not name or not cells:
        return 0
    if name.casefold() in TASK_COLUMNS:
        return -1
    numbers = [_number(cell) for cell in cells]
    known = [number for number in numbers if number is not None]
    number = _number(name)
    if len(known) == len(cells):
        return 1 if number is not None and min(known) <= number <= max(known) else -1
    if number is not None:
        return -1
    classes = Counter(cells)
    if 2 * len(classes) > len(cells):
        return 0
    return 1 if name in classes else -1


def _is_counted(first: Row) -> bool:
    """Return whether names are consecutive numbers, such as those that pandas gives to columns, or years."""
    numbers = [_number(_text(name)) for name in first if _text(name)]
    return len(numbers) > 1 and all(
        one is not None and other is not None and other == one + 1 for one, other in pairwise(numbers)
    )


def _text(cell: str | None) -> str:
    return (cell or "").strip()


def _number(cell: str) -> float | None:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return None
