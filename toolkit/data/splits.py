"""Dividing rows: stratified splits and a few rows a class. A seed decides, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from toolkit.errors import DataError, explain

RARE_ROWS = 5
"""Rows of a set of labels below which it cannot keep its share in a split."""

_QUANTILES = 10


def split_indices(labels: Sequence[str], size: int | float, *, seed: int) -> tuple[list[int], list[int]]:
    """Cut rows off so that each class keeps its share, by largest remainder.

    A class of `n` rows gives `size · n / rows` of them, rounded down or up. Where rounding leaves a choice, a
    class is not emptied.

    Args:
        labels: the class of each row.
        size: how many rows to cut off, or a fraction (above 0, below 1) of all, which is at least one row.
        seed: decides which rows of a class.

    Returns:
        The rows that stay and the rows cut off, both in their order.

    Raises:
        DataError: nothing would stay.
    """
    n_cut = count_of(size, len(labels))
    if n_cut == 0:
        return list(range(len(labels))), []
    if n_cut >= len(labels):
        raise DataError(explain(f"a split of {n_cut:,} rows cannot be cut from {len(labels):,}", fix="make it smaller"))
    generator = _generator(seed)
    shares = _largest_remainder(Counter(labels), n_cut)
    chosen: set[int] = set()
    for name, rows in _rows_by_class(labels).items():
        chosen.update(generator.permutation(rows)[: shares[name]].tolist())
    return [row for row in range(len(labels)) if row not in chosen], sorted(chosen)


def few_shot(labels: Sequence[str], shots: int, *, seed: int) -> list[int]:
    """A seeded choice of `shots` rows a class, in the order of the rows; of a smaller class all its rows."""
    generator = _generator(seed)
    chosen = [generator.permutation(rows)[:shots] for rows in _rows_by_class(labels).values()]
    return sorted(int(row) for rows in chosen for row in rows)


def set_strata(labels: Sequence[str]) -> list[str]:
    """Sets of labels to divide by; those of fewer than `RARE_ROWS` rows are one stratum, which is divided at random."""
    counts = Counter(labels)
    return [label if counts[label] >= RARE_ROWS else "" for label in labels]


def quantile_strata(numbers: Sequence[float]) -> list[str]:
    """Numbers by their tenth of all, to divide by; equal numbers are in the same."""
    limits = np.quantile(numbers, np.linspace(0, 1, _QUANTILES + 1)[1:-1])
    return [str(place) for place in np.searchsorted(limits, numbers, side="right")]


def count_of(size: int | float, n_rows: int) -> int:
    """Return a size as a number of rows; a fraction of `n_rows` is at least one row."""
    return size if isinstance(size, int) else max(1, round(size * n_rows))


def _generator(seed: int) -> np.random.Generator:
    # The bit generator by name: the default one may change with numpy.
    return np.random.Generator(np.random.PCG64(seed))


def _rows_by_class(labels: Sequence[str]) -> dict[str, list[int]]:
    rows: dict[str, list[int]] = {name: [] for name in sorted(set(labels))}
    for row, name in enumerate(labels):
        rows[name].append(row)
    return rows


def _largest_remainder(counts: Counter[str], n_cut: int) -> dict[str, int]:
    # In whole numbers, so that no rounding of floats decides a tie.
    total = counts.total()
    shares = {name: n_cut * count // total for name, count in counts.items()}
    remainders = {name: n_cut * count % total for name, count in counts.items()}

    def urgency(name: str) -> tuple[bool, bool, int, str]:
        return remainders[name] == 0, shares[name] + 1 == counts[name], -remainders[name], name

    for name in sorted(counts, key=urgency)[: n_cut - sum(shares.values())]:
        shares[name] += 1
    return shares
