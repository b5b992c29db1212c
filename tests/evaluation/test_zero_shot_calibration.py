"""Calibrations against values computed by hand from probabilities, as the papers write them."""

from __future__ import annotations

import numpy as np
import pytest

from toolkit.evaluation.zero_shot.ask import averaged
from toolkit.evaluation.zero_shot.calibration import CALIBRATIONS, Evidence, calibrated, log_softmax, needs

OF_TEXTS = np.array([[0.02, 0.01, 0.004], [0.03, 0.001, 0.002], [0.05, 0.04, 0.01]])
N_TOKENS = np.array([[1, 2, 3]] * 3)
OF_NOTHING = np.array([[0.6, 0.3, 0.1], [0.2, 0.1, 0.1], [0.1, 0.2, 0.1]])
OF_ENDING = np.array([[0.5, 0.1, 0.001]])


def evidence() -> Evidence:
    return Evidence(
        of_texts=np.log(OF_TEXTS), n_tokens=N_TOKENS, of_nothing=np.log(OF_NOTHING), of_ending=np.log(OF_ENDING)
    )


def share(scores: np.ndarray) -> np.ndarray:
    return scores / scores.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("none", OF_TEXTS),
        ("length", OF_TEXTS ** (1 / N_TOKENS)),
        ("content-free", share(OF_TEXTS) / share(OF_NOTHING).mean(axis=0)),
        ("domain", OF_TEXTS / OF_ENDING),
        ("batch", share(OF_TEXTS) / share(OF_TEXTS).mean(axis=0)),
    ],
)
def test_equal_to_the_formula(method: str, expected: np.ndarray):
    found = calibrated(evidence(), method)
    np.testing.assert_allclose(np.exp(found), share(expected), rtol=1e-9)


def test_calibrations_disagree_here_so_that_the_test_tells_them_apart():
    chosen = {method: tuple(calibrated(evidence(), method).argmax(axis=1)) for method in CALIBRATIONS}
    assert len(set(chosen.values())) >= 4


def test_tiny_likelihoods_stay_finite():
    of_texts = np.array([[-9000.0, -9001.0], [-2.0, -8000.0]])
    for method in CALIBRATIONS:
        hard = Evidence(of_texts=of_texts, n_tokens=np.full((2, 2), 40), of_nothing=of_texts, of_ending=of_texts[:1])
        found = calibrated(hard, method)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(np.exp(found).sum(axis=1), 1)


def test_what_was_not_measured_cannot_calibrate():
    bare = Evidence(of_texts=np.log(OF_TEXTS), n_tokens=N_TOKENS)
    for method in CALIBRATIONS:
        if needs(method):
            with pytest.raises(ValueError, match=method):
                calibrated(bare, method)
        else:
            calibrated(bare, method)


def test_templates_are_averaged_as_probabilities():
    first, second = log_softmax(np.log(OF_TEXTS)), log_softmax(np.log(OF_NOTHING))
    np.testing.assert_allclose(averaged([first, second]), (share(OF_TEXTS) + share(OF_NOTHING)) / 2)
    np.testing.assert_allclose(averaged([first]), share(OF_TEXTS))
