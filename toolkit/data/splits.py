"""Dividing rows: stratified splits and a few rows a class. Nothing but a seed decides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from toolkit.data.coded_text import CodedText
from toolkit.errors import DataError, explain

RARE_ROWS = 5
"""Rows of a set of labels below which it cannot keep its share in a split."""

_QUANTILES = 10


def split_indices(
    labels: Sequence[str], size: int | float, *, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cut rows off so that each class keeps its share, by largest remainder.

    A class of `n` rows gives `size · n / rows` of them, rounded down or up. Where rounding leaves a choice, a
    class is not emptied.

    Args:
        labels: the class of each row.
        size: the number of rows to cut off, or a fraction (above 0, below 1) of all, which is at least one row.
        seed: decides which rows of a class.

    Returns:
        The rows that stay and the rows cut off, both ascending.

    Raises:
        DataError: if no row would stay.
    """
    n_rows, n_cut = len(labels), count_of(size, len(labels))
    is_cut = np.zeros(n_rows, dtype=bool)
    if n_cut and n_cut >= n_rows:
        raise DataError(explain(f"a split of {n_cut:,} rows cannot be cut from {n_rows:,}", fix="make it smaller"))
    if n_cut:
        generator = _generator(seed)
        rows_of_class = _rows_by_class(labels)
        shares = _largest_remainder(Counter({name: len(rows) for name, rows in rows_of_class.items()}), n_cut)
        for name, rows in rows_of_class.items():
            is_cut[generator.permutation(rows)[: shares[name]]] = True
    return np.flatnonzero(~is_cut), np.flatnonzero(is_cut)


def few_shot(labels: Sequence[str], shots: int, *, seed: int) -> list[int]:
    """Choose `shots` rows of each class, in the order of the rows; a smaller class gives all its rows."""
    generator = _generator(seed)
    chosen = [generator.permutation(rows)[:shots] for rows in _rows_by_class(labels).values()]
    return sorted(int(row) for rows in chosen for row in rows)


def nested_share(strata: Sequence[str], share: float, *, seed: int) -> NDArray[np.int64]:
    """Choose a share of rows in which each stratum has its share too; what a smaller share chooses is part of it.

    Every stratum gives a row before any gives its second one, so that none is lost.

    Args:
        strata: the stratum of each row.
        share: above 0, at most 1.
        seed: decides the order in which the rows of a stratum are taken.

    Returns:
        The rows, ascending.

    Raises:
        DataError: there are more strata than rows to choose.
    """
    n_rows, rows_of_stratum = len(strata), _rows_by_class(strata)
    n_chosen = count_of(float(share), n_rows)
    if n_chosen < len(rows_of_stratum):
        found = (
            f"a share of {share:g} of {n_rows:,} training rows is {n_chosen:,}, and they have {len(rows_of_stratum):,}"
        )
        least = -(-1000 * len(rows_of_stratum) // n_rows) / 1000
        raise DataError(explain(f"{found} labels or kinds of rows", fix=f"begin with a share of {least:g} or more"))
    generator = _generator(seed)
    order, turns = [], []
    for rows in rows_of_stratum.values():
        places = np.arange(len(rows))
        order.append(generator.permutation(rows))
        turns.append(np.where(places == 0, 0.0, (places + 0.5) / len(rows)))
    in_turn = np.concatenate(order)[np.argsort(np.concatenate(turns), kind="stable")]
    return np.sort(in_turn[:n_chosen])


def set_strata(labels: Sequence[str]) -> list[str]:
    """Return the stratum of each set of labels; sets of fewer than `RARE_ROWS` rows are one stratum."""
    counts = Counter(labels)
    return [label if counts[label] >= RARE_ROWS else "" for label in labels]


def quantile_strata(numbers: Sequence[float] | NDArray[np.float64]) -> list[str]:
    """Return the tenth of all numbers that each is in; equal numbers are in the same."""
    limits = np.quantile(numbers, np.linspace(0, 1, _QUANTILES + 1)[1:-1])
    tenths = [str(tenth) for tenth in range(_QUANTILES)]
    return [tenths[index] for index in np.searchsorted(limits, numbers, side="right")]


def count_of(size: int | float, n_rows: int) -> int:
    """Return a size as a number of rows; a fraction of `n_rows` is at least one row."""
    return size if isinstance(size, int) else max(1, round(size * n_rows))


def _generator(seed: int) -> np.random.Generator:
    # The bit generator by name: the default one may change with numpy.
    return np.random.Generator(np.random.PCG64(seed))


def _rows_by_class(labels: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Return the rows of each class, ascending; the classes are sorted by name."""
    coded = CodedText.of(labels)
    by_class = np.argsort(coded.codes, kind="stable")
    ends = np.cumsum(np.bincount(coded.codes, minlength=len(coded.values)))
    rows = {name: rows for name, rows in zip(coded.values, np.split(by_class, ends[:-1]), strict=False) if len(rows)}
    return {name: rows[name] for name in sorted(rows)}


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
