from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from toolkit.data.batches import StepBatches, by_length

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=400)
STRATEGIES = st.sampled_from(["random", "sequential", "group_by_length"])


def steps_of(lengths, *, micro_batch, per_step, strategy, seed=0, epoch=0):
    batches = StepBatches(
        lengths, micro_batch=micro_batch, micro_batches_per_step=per_step, strategy=strategy, seed=seed
    )
    batches.set_epoch(epoch)
    micro = list(batches)
    assert len(micro) == len(batches)
    assert all(len(batch) <= micro_batch for batch in micro)
    return [
        [row for batch in micro[start : start + per_step] for row in batch] for start in range(0, len(micro), per_step)
    ]


@given(lengths=LENGTHS, strategy=STRATEGIES, seed=st.integers(0, 2**32 - 1), epoch=st.integers(0, 5))
def test_steps_do_not_depend_on_how_they_are_divided(lengths, strategy, seed, epoch):
    divided = [
        steps_of(lengths, micro_batch=8 // k, per_step=k, strategy=strategy, seed=seed, epoch=epoch)
        for k in (1, 2, 4, 8)
    ]
    assert all(steps == divided[0] for steps in divided)
    assert sorted(row for step in divided[0] for row in step) == list(range(len(lengths)))
    assert all(len(step) == 8 for step in divided[0][:-1])


@given(lengths=LENGTHS, seed=st.integers(0, 100))
def test_groups_have_like_length_and_the_longest_comes_first(lengths, seed):
    steps = steps_of(lengths, micro_batch=4, per_step=2, strategy="group_by_length", seed=seed)
    assert all([lengths[row] for row in step] == sorted((lengths[row] for row in step), reverse=True) for step in steps)
    whole = [step for step in steps if len(step) == 8]
    if whole:
        assert lengths[whole[0][0]] == max(lengths[row] for step in whole for row in step)
    # At most 50 steps are sorted together, and here that is all of them: no two steps overlap in length.
    spans = sorted((lengths[step[-1]], lengths[step[0]]) for step in whole)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans[:50]) if len(whole) <= 50)


def test_grouping_saves_padding():
    lengths = np.random.default_rng(0).integers(5, 200, 2000).tolist()

    def padded(strategy):
        batches = StepBatches(lengths, micro_batch=16, micro_batches_per_step=1, strategy=strategy, seed=0)
        return sum(len(batch) * max(lengths[row] for row in batch) for batch in batches)

    assert padded("group_by_length") < 1.1 * sum(lengths) < 1.5 * sum(lengths) < padded("random")


def test_epochs_and_seeds_differ_and_come_back():
    lengths = list(range(1, 100))
    for strategy in ("random", "group_by_length"):
        orders = [
            steps_of(lengths, micro_batch=4, per_step=1, strategy=strategy, seed=seed, epoch=epoch)
            for seed in (0, 1)
            for epoch in (0, 1)
        ]
        assert all(first != second for first, second in itertools.combinations(orders, 2))
        assert orders[3] == steps_of(lengths, micro_batch=4, per_step=1, strategy=strategy, seed=1, epoch=1)
    assert steps_of([1] * 5, micro_batch=2, per_step=1, strategy="sequential") == [[0, 1], [2, 3], [4]]


@given(lengths=LENGTHS, budget=st.integers(1, 500), seed=st.integers(0, 100))
def test_token_budget(lengths, budget, seed):
    batches = StepBatches(
        lengths,
        micro_batch=1,
        micro_batches_per_step=1,
        strategy="group_by_length",
        seed=seed,
        tokens_per_batch=budget,
    )
    for epoch in range(3):
        batches.set_epoch(epoch)
        micro = list(batches)
        assert len(micro) == len(batches)
        assert sorted(row for batch in micro for row in batch) == list(range(len(lengths)))
        for batch in micro:
            assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= budget


def test_token_budget_breaks_ties_anew_each_epoch():
    batches = StepBatches(
        [7] * 40,
        micro_batch=1,
        micro_batches_per_step=1,
        strategy="group_by_length",
        seed=0,
        tokens_per_batch=70,
    )
    first = {frozenset(batch) for batch in batches}
    batches.set_epoch(1)
    assert first != {frozenset(batch) for batch in batches}
    assert {len(batch) for batch in batches} == {10}


def packed(lengths, *, budget, seed=0):
    return StepBatches(
        lengths,
        micro_batch=1,
        micro_batches_per_step=1,
        strategy="random",
        seed=seed,
        tokens_per_batch=budget,
        packed=True,
    )


@given(lengths=LENGTHS, budget=st.integers(1, 700), seed=st.integers(0, 100))
def test_packed_token_budget(lengths, budget, seed):
    batches = packed(lengths, budget=budget, seed=seed)
    for epoch in range(4):
        batches.set_epoch(epoch)
        micro = list(batches)
        assert len(micro) == len(batches)
        assert sorted(row for batch in micro for row in batch) == list(range(len(lengths)))
        assert all(micro)
        for batch in micro:
            assert len(batch) == 1 or sum(lengths[row] for row in batch) <= budget


def captions(n_rows):
    return np.clip(np.random.default_rng(0).lognormal(3, 0.5, n_rows).astype(int), 2, 200)


def test_packed_batches_are_full_and_alike():
    lengths = captions(30_000)
    batches = packed(lengths, budget=4096)
    sizes = [lengths[batch].sum() for batch in batches]
    assert len(sizes) < 1.1 * lengths.sum() / 4096
    assert min(sizes) > 0.9 * max(sizes)  # no remainder: every gradient is of about as many tokens
    spread = [np.ptp(np.quantile(lengths[batch], [0.05, 0.95])) for batch in batches]
    assert np.median(spread) < 0.3 * np.ptp(np.quantile(lengths, [0.05, 0.95]))


def test_packed_batches_have_other_rows_each_epoch():
    lengths = captions(2_000)
    batches = packed(lengths, budget=2000)
    epochs = []
    for epoch in (0, 1, 0):
        batches.set_epoch(epoch)
        epochs.append(list(batches))
    assert epochs[0] == epochs[2]
    assert [tuple(batch) for batch in epochs[0]] != [tuple(batch) for batch in epochs[1]]
    met = {(a, b) for batch in epochs[0] for a, b in itertools.combinations(sorted(batch), 2)}
    again = {(a, b) for batch in epochs[1] for a, b in itertools.combinations(sorted(batch), 2)}
    assert len(met & again) < 0.5 * len(met)
    assert epochs[0] != list(packed(lengths, budget=2000, seed=1))


def test_packed_lengths_come_in_no_order():
    lengths = captions(20_000)
    means = [lengths[batch].mean() for batch in packed(lengths, budget=2000)]
    assert abs(np.corrcoef(means, range(len(means)))[0, 1]) < 0.2
    assert abs(np.corrcoef(means[1:], means[:-1])[0, 1]) < 0.2


def test_packed_rows_without_a_token_budget_are_batches_as_ever():
    def batches(packed):
        return list(
            StepBatches(
                captions(100),
                micro_batch=4,
                micro_batches_per_step=2,
                strategy="group_by_length",
                seed=0,
                packed=packed,
            )
        )

    assert batches(packed=True) == batches(packed=False)


def test_a_data_loader_takes_them():
    batches = StepBatches([3, 1, 2], micro_batch=2, micro_batches_per_step=1, strategy="sequential", seed=0)
    loader = torch.utils.data.DataLoader([10, 11, 12], batch_sampler=batches)
    assert [batch.tolist() for batch in loader] == [[10, 11], [12]]
    assert len(loader) == 2


@given(lengths=LENGTHS, size=st.integers(1, 20))
def test_by_length_starts_with_the_longest(lengths, size):
    batches = by_length(lengths, size)
    rows = [row for batch in batches for row in batch]
    assert [lengths[row] for row in rows] == sorted(lengths, reverse=True)
    assert sorted(rows) == list(range(len(lengths)))
    assert all(len(batch) == size for batch in batches[:-1])


def test_known_order_stays_known():
    """A resumed run must meet the same batches with the next version too."""
    batches = StepBatches([1] * 8, micro_batch=4, micro_batches_per_step=1, strategy="random", seed=3)
    batches.set_epoch(2)
    assert list(batches) == [[1, 7, 4, 0], [2, 6, 3, 5]]
    batches = packed([3, 9, 4, 8, 5, 7, 6, 2], budget=16, seed=3)
    batches.set_epoch(2)
    assert list(batches) == [[6, 2, 7], [1], [5, 4, 0], [3]]


@pytest.mark.parametrize("n_rows", [1, 7, 8, 9])
def test_sizes_around_a_step(n_rows):
    steps = steps_of([5] * n_rows, micro_batch=2, per_step=4, strategy="group_by_length")
    assert [len(step) for step in steps] == [8] * (n_rows // 8) + [n_rows % 8] * (n_rows % 8 > 0)
