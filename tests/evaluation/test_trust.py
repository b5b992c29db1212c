"""Confident learning against cleanlab, neighbours against all pairs at once."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.evaluation.trust.confident_learning import find_label_errors
from toolkit.evaluation.trust.neighbours import find_neighbours

cleanlab = pytest.importorskip("cleanlab", reason="an independent implementation, of the extra dev")


def noisy(n_rows: int, n_labels: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that tell the true labels most of the time, and given labels of which a tenth is wrong."""
    rng = np.random.default_rng(seed)
    true = rng.integers(n_labels, size=n_rows)
    logits = rng.normal(size=(n_rows, n_labels))
    logits[np.arange(n_rows), true] += 2.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = np.where(rng.random(n_rows) < 0.1, rng.integers(n_labels, size=n_rows), true)
    return given, probabilities


@pytest.mark.parametrize(("n_labels", "seed"), [(2, 0), (2, 1), (3, 2), (5, 3), (8, 4)])
def test_the_same_rows_as_cleanlab_in_the_same_order(n_labels: int, seed: int):
    from cleanlab.count import estimate_joint
    from cleanlab.filter import find_label_issues

    labels, probabilities = noisy(2000, n_labels, seed=seed)
    ours = find_label_errors(labels, probabilities)
    theirs = find_label_issues(
        labels,
        probabilities,
        filter_by="prune_by_noise_rate",
        return_indices_ranked_by="normalized_margin",
        n_jobs=1,
    )
    # Rounding of the joint may move a row or two of each cell.
    assert len(set(ours.rows) ^ set(theirs)) <= n_labels * n_labels
    both = [row for row in ours.rows if row in set(theirs)]
    assert both == [row for row in theirs if row in set(ours.rows)]
    assert ours.share == pytest.approx(1 - np.trace(estimate_joint(labels, probabilities)), abs=0.005)


def test_a_case_by_hand():
    # Thresholds: mean own probability, (0.9 + 0.8 + 0.1) / 3 = 0.6 and (0.9 + 0.7) / 2 = 0.8. Row 2 counts as label 1,
    # row 4 (0.7 < 0.8) as none. So a third of label 0 is wrong: 1 of 5 rows.
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.1, 0.9], [0.3, 0.7]])
    found = find_label_errors(np.array([0, 0, 0, 1, 1]), probabilities)
    assert (found.rows.tolist(), found.suggested.tolist()) == ([2], [1])
    assert found.share == pytest.approx(1 / 5)


def test_neighbours_are_those_of_all_pairs_at_once():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(1500, 16)).astype(np.float32) + 5  # a large part in common
    features[700] = features[3] + 0.01
    features[1400] = features[3] - 0.01
    found = find_neighbours(features)
    unit = features - features.mean(axis=0)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -1)
    expected = 1 - np.sort(cosines, axis=1)[:, -10:].mean(axis=1)
    np.testing.assert_allclose(found.distance, expected, atol=1e-5)
    assert np.flatnonzero(found.twin >= 0).tolist() == [700, 1400]
    assert found.twin[[700, 1400]].tolist() == [3, 3]


def test_an_outlier_is_far_from_all():
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(8)[:2], 200, axis=0)
    features = centres + rng.normal(size=(400, 8)) * 0.1
    features[7] = -3 * np.eye(8)[5]
    found = find_neighbours(features.astype(np.float32))
    assert found.is_outlier[7]
    assert found.distance.argmax() == 7
    assert found.is_outlier.sum() <= 8  # the tail of 400


@pytest.mark.parametrize("n_texts", [0, 1, 2])
def test_few_texts_have_no_outlier(n_texts: int):
    found = find_neighbours(np.eye(2, 4, dtype=np.float32)[:n_texts])
    assert not found.is_outlier.any()
    assert (found.twin < 0).all()
