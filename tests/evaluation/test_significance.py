"""Exact tests against scipy and a sum by hand, Holm by its definition, and intervals against simulated truth."""

from __future__ import annotations

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kept_runs import classes
from scipy import stats

from toolkit.evaluation.metrics.significance import holm, mcnemar
from toolkit.names import Problem, Task
from toolkit.tasks import room_of
from toolkit.tasks.paired import pair_metrics

LABELS = ("a", "b")


@given(st.integers(0, 40), st.integers(0, 40))
def test_mcnemar_is_the_binomial_test(first: int, second: int):
    n_rows = first + second
    tail = sum(comb(n_rows, k) for k in range(min(first, second) + 1)) / 2**n_rows
    assert mcnemar(first, second) == pytest.approx(min(1.0, 2 * tail))
    assert mcnemar(first, second) == pytest.approx(mcnemar(second, first))


def test_mcnemar_agrees_with_the_table_of_a_textbook():
    # Agresti 2013, table 11.1: 86 and 150 of 1,600 people changed their minds; z is 4.17.
    assert mcnemar(150, 86) == pytest.approx(2 * stats.norm.sf((150 - 86) / np.sqrt(236)), rel=0.35)
    assert mcnemar(0, 0) == 1


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([0.04, None]) == [0.04, None]
    assert holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_rejects_what_stepping_down_rejects(p_values: list[float]):
    adjusted, level = holm(p_values), 0.05
    rejected = set()
    for step, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        if p_values[index] * (len(p_values) - step) > level:
            break
        rejected.add(index)
    assert {index for index, p in enumerate(adjusted) if p is not None and p <= level} == rejected


def test_the_p_value_of_the_bootstrap_is_that_of_a_paired_z_test():
    generator = np.random.default_rng(0)
    room = room_of(Task.TEXT_CLASSIFICATION)
    first = generator.random(2000) < 0.8
    second = np.where(generator.random(2000) < 0.05, ~first, first)
    second[:14] = True
    answers = [
        room.kept_answers(each.columns(), labels=each.labels, problem=Problem.SINGLE_LABEL)
        for each in (classes(list(first)), classes(list(second)))
    ]
    ours, theirs = pair_metrics(answers, ["accuracy"]).resampled["accuracy"]
    found = theirs.p_value(ours)
    gain = second.astype(float) - first
    z = gain.mean() / (gain.std() / np.sqrt(len(gain)))
    assert found == pytest.approx(2 * stats.norm.sf(abs(z)), abs=0.03)


def _covered(n_draws: int) -> dict[str, int]:
    """Count the intervals that hold the truth, of two models of which the second is right more often.

    Both labels are as frequent and errors as frequent for both, so that macro F1 is accuracy.
    """
    room, truth = room_of(Task.TEXT_CLASSIFICATION), (0.75, 0.8)
    counts: dict[str, int] = {}
    for seed in range(n_draws):
        generator = np.random.default_rng(seed)
        references = generator.integers(2, size=400)
        hard = generator.random(400)  # rows that are hard for both: their errors go together
        answers = []
        for share in truth:
            own = np.where(generator.random(400) < 0.5, hard, generator.random(400)) < share
            predicted = np.where(own, references, 1 - references)
            columns = {
                "id": list(range(400)),
                "text": [""] * 400,
                "reference": [LABELS[label] for label in references],
                "prediction": [LABELS[label] for label in predicted],
            }
            answers.append(room.kept_answers(columns, labels=LABELS, problem=Problem.SINGLE_LABEL))
        for name, found in pair_metrics(answers, ["accuracy", "f1"]).resampled.items():
            low, high = found[0].interval()
            difference = found[1].minus(found[0])
            counts[name] = counts.get(name, 0) + (low <= truth[0] <= high)
            holds = difference.low <= truth[1] - truth[0] <= difference.high
            counts[f"{name} difference"] = counts.get(f"{name} difference", 0) + holds
    return counts


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    counts = _covered(40)
    assert len(counts) == 4
    assert all(34 <= count <= 40 for count in counts.values()), counts  # three standard deviations


@pytest.mark.soak
def test_intervals_hold_the_truth_as_often_as_they_say():
    counts = _covered(1000)
    assert all(930 <= count <= 970 for count in counts.values()), counts
