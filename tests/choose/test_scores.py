"""Scores of features against the formulas of the papers written out, scikit-learn, and what must hold of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.covariance import LedoitWolf
from sklearn.linear_model import BayesianRidge
from sklearn.metrics import f1_score
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.preprocessing import StandardScaler, normalize

from toolkit.choose.measure.evidence import best_evidence
from toolkit.choose.measure.moments import Moments
from toolkit.choose.measure.neighbours import nearest_rows, votes
from toolkit.choose.measure.scores import (
    FeatureScores,
    h_score,
    knn_score,
    log_me,
    score_features,
    score_layers,
    shrunken_h_score,
)
from toolkit.names import Problem

SHAPES = [(200, 12, 4), (30, 80, 4), (60, 60, 3), (40, 5, 2)]  # more rows than numbers, fewer, as many


def blobs(
    n_rows: int, dim: int, n_classes: int, *, noise: float = 1.0, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Classes around centres, numbers of unlike size and place."""
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(n_classes), generator.integers(n_classes, size=n_rows - n_classes)])
    rows = generator.standard_normal((n_classes, dim))[labels] + noise * generator.standard_normal((n_rows, dim))
    return (rows * generator.uniform(0.5, 2, dim) + generator.uniform(-3, 3, dim)).astype(np.float32), labels


def class_covariance(features: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Cov(E[f | y]), each row standing for its class."""
    means = np.stack([features[labels == label].mean(axis=0) for label in labels])
    return np.cov(means.T, bias=True)


@pytest.mark.parametrize("shape", SHAPES)
def test_h_score_is_the_formula_of_the_paper(shape):
    features, labels = blobs(*shape)
    rows = features.astype(np.float64)
    expected = np.trace(np.linalg.pinv(np.cov(rows.T, bias=True), rcond=1e-10) @ class_covariance(rows, labels))
    assert h_score(features, labels) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_shrunken_h_score_is_the_formula_with_the_covariance_of_scikit_learn(shape):
    features, labels = blobs(*shape)
    rows = features.astype(np.float64)
    theirs = LedoitWolf().fit(rows)
    covariance = np.linalg.inv(theirs.covariance_) @ class_covariance(rows, labels)
    assert Moments(features).shrinkage == pytest.approx(theirs.shrinkage_)
    assert shrunken_h_score(features, labels) == pytest.approx((1 - theirs.shrinkage_) * np.trace(covariance), rel=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_h_score_of_linear_maps_is_the_same_and_it_stays_within_its_bounds(shape):
    features, labels = blobs(*shape)
    generator = np.random.default_rng(1)
    turned, _ = np.linalg.qr(generator.standard_normal((shape[1], shape[1])))
    mapped = features.astype(np.float64) @ (turned * generator.uniform(0.1, 10, shape[1])) + 5
    assert h_score(mapped, labels) == pytest.approx(h_score(features, labels), rel=1e-6)
    assert 0 <= h_score(features, labels) <= shape[2] - 1 + 1e-9
    # Shrinking towards a sphere leaves turning and scaling of all numbers together.
    assert shrunken_h_score(features @ turned * 7, labels) == pytest.approx(
        shrunken_h_score(features, labels), rel=1e-4
    )


@pytest.mark.parametrize("shape", [(200, 12, 4), (30, 80, 4)])
def test_repeated_combined_and_constant_numbers_change_nothing(shape):
    features, labels = blobs(*shape)
    sums = features @ np.random.default_rng(2).standard_normal((shape[1], 6)).astype(np.float32)
    constant = np.full((len(features), 2), [0.1, 1e6], dtype=np.float32)
    more = np.concatenate([features, sums, 1000 * features[:, :3], constant], axis=1)
    assert h_score(more, labels) == pytest.approx(h_score(features, labels), rel=1e-5)
    assert np.isfinite(shrunken_h_score(more, labels))
    assert np.isfinite(log_me(more, labels))


def test_more_noise_lowers_every_score():
    scores = [score_features(*blobs(300, 20, 5, noise=noise)) for noise in (0.3, 1.0, 2.0, 4.0)]
    for name in FeatureScores.__dataclass_fields__:
        values = [getattr(score, name) for score in scores]
        assert values == sorted(values, reverse=True), name


@pytest.mark.parametrize("shape", [(200, 12, 4), (30, 80, 4)])
def test_log_me_is_the_evidence_that_scikit_learn_maximises(shape):
    features, _ = blobs(*shape)
    generator = np.random.default_rng(3)
    targets = (features / features.std(axis=0)) @ generator.standard_normal(shape[1]) + generator.standard_normal(
        shape[0]
    )
    flat = {"alpha_1": 0, "alpha_2": 0, "lambda_1": 0, "lambda_2": 0}
    theirs = BayesianRidge(fit_intercept=False, compute_score=True, tol=1e-10, max_iter=3000, **flat)
    theirs.fit(features.astype(np.float64), targets)
    ours = log_me(features, targets, problem=Problem.REGRESSION)
    assert ours == pytest.approx(theirs.scores_[-1] / len(features), abs=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_log_me_is_the_best_density_of_the_targets_over_all_precisions(shape):
    features, labels = blobs(*shape, noise=2)
    target = (labels == 0).astype(np.float64)
    kernel = features.astype(np.float64) @ features.T.astype(np.float64)
    values, vectors = np.linalg.eigh(kernel)
    squares = (vectors.T @ target) ** 2

    def surprise(logs: NDArray[np.float64]) -> float:
        """Less the log density of the target, N(0, FF'/alpha + I/beta), for a row."""
        variances = np.maximum(values, 0) * np.exp(-logs[0]) + np.exp(-logs[1])
        return 0.5 * float(np.mean(np.log(2 * np.pi * variances) + squares / variances))

    starts = [(alpha, beta) for alpha in (-3.0, 2.0, 7.0) for beta in (-1.0, 2.0, 5.0)]
    best = max(-minimize(surprise, start, method="Nelder-Mead").fun for start in starts)
    assert log_me(features, target, problem=Problem.REGRESSION) == pytest.approx(best, abs=2e-5)


def test_log_me_of_classes_and_of_several_labels_is_the_mean_over_them():
    features, labels = blobs(100, 8, 3)
    sets = np.eye(3, dtype=np.int64)[labels]
    alone = [log_me(features, column.astype(float), problem=Problem.REGRESSION) for column in sets.T]
    assert log_me(features, labels) == pytest.approx(np.mean(alone))
    # A label that no row, or every row, has cannot be told from anything.
    with_constants = np.concatenate([sets, np.zeros((100, 1), int), np.ones((100, 1), int)], axis=1)
    assert log_me(features, with_constants, problem=Problem.MULTI_LABEL) == pytest.approx(np.mean(alone))


@settings(deadline=None, max_examples=30)
@given(st.integers(2, 12), st.integers(1, 12), st.integers(0, 1000))
def test_scores_of_few_rows_are_finite_and_within_their_bounds(n_rows, dim, seed):
    generator = np.random.default_rng(seed)
    features = np.round(generator.standard_normal((n_rows, dim)), 1).astype(np.float32)
    labels = generator.integers(0, 3, size=n_rows)
    scores = score_features(features, labels)
    n_classes = len(np.unique(labels))
    assert -1e-9 <= scores.h_score <= min(n_classes - 1, dim) + 1e-6
    assert -1e-9 <= scores.shrunken_h_score <= scores.h_score + 1e-6
    assert scores.log_me is None if n_classes == 1 else np.isfinite(scores.log_me)
    assert 0 <= scores.knn <= 1


@pytest.mark.parametrize("features", [np.zeros((6, 3)), np.full((6, 3), 2.5), np.full((6, 1), 1e5)])
def test_features_that_say_nothing_score_nothing(features):
    labels = np.array([0, 1, 0, 1, 0, 1])
    scores = score_features(features.astype(np.float32), labels)
    assert (scores.h_score, scores.shrunken_h_score) == (0, 0)
    # Nor is there more to tell than that half of the rows have each class: y ~ N(0, 1/beta), or one weight for all.
    assert scores.log_me == pytest.approx(0.5 * (np.log(2) - 1 - np.log(2 * np.pi)), abs=0.3)


def test_a_class_for_each_row_and_a_single_class_have_scores():
    features, _ = blobs(20, 4, 2)
    each = score_features(features, np.arange(20))
    assert each.h_score == pytest.approx(4)
    assert each.knn == 0
    assert score_features(features, np.zeros(20, int)) == FeatureScores(
        h_score=pytest.approx(0), shrunken_h_score=pytest.approx(0), log_me=None, knn=1
    )


def test_features_that_hold_the_answer_score_highest_and_remain_finite():
    _, labels = blobs(50, 4, 3)
    answers = np.eye(3, dtype=np.float32)[labels]
    scores = score_features(answers, labels)
    assert scores.h_score == pytest.approx(2)
    assert scores.knn == 1
    assert np.isfinite(scores.log_me)
    assert scores.log_me > 5


def test_rows_without_a_class_are_left_out():
    features, labels = blobs(80, 6, 3)
    some = np.where(np.arange(80) % 4 == 0, -1, labels)
    assert score_features(features, some) == score_features(features[some >= 0], some[some >= 0])


def test_neighbours_are_those_of_scikit_learn():
    features, labels = blobs(150, 10, 4, noise=2.0)
    # Among vectors of length 1 the nearest are those at the smallest angle.
    directions = normalize(StandardScaler().fit_transform(features.astype(np.float64)))
    theirs = cross_val_predict(KNeighborsClassifier(1), directions, labels, cv=LeaveOneOut())
    assert knn_score(features, labels, n_neighbours=1) == pytest.approx(np.mean(theirs == labels))
    numbers = features[:, 0] + features[:, 1]
    near = cross_val_predict(KNeighborsRegressor(5), directions, numbers, cv=LeaveOneOut())
    ours = knn_score(features, numbers, problem=Problem.REGRESSION)
    assert ours == pytest.approx(np.corrcoef(near, numbers)[0, 1], abs=1e-5)
    sets = np.stack([features[:, 0] > 0, features[:, 1] > 0, labels == 1], axis=1).astype(int)
    given_ = cross_val_predict(KNeighborsClassifier(5), directions, sets, cv=LeaveOneOut())
    f1 = f1_score(sets, given_, average="micro", zero_division=0)
    assert knn_score(features, sets, problem=Problem.MULTI_LABEL) == pytest.approx(f1)


def test_most_votes_win_and_of_equals_the_nearest():
    nearest = np.array([[1, 2, 3], [2, 3, 4], [3, 4, 1]])
    assert votes(np.array([0, 7, 5, 5, 9]), np.pad(nearest, ((0, 2), (0, 0)))).tolist()[:3] == [5, 5, 5]
    assert votes(np.array([0, 7, 5, 4, 9]), np.pad(nearest, ((0, 2), (0, 0)))).tolist()[:3] == [7, 5, 4]


def test_blocks_of_neighbours_are_the_whole(monkeypatch):
    features, _ = blobs(101, 6, 2)
    whole = nearest_rows(features, 4)
    monkeypatch.setattr("toolkit.choose.measure.neighbours.SIMILARITIES_AT_ONCE", 101 * 10)
    assert (nearest_rows(features, 4) == whole).all()
    assert (whole != np.arange(101)[:, None]).all()


def test_layers_and_single_scores_agree():
    one, labels = blobs(60, 5, 3)
    other, _ = blobs(60, 5, 3, seed=1)
    scores = score_layers(np.concatenate([one, other], axis=1), labels, layers=(0, 6))
    assert list(scores) == [0, 6]
    assert scores[0] == score_features(one, labels)
    assert scores[6] == FeatureScores(
        h_score(other, labels), shrunken_h_score(other, labels), log_me(other, labels), knn_score(other, labels)
    )


def test_numbers_and_several_labels_have_no_h_score():
    features, labels = blobs(40, 5, 3)
    for targets, problem in ((features[:, 0], Problem.REGRESSION), (np.eye(3, dtype=int)[labels], Problem.MULTI_LABEL)):
        scores = score_features(features, targets, problem=problem)
        assert (scores.h_score, scores.shrunken_h_score) == (None, None)
        assert np.isfinite(scores.log_me)
        assert np.isfinite(scores.knn)


def test_the_unit_of_features_does_not_change_the_evidence():
    features, labels = blobs(100, 8, 3)
    assert log_me(features * np.float32(1e4), labels) == pytest.approx(log_me(features, labels), abs=1e-5)


def test_evidence_of_noise_is_that_of_no_weights_at_all():
    values, totals = np.array([3.0, 2.0, 1.0]), np.array([10.0])
    none = 0.5 * (np.log(20 / 10) - 1 - np.log(2 * np.pi))
    assert best_evidence(np.empty(0), np.empty((0, 1)), totals=totals, n_rows=20) == pytest.approx(none)
    assert best_evidence(values, np.zeros((3, 1)), totals=totals, n_rows=20) == pytest.approx(none)


@pytest.mark.parametrize(
    ("features", "labels", "words"),
    [
        (np.ones((3, 2)), [0, 1], "do not belong together"),
        (np.ones(3), [0, 1, 0], "do not belong together"),
        (np.ones((3, 2)), [-1, -1, -1], "no features of rows with a label"),
        (np.ones((3, 0)), [0, 1, 0], "no features of rows with a label"),
        (np.array([[1.0], [np.nan], [2.0]]), [0, 1, 0], "not finite"),
    ],
)
def test_what_is_no_features_with_labels_is_refused(features, labels, words):
    with pytest.raises(ValueError, match=words):
        score_features(features, labels)


def test_features_that_are_not_of_so_many_layers_are_refused():
    with pytest.raises(ValueError, match="not those of 2 layers"):
        score_layers(np.ones((4, 5)), [0, 1, 0, 1], layers=(0, 1))
