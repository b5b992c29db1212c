"""Dropout: how often, how much, and always the same with the same seed."""

from __future__ import annotations

import pytest
import torch

from toolkit.transformer.dropout import dropout

N = 400_000


@pytest.mark.parametrize("probability", [0.1, 0.3, 0.5, 0.9])
def test_statistics(probability: float):
    torch.manual_seed(0)
    dropped = dropout(torch.ones(N), probability, training=True)
    zeros = (dropped == 0).double().mean().item()
    assert abs(zeros - probability) < 5 * (probability * (1 - probability) / N) ** 0.5
    assert torch.equal(dropped[dropped != 0].unique(), torch.tensor([1 / (1 - probability)]))
    # The four numbers of one draw know nothing of each other.
    kept = (dropped != 0).double().view(-1, 4)
    assert (torch.corrcoef(kept.T) - torch.eye(4)).abs().max() < 0.02


@pytest.mark.parametrize("shape", [(1,), (3,), (4,), (5, 7), (2, 3, 5), (0,)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_shapes_and_types(shape: tuple[int, ...], dtype: torch.dtype):
    states = torch.ones(shape, dtype=dtype)
    dropped = dropout(states, 0.5, training=True)
    assert (dropped.shape, dropped.dtype) == (states.shape, dtype)
    assert set(dropped.flatten().tolist()) <= {0.0, 2.0}


def test_a_seed_decides():
    states = torch.ones(1000)
    runs = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        runs.append((dropout(states, 0.5, training=True), dropout(states, 0.5, training=True)))
    assert torch.equal(runs[0][0], runs[1][0])
    assert torch.equal(runs[0][1], runs[1][1])
    assert not torch.equal(runs[0][0], runs[2][0])
    assert not torch.equal(runs[0][0], runs[0][1])


def test_the_gradient_goes_where_the_value_went():
    states = torch.randn(1000, dtype=torch.float64, requires_grad=True)
    dropped = dropout(states, 0.3, training=True)
    dropped.backward(torch.full_like(states, 2.0))
    torch.testing.assert_close(states.grad, (dropped != 0).double() * 2.0 / 0.7)


def test_nothing_happens_outside_of_training_and_at_zero():
    states = torch.randn(10)
    assert dropout(states, 0.5, training=False) is states
    assert dropout(states, 0.0, training=True) is states


@pytest.mark.parametrize("probability", [1.0, 0.999_999, 1e-9])
def test_extremes(probability: float):
    dropped = dropout(torch.ones(1000), probability, training=True)
    assert (dropped == 0).all() if probability > 0.5 else (dropped == 1).all()


def test_without_a_contiguous_layout():
    states = torch.ones(6, 4).T
    assert set(dropout(states, 0.5, training=True).flatten().tolist()) <= {0.0, 2.0}
