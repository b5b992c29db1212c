from __future__ import annotations

import pytest
import torch

from toolkit.exported import pool
from toolkit.transformer.pooling import ONE_A_ROW, Sequences

LENGTHS = [3, 1, 5]


@pytest.fixture
def states():
    torch.manual_seed(0)
    return [torch.randn(length, 4) for length in LENGTHS]


def layouts(states):
    """The same sequences padded on the right, on the left, and packed."""
    longest = max(LENGTHS)
    right = torch.full((len(LENGTHS), longest, 4), 99.0)
    left = right.clone()
    right_mask = torch.zeros(len(LENGTHS), longest, dtype=torch.long)
    for row, (sequence, length) in enumerate(zip(states, LENGTHS, strict=True)):
        right[row, :length] = left[row, longest - length :] = sequence
        right_mask[row, :length] = 1
    ends = torch.tensor([0, *LENGTHS], dtype=torch.int32).cumsum(0, dtype=torch.int32)
    return {
        "right": (right, Sequences(right_mask, None)),
        "left": (left, Sequences(right_mask.flip(1), None)),
        "bool mask": (right, Sequences(right_mask.bool(), None)),
        "packed": (torch.cat(states)[None], Sequences(None, ends)),
    }


@pytest.mark.parametrize("name", ["right", "left", "bool mask", "packed"])
def test_one_vector_of_each_sequence(states, name):
    batch, sequences = layouts(states)[name]
    torch.testing.assert_close(sequences.mean(batch), torch.stack([sequence.mean(0) for sequence in states]))
    torch.testing.assert_close(
        sequences.last(batch), torch.stack([sequence[-1] for sequence in states]), rtol=0, atol=0
    )
    torch.testing.assert_close(
        sequences.pooled(batch, "cls"), torch.stack([sequence[0] for sequence in states]), rtol=0, atol=0
    )
    torch.testing.assert_close(
        sequences.pooled(batch, "max"), torch.stack([sequence.amax(0) for sequence in states]), rtol=0, atol=0
    )
    begins = sequences.begins(batch)
    assert begins.shape == batch.shape[:2]
    assert torch.equal(batch[begins], torch.stack([sequence[0] for sequence in states]))


def test_nothing_padded(states):
    batch = states[2][None]
    sequences = ONE_A_ROW
    torch.testing.assert_close(sequences.mean(batch)[0], states[2].mean(0))
    assert torch.equal(sequences.last(batch)[0], states[2][-1])
    assert torch.equal(sequences.first(batch)[0], states[2][0])
    assert torch.equal(sequences.max(batch)[0], states[2].amax(0))
    assert sequences.begins(batch).tolist() == [[True, False, False, False, False]]


@pytest.mark.parametrize("packed", [False, True])
def test_long_sequences_in_half_precision(packed):
    """1,000 ones and 1,000 threes: a running sum in bfloat16 would stop growing at 256."""
    batch = torch.cat([torch.ones(1000, 2), torch.full((1000, 2), 3.0)])[None].bfloat16()
    ends = torch.tensor([0, 2000]) if packed else None
    mean = Sequences(None if packed else torch.ones(1, 2000), ends).mean(batch)
    assert mean.dtype == torch.bfloat16
    assert mean.tolist() == [[2.0, 2.0]]


def test_a_row_of_padding_alone_gives_numbers():
    batch = torch.randn(2, 3, 4)
    sequences = Sequences(torch.tensor([[1, 1, 0], [0, 0, 0]]), None)
    assert sequences.mean(batch)[1].tolist() == [0.0] * 4
    assert sequences.last(batch).isfinite().all()


def test_an_unknown_pooling_is_refused_in_the_same_words_as_in_an_exported_model():
    words = "there is no pooling 'sum'; one of cls, last, max, mean"
    with pytest.raises(ValueError, match=words):
        ONE_A_ROW.pooled(torch.randn(1, 2, 3), "sum")
    with pytest.raises(ValueError, match=words):
        pool(torch.randn(1, 2, 3), None, how="sum")
