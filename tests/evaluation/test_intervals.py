"""Bootstrap intervals against a plain bootstrap, the normal approximation and simulated data."""

from __future__ import annotations

import time

import numpy as np
import pytest
from sklearn.metrics import f1_score

from toolkit.evaluation.metrics import intervals
from toolkit.evaluation.metrics.classes import METRICS, compute_metrics
from toolkit.evaluation.metrics.intervals import bootstrap_interval


def simulated(rows: int, n_labels: int, accuracy: float, seed: int) -> dict[str, object]:
    generator = np.random.default_rng(seed)
    references = generator.integers(n_labels, size=rows)
    wrong = (references + generator.integers(1, n_labels, size=rows)) % n_labels
    predictions = np.where(generator.random(rows) < accuracy, references, wrong)
    return {"predictions": predictions, "references": references, "n_labels": n_labels}


def test_accuracy_agrees_with_the_normal_approximation():
    rows = simulated(4000, 3, 0.8, seed=1)
    value = compute_metrics(["accuracy"], **rows)["accuracy"]
    lower, upper = bootstrap_interval(["accuracy"], **rows, resamples=4000)["accuracy"]
    half = 1.96 * np.sqrt(value * (1 - value) / 4000)
    assert (lower, upper) == pytest.approx((value - half, value + half), abs=0.1 * half)


@pytest.mark.parametrize("rows_a_cell", [pytest.param(0, id="by cell"), pytest.param(10**9, id="by row")])
def test_agrees_with_a_plain_bootstrap_of_rows(monkeypatch: pytest.MonkeyPatch, rows_a_cell: int):
    monkeypatch.setattr(intervals, "_ROWS_A_CELL", rows_a_cell)
    rows = simulated(400, 4, 0.7, seed=2)
    generator, plain = np.random.default_rng(3), []
    for _ in range(1500):
        drawn = generator.integers(400, size=400)
        plain.append(f1_score(rows["references"][drawn], rows["predictions"][drawn], average="macro"))
    ours = bootstrap_interval(["f1"], **rows, resamples=4000)["f1"]
    assert ours == pytest.approx(np.percentile(plain, [2.5, 97.5]), abs=0.006)


def test_covers_the_truth_as_often_as_it_says():
    names, n_trials = ["accuracy", "f1"], 400
    covered = dict.fromkeys(names, 0)
    for seed in range(n_trials):
        found = bootstrap_interval(names, **simulated(300, 2, 0.8, seed), resamples=400, seed=seed)
        for name in names:  # with two equally frequent labels and symmetric errors, macro F1 is 0.8 as well
            covered[name] += found[name][0] <= 0.8 <= found[name][1]
    # 95 % of 400 is 380 with a standard deviation of 4.4; the percentile method is a little narrow.
    assert all(362 <= count <= 394 for count in covered.values()), covered


def test_seeded_and_independent_of_the_order_of_rows_and_of_the_block_size(monkeypatch: pytest.MonkeyPatch):
    rows = simulated(500, 3, 0.7, seed=4)
    first = bootstrap_interval(list(METRICS), **rows)
    order = np.random.default_rng(0).permutation(500)
    shuffled = {**rows, "predictions": rows["predictions"][order], "references": rows["references"][order]}
    assert bootstrap_interval(list(METRICS), **shuffled) == first
    assert bootstrap_interval(list(METRICS), **rows, seed=1) != first
    monkeypatch.setattr(intervals, "_BLOCK", 100)
    assert bootstrap_interval(list(METRICS), **rows) == first


def test_contains_the_metric_even_where_labels_are_rare():
    # One row a label, all right: a plain bootstrap says about 0.55 to 0.72 for a macro F1 of 1.
    labels = np.arange(50)
    found = bootstrap_interval(["f1", "recall"], predictions=labels, references=labels, n_labels=50)
    assert found == {"f1": (1.0, 1.0), "recall": (1.0, 1.0)}
    rows = simulated(150, 50, 0.7, seed=5)
    values = compute_metrics(list(METRICS), **rows)
    for name, (lower, upper) in bootstrap_interval(list(METRICS), **rows).items():
        assert lower < values[name] < upper, name


def test_an_undefined_metric_has_no_interval():
    found = bootstrap_interval(["accuracy", "matthews_correlation"], predictions=[0, 1], references=[0, 0], n_labels=2)
    assert found["matthews_correlation"] is None
    assert found["accuracy"] == (0.0, 1.0)


def test_many_rows_and_labels_take_seconds_and_little_memory():
    rows = simulated(100_000, 77, 0.8, seed=6)
    start = time.process_time()
    found = bootstrap_interval(list(METRICS), **rows)
    assert time.process_time() - start < 6  # about 1 s on an idle core
    assert found["accuracy"][1] - found["accuracy"][0] == pytest.approx(2 * 1.96 * 0.4 / 100_000**0.5, rel=0.15)


def test_blocks_stay_within_the_memory_promised():
    labels = np.arange(20_000)
    cells = intervals.count_cells(labels, labels, n_labels=20_000)
    blocks = list(intervals.drawn_counts(cells.counts, seed=0, resamples=150, width=20_000))
    assert sum(map(len, blocks)) == 150
    assert all(block.size <= intervals._BLOCK for block in blocks)
    assert all((block.sum(axis=1) == 20_000).all() for block in blocks)
