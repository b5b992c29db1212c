"""When answers are withheld: by hand, against scipy and scikit-learn, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import auc

from toolkit.adapters.decision import NEVER
from toolkit.evaluation.decision.abstention import CONFIDENCE, choose_abstention, measure_abstention, needed_rows
from toolkit.evaluation.decision.proportion import least_rows, lower_bound, most_shown, share


@pytest.mark.parametrize(("found", "rows"), [(0, 7), (3, 7), (7, 7), (941, 1000)])
def test_bounds_are_those_of_scipy(found: int, rows: int):
    exact = binomtest(found, rows).proportion_ci(0.95, method="exact")
    assert share(found, rows).ci95 == pytest.approx((exact.low, exact.high), abs=1e-9)
    one_sided = binomtest(found, rows, alternative="greater").proportion_ci(0.95, method="exact")
    assert float(lower_bound(found, rows, error=0.05)) == pytest.approx(one_sided.low, abs=1e-9)


def test_a_share_of_no_rows_has_no_value():
    assert (share(0, 0).value, share(0, 0).ci95, bool(share(0, 0).reason)) == (None, None, True)


@pytest.mark.parametrize("asked", [0.5, 0.9, 0.95, 0.99])
def test_rows_that_it_takes_without_a_mistake(asked: float):
    least = least_rows(asked, error=0.01)
    assert lower_bound(least, least, error=0.01) >= asked > lower_bound(least - 1, least - 1, error=0.01)
    assert most_shown(least, error=0.01) >= asked - 1e-3
    assert most_shown(0, error=0.01) == 0


def falling(n_right: int, n_wrong: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows of ever less confidence: right ones, and then wrong ones."""
    n = n_right + n_wrong
    return np.linspace(0.99, 0.3, n), np.arange(n) < n_right


def test_the_last_row_at_which_the_precision_is_shown():
    """Every start of the tests was reached without a failure, so the whole error of 0.05 is there at the end."""
    confidence, right = falling(1000, 60)
    found = choose_abstention(confidence, right, asked=0.95)
    k = found.answered
    assert binomtest(1000, k, alternative="greater").proportion_ci(0.95, method="exact").low >= 0.95
    assert found.right == 1000
    assert found.at_least == pytest.approx(
        binomtest(1000, k, alternative="greater").proportion_ci(0.95, method="exact").low
    )
    assert binomtest(1000, k + 1, alternative="greater").proportion_ci(0.95, method="exact").low < 0.95
    assert confidence[k] < found.abstain_below < confidence[k - 1]
    assert (confidence >= found.abstain_below).sum() == k


def test_all_rows_or_none():
    everything = choose_abstention(*falling(200, 0), asked=0.9)
    assert (everything.abstain_below, everything.answered, everything.right) == (0.0, 200, 200)
    nothing = choose_abstention(*falling(0, 200), asked=0.9)
    assert (nothing.abstain_below, nothing.answered, nothing.at_least) == (NEVER, 0, None)
    few = choose_abstention(*falling(needed_rows(0.9) - 1, 0), asked=0.9)
    assert few.abstain_below == NEVER


def test_rows_of_one_probability_are_answered_together():
    """Whichever stands first among equals, none can be answered without the others."""
    confidence = np.repeat([0.9, 0.6], 100)
    right = np.concatenate([np.ones(100, dtype=bool), np.ones(60, dtype=bool), np.zeros(40, dtype=bool)])
    for order in (np.arange(200), np.arange(200)[::-1]):
        found = choose_abstention(confidence[order], right[order], asked=0.9)
        assert (found.answered, found.right) == (100, 100)
        assert found.abstain_below == pytest.approx(0.75)
    assert choose_abstention(np.full(200, 0.7), right, asked=0.9).abstain_below == NEVER


def test_what_is_measured_by_hand():
    confidence = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
    right = np.array([True, True, False, True, False])
    found = measure_abstention(confidence, right, abstain_below=0.7)
    assert (found["answered"], found["right"]) == (3, 2)
    assert found["coverage"]["value"] == 0.6
    assert found["precision"]["value"] == pytest.approx(2 / 3)
    risks = [0, 0, 1 / 3, 1 / 4, 2 / 5]
    assert found["curve"] == [[(k + 1) / 5, pytest.approx(risk, abs=1e-6)] for k, risk in enumerate(risks)]
    assert found["aurc"] == pytest.approx(np.mean(risks))
    nothing = measure_abstention(confidence, right, abstain_below=NEVER)
    assert (nothing["answered"], nothing["precision"]["value"], nothing["coverage"]["value"]) == (0, None, 0.0)


def test_the_area_is_that_of_the_curve_and_equal_rows_share_their_mistakes():
    rng = np.random.default_rng(0)
    confidence = rng.random(4000)
    right = rng.random(4000) < confidence
    found = measure_abstention(confidence, right, abstain_below=0.5)
    coverage, risk = np.array(found["curve"]).T
    assert len(coverage) <= 120
    assert found["aurc"] == pytest.approx(auc(coverage, risk), abs=2e-3)
    constant = measure_abstention(np.full(10, 0.5), np.arange(10) < 7, abstain_below=0.5)
    assert constant["aurc"] == pytest.approx(0.3)
    assert constant["curve"] == [[1.0, 0.3]]


@pytest.mark.parametrize("levels", [None, 12], ids=["smooth", "steps"])
def test_the_precision_holds_with_the_stated_confidence(levels: int | None):
    """Of 300 validation splits at most one in twenty chooses a probability at which the true precision is too low."""
    rng = np.random.default_rng(1)

    def drawn(n: int) -> np.ndarray:
        sure = rng.beta(8, 1, n)  # right with this probability; half of all rows are above 0.92
        return sure if levels is None else np.ceil(sure * levels) / (levels + 0.3)

    many = np.sort(drawn(400_000))[::-1]
    precision = np.cumsum(many) / np.arange(1, len(many) + 1)
    too_low, coverage = 0, []
    for _ in range(300):
        sure = drawn(1500)
        found = choose_abstention(sure, rng.random(len(sure)) < sure, asked=0.92)
        n_answered = int((many >= found.abstain_below).sum())
        coverage.append(n_answered / len(many))
        too_low += bool(n_answered and precision[n_answered - 1] < 0.92)
    assert too_low <= 300 * (1 - CONFIDENCE) + 2 * np.sqrt(300 * CONFIDENCE * (1 - CONFIDENCE))
    assert np.mean(coverage) > 0.2  # it holds without answering next to nothing
