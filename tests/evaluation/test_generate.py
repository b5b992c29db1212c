"""What a model writes for many rows is what it writes for each alone, with the right probability."""

from __future__ import annotations

import math

import pytest
import torch
from datasets import Dataset

from toolkit.adapters import OpenedModel, open_from_scratch
from toolkit.data.vocabulary import train_tokenizer
from toolkit.evaluation.inference import generate
from toolkit.evaluation.inference.fill_masks import fill_masks
from toolkit.evaluation.inference.generate import write_texts
from toolkit.names import Task
from toolkit.tasks import room_of

TEXTS = ["the cat sat on the mat", "a dog", "the dog and the cat ran to the old house", "the sea", "나는 밥을 먹었다"]


def _opened(task: Task, architecture: str, **generation: object) -> OpenedModel:
    tokenizer = train_tokenizer(TEXTS * 3, kind="bpe", vocab_size=380, max_length=64)
    torch.manual_seed(1)
    config = {"architecture": architecture, "hidden_size": 32, "encoder_layers": 1, "decoder_layers": 1}
    config |= {"num_attention_heads": 4, "intermediate_size": 48}
    opened = open_from_scratch(config, tokenizer, head=room_of(task).head, max_length=64, generation=generation)
    for parameter in opened.model.parameters():
        parameter.data.mul_(1.5)  # so that its opinions differ from text to text
    return opened


@pytest.mark.parametrize("generation", [{"max_new_tokens": 9}, {"max_new_tokens": 9, "num_beams": 3}])
def test_translations_of_many_rows_are_those_of_each_alone(monkeypatch: pytest.MonkeyPatch, generation: dict):
    monkeypatch.setattr(generate, "ROWS_AT_ONCE", 2)
    opened = _opened(Task.TRANSLATION, "encoder-decoder", **generation)
    rows = Dataset.from_dict({"id": [9, 8, 7, 6, 5], "source": TEXTS, "target": ["x"] * 5})
    predictions, cut = write_texts(opened, rows)
    assert (predictions.ids, predictions.references) == ([9, 8, 7, 6, 5], ["x"] * 5)
    assert predictions.probabilities is not None
    for i, text in enumerate(TEXTS):
        given = opened.tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            ids = opened.model.generate(**given)
            assert predictions.predictions[i] == opened.tokenizer.decode(ids[0], skip_special_tokens=True)
            log_p = opened.model(**given, decoder_input_ids=ids[:, :-1]).logits[0].log_softmax(-1)
        expected = math.exp(float(log_p.gather(1, ids[0, 1:, None]).sum()))
        assert predictions.probabilities[i] == pytest.approx(expected, rel=1e-4)
        assert cut[i] == (opened.tokenizer.eos_token_id not in ids[0].tolist())


def test_a_decoder_goes_on_with_each_text_as_if_alone():
    opened = _opened(Task.TEXT_GENERATION, "decoder", max_new_tokens=7)
    predictions, _ = write_texts(opened, Dataset.from_dict({"id": list(range(5)), "text": TEXTS}))
    assert predictions.references is None
    for i, text in enumerate(TEXTS):
        plain = opened.tokenizer(text, add_special_tokens=False)["input_ids"]
        ids = torch.tensor([[opened.tokenizer.bos_token_id, *plain]])
        with torch.no_grad():
            written = opened.model.generate(ids, attention_mask=torch.ones_like(ids))[0, ids.shape[1] :]
        assert predictions.predictions[i] == opened.tokenizer.decode(written, skip_special_tokens=True)


def test_an_encoder_fills_in_its_masks():
    opened = _opened(Task.FILL_MASK, "encoder")
    texts = ["the <mask> sat on the mat", "a dog", "the <mask> and the <mask>"]
    predictions = fill_masks(opened, Dataset.from_dict({"id": [0, 1, 2], "text": texts}))
    assert predictions.predictions[1] == "a dog"
    assert not any("<mask>" in text for text in predictions.predictions)
    assert predictions.probabilities is not None
    assert predictions.probabilities[1] == 1.0
    ids = opened.tokenizer(texts[0], return_tensors="pt")["input_ids"]
    place = int((ids[0] == opened.tokenizer.mask_token_id).nonzero())
    with torch.no_grad():
        best = opened.model(input_ids=ids).logits[0, place].softmax(-1).max(-1)
    assert predictions.probabilities[0] == pytest.approx(float(best.values), rel=1e-5)
    ids[0, place] = best.indices
    assert predictions.predictions[0] == opened.tokenizer.decode(ids[0], skip_special_tokens=True)


def test_a_repetition_penalty_counts_no_padding():
    """Padding may be the token that ends a text, as for many decoders; then a penalty on it would be one on the end."""
    opened = _opened(Task.TEXT_GENERATION, "decoder", max_new_tokens=9, repetition_penalty=5.0)
    opened.tokenizer.pad_token = opened.tokenizer.eos_token
    end = opened.tokenizer.eos_token_id
    opened.model.get_output_embeddings().weight.data[end] = opened.model.get_output_embeddings().weight.data.mean(0)
    together, _ = write_texts(opened, Dataset.from_dict({"id": list(range(5)), "text": TEXTS}))
    for i, text in enumerate(TEXTS):
        alone, _ = write_texts(opened, Dataset.from_dict({"id": [0], "text": [text]}))
        assert alone.predictions[0] == together.predictions[i]
