"""What a packed row must look like, and labels that are enough to make one."""

from __future__ import annotations

import pytest
import torch

from toolkit.data.packing import PackPairs
from toolkit.transformer import TransformerConfig, TransformerForConditionalGeneration


def _model() -> TransformerForConditionalGeneration:
    torch.manual_seed(0)
    return TransformerForConditionalGeneration(TransformerConfig.from_preset("tiny", vocab_size=40)).eval()


def _batch() -> dict:
    rows = [{"input_ids": [7, 8, 9, 2], "labels": [5, 6, 2]}, {"input_ids": [4, 2], "labels": [11, 12, 13, 14, 2]}]
    return PackPairs(decoder_start_token_id=1)(rows)


def test_labels_alone_begin_every_sequence_anew():
    batch = _batch()
    expected = _model()(**batch)
    del batch["decoder_input_ids"]
    found = _model()(**batch)
    torch.testing.assert_close(found.logits, expected.logits)
    torch.testing.assert_close(found.loss, expected.loss)


def test_more_than_one_packed_row_is_refused():
    batch = {name: value.repeat(2, 1) if value.ndim == 2 else value for name, value in _tensors(_batch()).items()}
    with pytest.raises(ValueError, match="one packed row, found a batch of 2 rows"):
        _model()(**batch, max_length_q=5, max_length_k=4)


def _tensors(batch: dict) -> dict[str, torch.Tensor]:
    return {name: value for name, value in batch.items() if isinstance(value, torch.Tensor)}


def test_logits_that_are_kept_are_those_that_are_compared():
    source, labels = torch.tensor([[7, 8, 2]]), torch.tensor([[5, 6, 7, 2]])
    whole = _model()(input_ids=source, labels=labels)
    kept = torch.tensor([1, 3])
    part = _model()(input_ids=source, labels=labels, logits_to_keep=kept)
    torch.testing.assert_close(part.logits, whole.logits[:, kept])
    by_hand = -whole.logits[0, kept].log_softmax(-1).gather(1, labels[0, kept, None]).mean()
    torch.testing.assert_close(part.loss, by_hand)
