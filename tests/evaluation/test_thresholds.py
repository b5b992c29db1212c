"""Thresholds of labels: the best ones are those of scikit-learn, and none is kept that does not help."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef, precision_recall_curve

from toolkit.evaluation.decision import thresholds
from toolkit.evaluation.decision.thresholds import (
    LEAST_ROWS,
    Scored,
    best_threshold,
    choose_for_labels,
    choose_for_two_classes,
    label_sets,
    two_classes,
)

SCORES = {
    "f1": partial(f1_score, average="macro", zero_division=0),
    "accuracy": accuracy_score,
    "matthews_correlation": matthews_corrcoef,
}


def logistic(n: int, *, share: float, shift: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities that are too low by `shift` in logits."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < share
    return 1 / (1 + np.exp(-(rng.normal(size=n) + 1.8 * truth - shift))), truth


def of_two(second: np.ndarray, truth: np.ndarray) -> Scored:
    return Scored(np.stack([1 - second, second], 1), np.stack([~truth, truth], 1), np.zeros(len(truth), dtype=np.int64))


def test_the_best_f1_is_that_of_the_precision_recall_curve():
    scores, truth = logistic(700, share=0.2, shift=2.5)
    scores = np.round(scores, 2)  # many are equal
    precision, recall, _ = precision_recall_curve(truth, scores)
    best = np.nanmax(2 * precision * recall / (precision + recall))
    found = best_threshold(scores, truth, lambda hits, given, n_true: 2 * hits / np.maximum(1, given + n_true))
    assert f1_score(truth, scores >= found) == pytest.approx(best)
    assert found not in scores  # rounding moves no row


@pytest.mark.parametrize("metric", SCORES)
def test_of_two_classes_each_metric_is_at_its_best(metric: str):
    second, truth = logistic(250, share=0.2, shift=2.2)
    scored = of_two(second, truth)
    parts = thresholds.METRICS[metric].parts
    found = best_threshold(second, truth, partial(thresholds._of_two, parts, scored))
    tried = [SCORES[metric](truth, second >= each) for each in [*np.sort(second), 1.1]]
    assert SCORES[metric](truth, second >= found) == pytest.approx(max(tried))


def test_a_threshold_that_helps_is_kept_and_its_gain_is_that_of_rows_that_did_not_choose():
    second, truth = logistic(1500, share=0.2, shift=2.5)
    found = choose_for_two_classes(of_two(second, truth), "f1")
    assert found.gain is not None
    assert sum(found.values) == pytest.approx(1)
    assert found.values[1] < 0.4
    fresh, expected = logistic(200_000, share=0.2, shift=2.5, seed=1)
    usual, chosen = (SCORES["f1"](expected, fresh >= least) for least in (0.5, found.values[1]))
    assert found.gain.low <= chosen - usual <= found.gain.high
    given = two_classes(np.array([[0.7, 0.3], [0.4, 0.6]]), np.array([0.5, 0.5]))
    assert given.tolist() == [[True, False], [False, True]]


def test_what_cannot_help_is_hardly_ever_kept():
    """Calibrated probabilities have their best accuracy at a half: at most one split in twenty says otherwise."""
    kept = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        second = rng.random(200)
        found = choose_for_two_classes(of_two(second, rng.random(200) < second), "accuracy")
        kept += bool(found.values)
    assert kept <= 3


def test_too_few_rows_choose_nothing():
    second, truth = logistic(200, share=0.0, shift=2.0)
    truth[: LEAST_ROWS - 1] = True
    found = choose_for_two_classes(of_two(second, truth), "f1")
    assert (found.values, found.gain, found.to_json()["label_thresholds"]) == ((), None, None)
    sets = Scored(second[:, np.newaxis], truth[:, np.newaxis], np.zeros(200, dtype=np.int64))
    assert choose_for_labels(sets, "f1").gain is None


def labelled(n: int, seed: int = 0) -> Scored:
    """Rows of five labels, the first of which hardly any row has."""
    shares = (0.004, 0.1, 0.2, 0.3, 0.4)
    columns = [logistic(n, share=share, shift=2 + 0.3 * i, seed=seed + i) for i, share in enumerate(shares)]
    scores, truth = (np.stack(each, axis=1) for each in zip(*columns, strict=True))
    return Scored(scores, truth, np.zeros(n, dtype=np.int64))


def test_of_several_labels_each_has_its_own_and_rare_ones_share_one():
    scored = labelled(800)
    assert scored.truth[:, 0].sum() < LEAST_ROWS <= scored.truth[:, 1].sum()
    macro, micro = (choose_for_labels(scored, metric) for metric in ("f1", "f1_micro"))
    assert (macro.shared, micro.shared) == (1, 0)
    assert len(set(micro.values)) == 1
    assert macro.values[0] == pytest.approx(micro.values[0])
    assert len(set(macro.values)) == 5
    fresh = labelled(20_000, seed=10)
    for found, average in ((macro, "macro"), (micro, "micro")):
        given = label_sets(fresh.probabilities, np.array(found.values))
        usual = label_sets(fresh.probabilities, np.full(5, 0.5))
        gain = f1_score(fresh.truth, given, average=average) - f1_score(fresh.truth, usual, average=average)
        assert found.gain is not None
        assert gain == pytest.approx(found.gain.value, abs=0.05)


def test_labels_that_nobody_knows_count_as_missed():
    """They make every threshold's F1 lower, and so more answers worth giving."""
    scored = labelled(800)
    missed = Scored(scored.probabilities, scored.truth, np.full(800, 3))
    gains = [choose_for_labels(each, "f1_micro").gain for each in (scored, missed)]
    assert gains[0] is not None
    assert gains[1] is not None
    assert gains[1].value < gains[0].value
