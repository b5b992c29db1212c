"""What a packed row must look like, and labels that are enough to make one."""

from __future__ import annotations

import json
from pathlib import Path

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


def test_a_packed_row_has_no_padding_mask():
    batch = _batch()
    with pytest.raises(ValueError, match="a packed row has no padding"):
        _model()(**batch, attention_mask=torch.ones_like(batch["input_ids"]))


def test_a_file_of_a_later_library_still_loads(tmp_path: Path):
    """What somebody writes is checked to the letter; what a newer version saved is not ours to refuse."""
    TransformerConfig.from_preset("tiny").save_pretrained(tmp_path)
    file = tmp_path / "config.json"
    saved = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(saved | {"a_key_of_tomorrow": 1}), encoding="utf-8")
    assert TransformerConfig.from_pretrained(tmp_path).hidden_size == 128
    with pytest.raises(TypeError, match="a_key_of_tomorrow"):
        TransformerConfig(a_key_of_tomorrow=1)
