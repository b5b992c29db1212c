"""Calibration, temperature and precision-recall against scikit-learn, scipy and what is counted by hand."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, softmax
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, precision_recall_curve

from toolkit.evaluation.decision.precision_recall import precision_recall
from toolkit.evaluation.decision.reliability import Said, equal_bins, measure_reliability
from toolkit.evaluation.decision.temperature import COLDEST, HOTTEST, LEAST_ROWS, fit_temperature, tempered

N = 600


def classes(n_labels: int, *, seed: int = 0, sharpness: float = 2.0, n: int = N):
    """Rows drawn from the softmax of logits, and the probabilities of a model that is too sure of them."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, n_labels)) * 2
    labels = (logits + generator.gumbel(size=logits.shape)).argmax(axis=1)
    return softmax(sharpness * logits, axis=1), labels


def said(confidence, right, **losses):
    return Said(np.arange(len(right)), confidence, right, len(right), losses)


def test_bins_are_those_of_scikit_learn():
    probabilities, labels = classes(5)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    found = measure_reliability(said(confidence, right))
    assert found is not None
    shares, means = calibration_curve(right, confidence, n_bins=len(found.bins), strategy="quantile")
    assert [each.right.value for each in found.bins] == pytest.approx(shares)
    assert [each.confidence for each in found.bins] == pytest.approx(means)
    weights = np.array([each.answers for each in found.bins]) / N
    assert found.error.value == pytest.approx(float(weights @ np.abs(shares - means)))
    assert found.gap.value == pytest.approx(confidence.mean() - right.mean())
    assert found.gap.ci95[0] > 0  # twice as sharp as the truth: too sure
    assert found.error.ci95[0] > 0
    assert found.error.value > found.by_chance
    assert max(weights) / min(weights) < 1.2


def test_the_error_of_a_few_rows_counted_by_hand():
    confidence = np.array([0.5] * 50 + [0.9] * 50)
    right = np.array([True] * 30 + [False] * 20 + [True] * 35 + [False] * 15)
    found = measure_reliability(said(confidence, right))
    assert [(each.answers, each.confidence, each.right.value) for each in found.bins] == [
        (50, 0.5, 0.6),
        (50, 0.9, 0.7),
    ]
    assert found.error.value == pytest.approx(0.5 * 0.1 + 0.5 * 0.2)
    assert found.gap.value == pytest.approx(0.05)


def test_losses_are_those_of_scikit_learn():
    for n_labels in (2, 5):
        probabilities, labels = classes(n_labels)
        truth = labels[:, np.newaxis] == np.arange(n_labels)
        squares = ((probabilities - truth) ** 2).sum(axis=1) / (2 if n_labels == 2 else 1)
        nll = -np.log(probabilities[truth])
        found = measure_reliability(
            said(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, brier=squares, nll=nll)
        )
        expected = brier_score_loss(labels, probabilities[:, 1] if n_labels == 2 else probabilities)
        assert found.losses["brier"].value == pytest.approx(expected)
        assert found.losses["nll"].value == pytest.approx(log_loss(labels, probabilities))
        for loss in found.losses.values():
            spread = np.std(squares if loss is found.losses["brier"] else nll) / np.sqrt(N)
            low, high = loss.ci95
            assert (low, high) == pytest.approx(
                (loss.value - 1.96 * spread, loss.value + 1.96 * spread), abs=0.35 * spread
            )


def test_perfect_probabilities_are_within_chance():
    within = 0
    for seed in range(20):
        probabilities, labels = classes(3, seed=seed, sharpness=1.0, n=300)
        found = measure_reliability(said(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels))
        within += found.error.value <= found.by_chance
        assert found.error.ci95[0] == 0.0 or found.error.value > found.by_chance
    assert within >= 17


def test_equal_probabilities_stay_together_and_nothing_has_no_figures():
    assert len(set(equal_bins(np.full(1000, 0.7)))) == 1
    assert measure_reliability(said(np.empty(0), np.empty(0, dtype=bool))) is None
    certain = measure_reliability(said(np.ones(10), np.ones(10, dtype=bool)))
    assert (certain.error.value, certain.by_chance, len(certain.bins)) == (0.0, 0.0, 1)


@pytest.mark.parametrize("n_labels", [2, 7])
@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_is_that_of_scipy(n_labels: int, sharpness: float):
    probabilities, labels = classes(n_labels, sharpness=sharpness)
    truth = labels[:, np.newaxis] == np.arange(n_labels)
    found = fit_temperature(probabilities.astype(np.float32), truth, several=False)

    def loss(log_t: float) -> float:
        return log_loss(labels, softmax(np.log(probabilities) / np.exp(log_t), axis=1), labels=range(n_labels))

    best = minimize_scalar(loss, bounds=(np.log(COLDEST), np.log(HOTTEST)), method="bounded", options={"xatol": 1e-8})
    assert found.value == pytest.approx(np.exp(best.x), rel=1e-3)
    assert found.value == pytest.approx(sharpness, rel=0.25)
    again = tempered(probabilities, found.value, several=False)
    assert again == pytest.approx(softmax(np.log(probabilities) / found.value, axis=1))
    assert (again.argmax(axis=1) == probabilities.argmax(axis=1)).all()


def test_the_temperature_of_several_labels_is_that_of_scipy():
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(N, 4)) * 2
    truth = generator.random((N, 4)) < expit(logits)
    found = fit_temperature(expit(2.5 * logits).astype(np.float32), truth, several=True)

    def loss(log_t: float) -> float:
        return log_loss(truth.ravel(), expit(2.5 * logits / np.exp(log_t)).ravel())

    best = minimize_scalar(loss, bounds=(-3, 3), method="bounded", options={"xatol": 1e-8})
    assert found.value == pytest.approx(np.exp(best.x), rel=2e-3)
    sharp = expit(2.5 * logits)
    assert (tempered(sharp, found.value, several=True) >= 0.5).tolist() == (sharp >= 0.5).tolist()


def test_rows_that_cannot_choose_a_temperature_say_why():
    probabilities, labels = classes(3, n=LEAST_ROWS - 1)
    few = fit_temperature(probabilities, labels[:, np.newaxis] == np.arange(3), several=False)
    assert (few.value, few.reason) == (None, "fewer than 50 validation rows")
    sure, _ = classes(3)
    all_right = np.eye(3, dtype=bool)[sure.argmax(axis=1)]
    assert "right at any sharpness" in fit_temperature(sure, all_right, several=False).reason
    all_wrong = np.eye(3, dtype=bool)[sure.argmin(axis=1)]
    assert "say nothing" in fit_temperature(sure, all_wrong, several=False).reason
    # A probability of exactly 0 of what is right is a number all the same.
    hard = np.eye(3)[np.arange(N) % 3]
    wrong_once = np.eye(3, dtype=bool)[np.where(np.arange(N) == 1, 0, np.arange(N) % 3)]
    assert np.isfinite(fit_temperature(hard, wrong_once, several=False).value or 1.0)


def test_the_curve_is_that_of_scikit_learn():
    generator = np.random.default_rng(2)
    truth = generator.random(N) < 0.3
    scores = np.round(expit(generator.normal(size=N) + 1.2 * truth), 2)  # with ties
    found = precision_recall(scores, truth, scores >= 0.5)
    assert found.average.value == pytest.approx(average_precision_score(truth, scores))
    assert found.average.ci95[0] < found.average.value < found.average.ci95[1]
    precision, recall, _ = precision_recall_curve(truth, scores)
    theirs = {(round(x, 9), round(y, 9)) for x, y in zip(recall, precision, strict=True)}
    assert {(round(x, 9), round(y, 9)) for x, y in found.points} <= theirs
    assert found.points[-1][0] == 1.0
    hits = (scores >= 0.5) & truth
    assert found.chosen == (hits.sum() / truth.sum(), hits.sum() / (scores >= 0.5).sum())


def test_curves_at_their_ends():
    truth = np.array([True, True, False, False])
    best = precision_recall(np.array([0.9, 0.8, 0.2, 0.1]), truth, np.zeros(4, dtype=bool))
    assert (best.average.value, best.average.ci95[1], best.chosen) == (1.0, 1.0, None)
    assert best.average.ci95[0] < 0.8
    none = precision_recall(np.array([0.9, 0.8]), np.zeros(2, dtype=bool), np.ones(2, dtype=bool))
    assert (none.average.value, none.points) == (None, ())
    assert none.to_json()["average_precision"]["reason"] == "no row has this label"


def test_the_interval_of_average_precision_covers_it():
    """The true value from a million rows; 200 samples of 200 rows."""
    generator = np.random.default_rng(3)

    def sample(n: int):
        truth = generator.random(n) < 0.25
        return expit(generator.normal(size=n) + 1.5 * truth), truth

    true = average_precision_score(*reversed(sample(300_000)))
    covered = 0
    for _ in range(200):
        scores, truth = sample(200)
        low, high = precision_recall(scores, truth, truth).average.ci95
        covered += low <= true <= high
    assert covered >= 0.92 * 200


def test_ten_thousand_rows_of_150_classes_take_well_under_a_second():
    probabilities, labels = classes(150, n=10_000)
    truth = labels[:, np.newaxis] == np.arange(150)
    began = time.process_time()
    measure_reliability(
        said(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, nll=-np.log(probabilities[truth]))
    )
    assert time.process_time() - began < 1.0
