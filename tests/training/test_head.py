"""Heads of frozen features against scikit-learn, and how their settings are chosen."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.datasets import make_classification, make_multilabel_classification, make_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from toolkit.names import Problem
from toolkit.training.head import FittedHead, fit_head
from toolkit.training.head_linear import PENALTIES
from toolkit.training.head_trials import Examples, folds


def single(n_rows: int = 400, n_labels: int = 4, seed: int = 0) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    features, labels = make_classification(
        n_rows, 12, n_informative=8, n_classes=n_labels, class_sep=0.7, random_state=seed
    )
    # Features of unlike size and place, as models give them.
    shifted = features * np.logspace(-2, 2, 12) + np.linspace(-5, 5, 12)
    return shifted.astype(np.float32), labels


def fitted(features: NDArray[np.float32], labels: NDArray[np.generic], **given_: object) -> FittedHead:
    settings_ = {"problem": Problem.SINGLE_LABEL, "kind": "linear", "n_labels": 4, "seed": 0, **given_}
    return fit_head(features, labels, **settings_)  # type: ignore[arg-type]


def halves(features: NDArray[np.float32], labels: NDArray[np.generic]) -> dict[str, object]:
    middle = len(labels) // 2
    return {
        "features": features[:middle],
        "labels": labels[:middle],
        "validation": (features[middle:], labels[middle:]),
    }


@pytest.mark.parametrize("n_labels", [2, 4])
def test_logistic_regression_is_that_of_scikit_learn_on_train_and_validation(n_labels: int):
    features, labels = single(n_labels=n_labels)
    head = fitted(**halves(features, labels), n_labels=n_labels)
    # Of two classes scikit-learn has one weight, the difference of ours: the same penalty counts twice.
    strength = head.regularisation * (1 if n_labels > 2 else 0.5)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=1 / strength, tol=1e-8, max_iter=5000))
    theirs.fit(features.astype(np.float64), labels)
    probabilities = head.logits(features).softmax(dim=-1).numpy()
    np.testing.assert_allclose(probabilities, theirs.predict_proba(features.astype(np.float64)), atol=1e-3)


def test_penalty_is_the_one_of_least_validation_loss():
    features, labels = single()
    head = fitted(**halves(features, labels))
    losses = {}
    for penalty in PENALTIES:
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1 / penalty, tol=1e-6, max_iter=5000))
        model.fit(features[:200].astype(np.float64), labels[:200])
        probabilities = model.predict_proba(features[200:].astype(np.float64))
        losses[penalty] = -np.log(probabilities[np.arange(200), labels[200:]]).mean()
    assert head.regularisation == min(losses, key=losses.get)
    for point in head.curve:
        assert point.loss == pytest.approx(losses[point.setting], abs=2e-3)


def test_several_labels_are_one_logistic_regression_each():
    features, labels = make_multilabel_classification(300, 10, n_classes=3, random_state=0)
    features = features.astype(np.float32)
    head = fitted(**halves(features, labels.astype(np.float64)), problem=Problem.MULTI_LABEL, n_labels=3)
    one = LogisticRegression(C=1 / head.regularisation, tol=1e-8, max_iter=5000)
    theirs = make_pipeline(StandardScaler(), OneVsRestClassifier(one)).fit(features.astype(np.float64), labels)
    probabilities = head.logits(features).sigmoid().numpy()
    np.testing.assert_allclose(probabilities, theirs.predict_proba(features.astype(np.float64)), atol=1e-3)


def test_numbers_are_ridge_regression():
    features, numbers = make_regression(200, 30, n_informative=5, noise=20.0, bias=1000.0, random_state=0)
    features = features.astype(np.float32)
    head = fitted(**halves(features, numbers), problem=Problem.REGRESSION, n_labels=1)
    theirs = make_pipeline(StandardScaler(), Ridge(alpha=head.regularisation)).fit(features.astype(np.float64), numbers)
    np.testing.assert_allclose(head.logits(features)[:, 0], theirs.predict(features.astype(np.float64)), rtol=1e-5)
    assert 0.01 < head.regularisation < 10_000


def test_noise_is_held_down_and_the_stronger_of_equals_is_taken():
    generator = np.random.default_rng(0)
    labels = np.tile([0, 1, 2, 3], 50)
    noise = generator.normal(size=(200, 40)).astype(np.float32)
    assert fitted(**halves(noise, labels)).regularisation >= 1000
    nothing = fitted(**halves(np.full((200, 5), 3.7, dtype=np.float32), labels))
    assert nothing.regularisation == PENALTIES[0]
    np.testing.assert_allclose(nothing.logits(np.full((1, 5), 3.7, dtype=np.float32)).softmax(-1), 0.25, atol=1e-4)


def test_features_that_are_constant_or_rounding_have_no_say():
    features, labels = single()
    odd = np.column_stack([features, np.full(400, 7.0), np.random.default_rng(0).normal(size=400) * 1e-33 + 7.0])
    plain, more = fitted(**halves(features, labels)), fitted(**halves(odd.astype(np.float32), labels))
    assert not more.weight[:, -2:].any()
    # Matrices of another width are added up in another order, on which the last steps of the fit depend.
    found, expected = (head.logits(x).softmax(-1) for head, x in ((more, odd.astype(np.float32)), (plain, features)))
    torch.testing.assert_close(found, expected, atol=1e-3, rtol=0)


def test_without_validation_rows_folds_choose_and_the_seed_decides_them():
    features, labels = single(100)
    first, again = fitted(features, labels), fitted(features, labels)
    assert torch.equal(first.weight, again.weight)
    assert first.curve == again.curve
    assert first.curve != fitted(features, labels, seed=1).curve
    empty = (features[:0], labels[:0])
    assert torch.equal(fitted(features, labels, validation=empty).weight, first.weight)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=2, max_size=60), st.integers(0, 100))
def test_folds_hold_each_row_back_once_and_spread_the_classes(labels: list[int], seed: int):
    features = np.arange(len(labels), dtype=np.float32)[:, None]
    examples = Examples.of(features, labels, problem=Problem.SINGLE_LABEL, n_labels=4)
    trials = folds(examples, seed=seed)
    assert len(trials) == min(5, len(labels))
    assert sum(len(trial.held_out) for trial in trials) == len(labels)
    assert all(len(trial.train) + len(trial.held_out) == len(labels) for trial in trials)
    held = [Counter(trial.held_out.targets.tolist()) for trial in trials]
    for label in range(4):
        counts = [count[label] for count in held]
        assert max(counts) - min(counts) <= 1
    assert sum(held, Counter()) == Counter(labels)


def test_unknown_class_is_left_out_and_absent_class_is_improbable():
    features, labels = single(n_labels=3)
    unknown = np.where(np.arange(400) % 10 == 0, -1, labels)
    head = fitted(features, unknown, n_labels=4)
    kept = unknown >= 0
    assert torch.equal(head.weight, fitted(features[kept], unknown[kept], n_labels=4).weight)
    probabilities = head.logits(features).softmax(dim=-1)
    assert bool(torch.isfinite(probabilities).all())
    assert float(probabilities[:, 3].max()) < 0.05


def test_one_row_is_no_lesson():
    with pytest.raises(ValueError, match="needs two labelled rows to learn from; found 1"):
        fitted(np.ones((2, 3), dtype=np.float32), np.array([1, -1]))


def ring(n_rows: int = 400) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Points of a plane, and their distance from its middle."""
    points = np.random.default_rng(0).normal(size=(n_rows, 2)).astype(np.float32)
    return points, np.linalg.norm(points, axis=1)


def test_hidden_layer_learns_what_no_line_divides():
    points, distance = ring()
    labels = (distance > 1.2).astype(np.int64)
    network = fitted(**halves(points, labels), kind="mlp", n_labels=2)
    line = fitted(**halves(points, labels), n_labels=2)
    right = {
        name: float((head.logits(points).argmax(-1).numpy() == labels).mean())
        for name, head in (("network", network), ("line", line))
    }
    assert right["network"] > 0.95
    assert right["line"] < 0.7
    assert network.n_epochs == min(network.curve, key=lambda point: point.loss).setting
    assert (line.n_epochs, network.regularisation) == (None, None)


def test_hidden_layer_gives_numbers_of_any_size():
    points, distance = ring()
    numbers = 50_000 + 1_000 * distance
    network = fitted(**halves(points, numbers), kind="mlp", problem=Problem.REGRESSION, n_labels=1)
    error = np.abs(network.logits(points)[:, 0].numpy() - numbers).mean()
    assert error < 0.2 * numbers.std()


def test_network_depends_on_the_seed_alone_and_leaves_the_random_numbers_as_they_are():
    features, labels = single(60)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = fitted(features, labels, kind="mlp")
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert torch.equal(fitted(features, labels, kind="mlp").weight, first.weight)
    assert not torch.equal(fitted(features, labels, kind="mlp", seed=1).weight, first.weight)
