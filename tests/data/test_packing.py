from __future__ import annotations

import numpy as np
import pytest
import torch
from datasets import Dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader
from transformers import DataCollatorWithFlattening

from toolkit.data.batches import StepBatches
from toolkit.data.packing import PackMasked, PackPairs, PackTexts, cumulative

SEQUENCES = st.lists(st.lists(st.integers(5, 99), max_size=12).map(lambda ids: [*ids, 2]), min_size=1, max_size=8)
PAIRS = st.lists(st.tuples(*[st.lists(st.integers(5, 99), max_size=9).map(lambda ids: [*ids, 2])] * 2), min_size=1)


def rows_of(sequences):
    return [{"input_ids": ids, "length": len(ids)} for ids in sequences]


def pieces(tensor, marks):
    assert tensor.shape[0] == 1
    return [part.tolist() for part in tensor[0].split(marks.diff().tolist())]


def assert_marks(batch, side, lengths):
    marks = batch[f"cu_seq_lens_{side}"]
    assert marks.dtype == torch.int32
    assert marks.tolist() == [sum(lengths[:i]) for i in range(len(lengths) + 1)]
    assert batch[f"max_length_{side}"] == max(lengths)
    assert type(batch[f"max_length_{side}"]) is int


def test_cumulative():
    marks = cumulative([3, 1, 2])
    assert (marks.tolist(), marks.dtype) == ([0, 3, 4, 6], torch.int32)
    assert cumulative(np.array([5])).tolist() == [0, 5]
    assert cumulative([]).tolist() == [0]


@settings(max_examples=50)
@given(pairs=PAIRS)
def test_pairs(pairs):
    rows = [{"input_ids": a, "labels": b, "length": len(a) + len(b)} for a, b in pairs]
    batch = PackPairs(decoder_start_token_id=1)(rows)
    assert pieces(batch["input_ids"], batch["cu_seq_lens_k"]) == [source for source, _ in pairs]
    assert pieces(batch["labels"], batch["cu_seq_lens_q"]) == [target for _, target in pairs]
    shifted = [[1, *target[:-1]] for _, target in pairs]
    assert pieces(batch["decoder_input_ids"], batch["cu_seq_lens_q"]) == shifted
    assert_marks(batch, "k", [len(source) for source, _ in pairs])
    assert_marks(batch, "q", [len(target) for _, target in pairs])
    names = {"input_ids", "decoder_input_ids", "labels"}
    assert set(batch) == names | {f"{mark}_{side}" for mark in ("cu_seq_lens", "max_length") for side in "qk"}
    assert all(batch[name].dtype == torch.int64 for name in names)


@settings(max_examples=50)
@given(texts=SEQUENCES)
def test_texts_are_packed_as_the_library_flattens_them(texts):
    batch = PackTexts(bos_token_id=1)(rows_of(texts))
    flatten = DataCollatorWithFlattening(return_flash_attn_kwargs=True)
    expected = flatten([{"input_ids": [1, *ids]} for ids in texts])
    assert torch.equal(batch["input_ids"], expected["input_ids"])
    assert torch.equal(batch["labels"], expected["labels"])
    for side in "qk":
        assert torch.equal(batch[f"cu_seq_lens_{side}"], expected[f"cu_seq_lens_{side}"])
        assert batch[f"max_length_{side}"] == expected[f"max_length_{side}"]
        assert_marks(batch, side, [len(ids) + 1 for ids in texts])


@settings(max_examples=50)
@given(texts=SEQUENCES)
def test_kept_logits_predict_the_next_token_of_their_own_text(texts):
    batch = PackTexts(bos_token_id=1)(rows_of(texts))
    kept = batch["logits_to_keep"]
    predicted = batch["labels"][0][kept + 1]
    assert predicted.tolist() == [token for ids in texts for token in ids]
    seen = [token for ids in texts for token in [1, *ids[:-1]]]
    assert batch["input_ids"][0][kept].tolist() == seen
    assert (batch["labels"] != -100).sum() == len(kept)


def masked(**settings):
    return PackMasked(4, np.arange(5, 100), **settings)


@settings(max_examples=50)
@given(texts=SEQUENCES.filter(lambda texts: any(len(ids) > 1 for ids in texts)), seed=st.integers(0, 2**32 - 1))
def test_masking(texts, seed):
    rows = rows_of(texts)
    batch = masked(seed=seed)(rows)
    whole = torch.tensor([token for ids in texts for token in ids])
    chosen = batch["logits_to_keep"]
    assert len(chosen) >= 1
    labels = torch.full_like(whole, -100)
    labels[chosen] = whole[chosen]
    assert torch.equal(batch["labels"][0], labels)
    assert (whole[chosen] >= 5).all()
    rest = labels == -100
    assert torch.equal(batch["input_ids"][0][rest], whole[rest])
    assert ((batch["input_ids"][0][chosen] >= 4) & (batch["input_ids"][0][chosen] < 100)).all()
    assert_marks(batch, "q", [len(ids) for ids in texts])
    assert_marks(batch, "k", [len(ids) for ids in texts])
    assert rows == rows_of(texts)


def test_shares_of_masking():
    collate = PackMasked(4, np.arange(5, 20_000))
    ids = np.random.default_rng(0).integers(5, 20_000, 40_000).tolist()
    batch = collate([{"input_ids": ids}])
    chosen = batch["logits_to_keep"]
    hidden, before = batch["input_ids"][0][chosen], torch.tensor(ids)[chosen]
    assert len(chosen) / len(ids) == pytest.approx(0.15, abs=0.01)
    assert (hidden == 4).float().mean() == pytest.approx(0.8, abs=0.02)
    assert (hidden == before).float().mean() == pytest.approx(0.1, abs=0.02)


def test_one_position_at_least_and_none_without_text():
    for seed in range(20):
        batch = masked(seed=seed, probability=0.0)([{"input_ids": [7, 2]}, {"input_ids": [2]}])
        assert batch["logits_to_keep"].tolist() == [0]
    assert masked()([{"input_ids": [2]}])["logits_to_keep"].tolist() == []


def numbered(n_rows=40):
    generator = np.random.default_rng(1)
    ids = [[*generator.integers(5, 100, generator.integers(20, 30)).tolist(), 2] for _ in range(n_rows)]
    columns = {"input_ids": ids, "length": [len(row) for row in ids], "row": list(range(n_rows))}
    return Dataset.from_dict(columns)


def loaded(rows, *, epochs, seed=0, workers=0):
    batches = StepBatches(
        rows["length"],
        micro_batch=1,
        micro_batches_per_step=1,
        strategy="random",
        seed=0,
        tokens_per_batch=300,
        packed=True,
    )
    context = "spawn" if workers else None
    loader = DataLoader(
        rows,
        batch_sampler=batches,
        collate_fn=masked(seed=seed, batches=batches),
        num_workers=workers,
        multiprocessing_context=context,
    )
    seen = {}
    for epoch in epochs:
        batches.set_epoch(epoch)
        seen[epoch] = [(batch["row"].tolist(), batch["input_ids"].tolist()) for batch in loader]
    return seen


def test_masks_differ_by_epoch_and_seed_and_come_back_on_resume():
    rows = numbered()
    epochs = loaded(rows, epochs=[0, 1, 2])
    assert epochs[0] != epochs[1] != epochs[2]
    assert loaded(rows, epochs=[2])[2] == epochs[2]
    other = loaded(rows, epochs=[0], seed=1)[0]
    assert [numbers for numbers, _ in other] == [numbers for numbers, _ in epochs[0]]
    assert other != epochs[0]


def test_workers_mask_the_same():
    rows = numbered()
    assert loaded(rows, epochs=[1], workers=1) == loaded(rows, epochs=[1])


def test_an_epoch_masks_a_batch_of_the_same_rows_anew():
    batches = StepBatches([20], micro_batch=1, micro_batches_per_step=1, strategy="sequential", seed=0)
    collate = masked(batches=batches)
    row = [{"input_ids": [*range(5, 95), 2], "row": 0}]
    first = collate(row)["logits_to_keep"].tolist()
    batches.set_epoch(1)
    assert collate(row)["logits_to_keep"].tolist() != first
    batches.set_epoch(0)
    assert collate(row)["logits_to_keep"].tolist() == first


@pytest.mark.parametrize("collate", [PackPairs(1), PackTexts(1), masked()], ids=lambda collate: type(collate).__name__)
@pytest.mark.parametrize("form", [None, "numpy"])
def test_rows_of_a_data_set(collate, form):
    columns = {"input_ids": [[7, 8, 2], [9, 2]], "labels": [[5, 2], [6, 7, 2]], "length": [5, 5], "row": [4, 1]}
    rows = Dataset.from_dict(columns).with_format(form).__getitems__([0, 1])
    batch = collate(rows)
    assert batch["row"].tolist() == [4, 1]
    assert "length" not in batch
    plain = collate([{name: values[i] for name, values in columns.items()} for i in (0, 1)])
    assert all(torch.equal(plain[name], batch[name]) for name in plain if isinstance(plain[name], torch.Tensor))
    assert batch["input_ids"].dtype == batch["labels"].dtype == torch.int64
    assert "row" not in collate([{"input_ids": [7, 2], "labels": [5, 2]}])
