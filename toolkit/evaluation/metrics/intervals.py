"""How far a metric can be trusted: 95 % bootstrap intervals over the rows of the test data.

Rows are drawn anew with replacement, as often as there are rows, and the metric is computed on each such
resample; the interval reaches from the 2.5th to the 97.5th percentile (Efron 1979, the percentile method).
Every metric here depends only on how many rows fall into each cell of the confusion matrix, so it is enough
to draw these counts: they follow a multinomial distribution, which is exact and does not grow with the rows.

A rare label may have no row in a resample. Its score, undefined there, keeps the value it has on the full
data: counted as 0 it would pull macro averages down, in the extreme to an interval below the metric itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.metrics.classes import metric_classes
from toolkit.evaluation.metrics.tally import Cells, count_cells, tally

PERCENTILES = (2.5, 97.5)

# Counts held at a time, over all resamples of a block: 2**21 of them are 16 MiB.
_BLOCK = 2**21

# Drawing a cell's count takes about as long as drawing this many rows one by one (measured).
_ROWS_A_CELL = 20


def bootstrap_interval(
    names: Sequence[str],
    *,
    predictions: ArrayLike,
    references: ArrayLike,
    n_labels: int,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, tuple[float, float] | None]:
    """The 95 % percentile bootstrap interval of each metric; the order of the rows does not matter.

    Args:
        names: keys of `toolkit.evaluation.metrics.classes.METRICS`.
        predictions: label numbers. ``[rows]``
        references: label numbers, or `UNKNOWN`. ``[rows]``
        n_labels: labels of the training data.
        seed: of the resamples; the same seed gives the same interval.
        resamples: how many to draw.

    Returns:
        The lower and upper end a metric, None where the metric itself is undefined.

    Raises:
        RecipeError: a name is unknown.
        ValueError: the rows are not what `count_cells` takes.
    """
    metrics = metric_classes(names)
    cells = count_cells(predictions, references, n_labels=n_labels)
    observed = {name: metric.parts(tally(cells)) for name, metric in metrics.items()}
    defined = [name for name in metrics if not np.isnan(observed[name]).all()]
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in defined}
    for counts in _resampled_counts(cells, seed=seed, resamples=resamples):
        totals = tally(cells, counts)
        for name in defined:
            values[name].append(mean_of_parts(metrics[name].parts(totals), observed[name]))
    return {name: interval_of(np.concatenate(values[name])) if name in defined else None for name in metrics}


def mean_of_parts(parts: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """A metric of resamples, ``[...]``, as the mean of its parts.

    Args:
        parts: of the resamples, NaN where one is undefined. ``[..., parts]``
        observed: those of the full data, which stand in for undefined ones. ``[parts]``
    """
    kept = np.where(np.isnan(parts), np.nan_to_num(observed, nan=0.0), parts)
    return np.asarray(kept.mean(axis=-1))


def interval_of(values: NDArray[np.float64]) -> tuple[float, float]:
    """The ends of the 95 % interval of a metric's values on resamples, ``[resamples]``."""
    lower, upper = np.percentile(values, PERCENTILES)
    return float(lower), float(upper)


def drawn_rows(n_rows: int, *, seed: int, resamples: int, width: int = 1) -> Iterator[NDArray[np.float64]]:
    """How often each row is drawn, in blocks of bounded size, ``[block, rows]``.

    These are draws of the multinomial distribution, which numpy's own function makes more slowly.

    Args:
        n_rows: rows of the data.
        seed: of the resamples.
        resamples: how many to draw.
        width: numbers that are computed for each resample, where these are more than the rows.
    """
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK // max(n_rows, width))
    for start in range(0, resamples, block):
        drawn = (generator.integers(n_rows, size=n_rows) for _ in range(min(block, resamples - start)))
        yield np.stack([np.bincount(rows, minlength=n_rows) for rows in drawn]).astype(np.float64)


def _resampled_counts(cells: Cells, *, seed: int, resamples: int) -> Iterator[NDArray[np.int64]]:
    """Counts of resampled data in blocks of bounded size, ``[block, cells]``."""
    generator = np.random.default_rng(seed)
    n_cells, n_rows = len(cells.counts), int(cells.counts.sum())
    block = max(1, _BLOCK // max(n_cells, cells.n_labels))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        if n_cells * _ROWS_A_CELL < n_rows:
            yield generator.multinomial(n_rows, cells.counts / n_rows, size=size)
        else:
            cell_of_row = np.repeat(np.arange(n_cells), cells.counts)
            drawn = (cell_of_row[generator.integers(n_rows, size=n_rows)] for _ in range(size))
            yield np.stack([np.bincount(rows, minlength=n_cells) for rows in drawn])
