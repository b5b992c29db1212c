"""95 % bootstrap intervals of metrics over the rows of the test data.

A resample draws rows with replacement, as many as there are, and the metric is computed on each resample. The interval
is from the 2.5th to the 97.5th percentile (Efron 1979, https://doi.org/10.1214/aos/1176344552, the percentile method).
Every metric here depends only on the counts of the cells of the confusion matrix, so these counts are drawn instead.
They follow a multinomial distribution, which is exact and whose size does not grow with the rows.

A rare label may have no row in a resample. Its score is undefined there and gets the value of the full data. As 0 it
would lower macro averages, in the extreme to an interval below the metric itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from toolkit.evaluation.metrics.classes import metric_classes
from toolkit.evaluation.metrics.tally import count_cells, tally

PERCENTILES = (2.5, 97.5)

# Counts of all resamples of a block: 2**21 of them take 16 MiB.
_BLOCK = 2**21

# Drawing the count of a cell takes about as long as drawing this many rows one by one (measured).
_ROWS_A_CELL = 20

# Rows whose numbers stay in a processor's cache.
_ROWS_AT_ONCE = 2**16


def bootstrap_interval(
    names: Sequence[str],
    *,
    predictions: ArrayLike,
    references: ArrayLike,
    n_labels: int,
    seed: int = 0,
    resamples: int = 1000,
) -> dict[str, tuple[float, float] | None]:
    """Compute the 95 % percentile bootstrap interval of each metric; the order of the rows does not matter.

    Args:
        names: keys of `toolkit.evaluation.metrics.classes.METRICS`.
        predictions: indices of labels. ``[rows]``
        references: indices of labels, or `UNKNOWN`. ``[rows]``
        n_labels: number of labels of the training data.
        seed: of the resamples; the same seed gives the same interval.
        resamples: number of resamples.

    Returns:
        The lower and the upper end by metric; None if the metric itself is undefined.

    Raises:
        RecipeError: if a name is unknown.
        ValueError: as `count_cells`.
    """
    metrics = metric_classes(names)
    cells = count_cells(predictions, references, n_labels=n_labels)
    observed = {name: metric.parts(tally(cells)) for name, metric in metrics.items()}
    defined = [name for name in metrics if not np.isnan(observed[name]).all()]
    values: dict[str, list[NDArray[np.float64]]] = {name: [] for name in defined}
    width = max(len(cells.counts), n_labels)
    for counts in drawn_counts(cells.counts, seed=seed, resamples=resamples, width=width):
        totals = tally(cells, counts)
        for name in defined:
            values[name].append(mean_of_parts(metrics[name].parts(totals), observed[name]))
    return {name: interval_of(np.concatenate(values[name])) if name in defined else None for name in metrics}


def mean_of_parts(parts: NDArray[np.float64], observed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute a metric of resamples, ``[...]``, as the mean of its parts.

    Args:
        parts: of the resamples, NaN for an undefined one. ``[..., parts]``
        observed: the parts on the full data, which replace undefined ones. ``[parts]``
    """
    kept = np.where(np.isnan(parts), np.nan_to_num(observed, nan=0.0), parts)
    return np.asarray(kept.mean(axis=-1))


def interval_of(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the 95 % interval of a metric's values on resamples, ``[resamples]``."""
    lower, upper = np.percentile(values, PERCENTILES)
    return float(lower), float(upper)


def drawn_rows(n_rows: int, *, seed: int, resamples: int, width: int = 1) -> Iterator[NDArray[np.float64]]:
    """Draw rows, and yield how often each was drawn, in blocks of bounded size, ``[block, rows]``.

    The counts follow the multinomial distribution; numpy's own function is slower.

    Args:
        n_rows: number of rows of the data.
        seed: of the resamples.
        resamples: number of resamples.
        width: count of values that are computed for each resample, if that is larger than the number of rows.
    """
    generator = np.random.default_rng(seed)
    block = max(1, _BLOCK // max(n_rows, width))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        yield _count_draws(generator, n_rows, size=size, n_kinds=n_rows).astype(np.float64)


def drawn_counts(
    counts: NDArray[np.int64], *, seed: int, resamples: int, width: int = 1
) -> Iterator[NDArray[np.int64]]:
    """Draw rows of which some are alike, and yield how many of each kind were drawn, ``[block, kinds]``.

    Args:
        counts: number of rows of each kind. ``[kinds]``
        seed: of the resamples.
        resamples: number of resamples.
        width: count of values that are computed for each resample, if that is larger than the number of kinds.
    """
    generator = np.random.default_rng(seed)
    n_kinds, n_rows = len(counts), int(counts.sum())
    block = max(1, _BLOCK // max(n_kinds, width))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        if n_kinds * _ROWS_A_CELL < n_rows:
            yield generator.multinomial(n_rows, counts / n_rows, size=size)
        else:
            kind_of_row = np.repeat(np.arange(n_kinds), counts)
            yield _count_draws(generator, n_rows, size=size, n_kinds=n_kinds, kind_of_row=kind_of_row)


def _count_draws(
    generator: np.random.Generator,
    n_rows: int,
    *,
    size: int,
    n_kinds: int,
    kind_of_row: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Draw as many rows as there are for each resample, and count their kinds, ``[size, kinds]``.

    Few rows are drawn for many resamples at once: the numbers are those of one resample after the other.
    """
    at_once = max(1, _ROWS_AT_ONCE // max(1, n_rows))
    counts = []
    for start in range(0, size, at_once):
        n = min(at_once, size - start)
        rows = generator.integers(n_rows, size=(n, n_rows))
        kinds = rows if kind_of_row is None else kind_of_row[rows]
        if n > 1:
            kinds += n_kinds * np.arange(n)[:, np.newaxis]
        counts.append(np.bincount(kinds.ravel(), minlength=n * n_kinds).reshape(n, n_kinds))
    return np.concatenate(counts)
