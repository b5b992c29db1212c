from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from datasets import Dataset
from numpy.typing import NDArray
from tiny_models import pretrained

from toolkit.adapters import LocatedModel, OpenedModel, open_for_scoring
from toolkit.evaluation.inference.likelihood import measure_likelihoods, packed_likelihoods
from toolkit.evaluation.inference.padded_likelihood import padded_likelihoods, unknown_share

LONG = " ".join("abcdefgh"[place % 8] for place in range(60))
"""Of more tokens than the models have positions, 40."""

TEXTS = ["the film is good", "a b c d e f g h", "dull"]


def bits_of(opened: OpenedModel, rows: Dataset) -> NDArray[np.floating[Any]]:
    return padded_likelihoods(opened, rows).negative_log_likelihood / math.log(2)


def _opened(name: str, folder: Path) -> OpenedModel:
    return open_for_scoring(LocatedModel(name, pretrained(name, folder)), head="language")


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_decoder_pays_for_each_text_and_its_end(name: str, tmp_path: Path) -> None:
    opened = _opened(name, tmp_path)
    found = bits_of(opened, Dataset.from_dict({"text": TEXTS}))
    for text, bits in zip(TEXTS, found, strict=True):
        ids = [1, *opened.tokenizer(text, add_special_tokens=False)["input_ids"], 2]
        with torch.no_grad():
            loss = opened.model(input_ids=torch.tensor([ids]), labels=torch.tensor([ids])).loss
        assert bits == pytest.approx(float(loss) * (len(ids) - 1) / math.log(2), rel=1e-4)


def test_of_a_pair_the_target_alone_is_paid_for(tmp_path: Path) -> None:
    opened = _opened("gpt2", tmp_path)
    rows = Dataset.from_dict({"source": ["a b", "c"], "target": ["good film", "bad"]})
    found = bits_of(opened, rows)
    for source, target, bits in zip(rows["source"], rows["target"], found, strict=True):
        read = opened.tokenizer(f"{source}\n", add_special_tokens=False)["input_ids"]
        written = [*opened.tokenizer(target, add_special_tokens=False)["input_ids"], 2]
        with torch.no_grad():
            logits = opened.model(input_ids=torch.tensor([read + written])).logits[0].log_softmax(dim=-1)
        places = range(len(read) - 1, len(read) + len(written) - 1)
        expected = -sum(float(logits[place, token]) for place, token in zip(places, written, strict=True))
        assert bits == pytest.approx(expected / math.log(2), rel=1e-4)


@pytest.mark.parametrize("name", ["t5", "bart", "two-berts"])
def test_an_encoder_decoder_pays_for_the_target_given_the_source(name: str, tmp_path: Path) -> None:
    opened = _opened(name, tmp_path)
    rows = Dataset.from_dict({"source": ["a b", "c d e"], "target": ["good film", "bad"]})
    found = bits_of(opened, rows)
    for source, target, bits in zip(rows["source"], rows["target"], found, strict=True):
        labels = torch.tensor([opened.tokenizer(target)["input_ids"]])
        decoder_ids = opened.model.prepare_decoder_input_ids_from_labels(labels)
        with torch.no_grad():
            logits = opened.model(**opened.tokenizer(source, return_tensors="pt"), decoder_input_ids=decoder_ids).logits
        expected = torch.nn.functional.cross_entropy(logits[0], labels[0], reduction="sum")
        assert bits == pytest.approx(float(expected) / math.log(2), rel=1e-4)


@pytest.mark.parametrize("name", ["gpt2", "llama", "t5", "bart", "own-encoder-decoder"])
def test_every_token_of_a_long_target_is_paid_for_once(name: str, tmp_path: Path) -> None:
    opened = _opened(name, tmp_path)
    for weights in opened.model.parameters():
        weights.data.zero_()  # so that all 40 tokens are equally probable everywhere
    rows = Dataset.from_dict({"source": ["a b", LONG], "target": [LONG, "good film"]})
    assert bits_of(opened, rows) == pytest.approx([61 * math.log2(40), 3 * math.log2(40)])


def test_each_window_of_a_long_text_has_what_comes_before_in_sight(tmp_path: Path) -> None:
    opened = _opened("gpt2", tmp_path)
    written = [*opened.tokenizer(LONG, add_special_tokens=False)["input_ids"], 2]
    expected = 0.0
    for place, token in enumerate(written):
        # <s> leaves 39 of the 40 positions; from the second window on, 19 of these repeat what came before.
        first = 0 if place < 39 else 20 if place < 59 else 40
        with torch.no_grad():
            logits = opened.model(input_ids=torch.tensor([[1, *written[first:place]]])).logits[0, -1]
        expected -= float(logits.log_softmax(dim=-1)[token])
    assert bits_of(opened, Dataset.from_dict({"text": [LONG]}))[0] == pytest.approx(expected / math.log(2), rel=1e-4)


def test_the_share_of_unknown_tokens_is_that_of_the_targets(tmp_path: Path) -> None:
    opened = _opened("gpt2", tmp_path)
    rows = Dataset.from_dict({"source": ["unheard of"] * 2, "target": ["a b c unheard", "a good </s>"]})
    assert unknown_share(opened, rows) == pytest.approx(4 / 9)


def test_tokens_and_characters_are_those_of_the_targets(tmp_path: Path) -> None:
    opened = _opened("gpt2", tmp_path)
    found = measure_likelihoods(opened, Dataset.from_dict({"source": ["a b", "c"], "target": [LONG, "good film"]}))
    assert found.tokens.tolist() == [61, 3]
    assert found.characters.tolist() == [len(LONG), 9]


def test_packed_answers_cost_what_padded_ones_do(tmp_path: Path) -> None:
    opened = _opened("llama", tmp_path)
    chats = Dataset.from_dict({"source": ["a b", "c", "film"], "target": [LONG, "good film", "bad , very bad"]})
    packed, found = measure_likelihoods(opened, chats), padded_likelihoods(opened, chats)
    assert found.negative_log_likelihood == pytest.approx(packed.negative_log_likelihood, rel=1e-5)
    assert found.tokens.tolist() == packed.tokens.tolist()


@pytest.mark.parametrize("name", ["own-decoder", "own-encoder-decoder"])
def test_padded_and_packed_batches_give_the_same_likelihoods(name: str, tmp_path: Path) -> None:
    opened = _opened(name, tmp_path)
    rows = Dataset.from_dict({"text": TEXTS} if name == "own-decoder" else {"source": TEXTS, "target": TEXTS[::-1]})
    packed, found = packed_likelihoods(opened, rows), padded_likelihoods(opened, rows)
    assert found.negative_log_likelihood == pytest.approx(packed.negative_log_likelihood, rel=1e-5)
    assert found.tokens.tolist() == packed.tokens.tolist()
    assert found.characters.tolist() == packed.characters.tolist()
    assert measure_likelihoods(opened, rows).negative_log_likelihood.tolist() == packed.negative_log_likelihood.tolist()


def test_models_of_the_hub_are_scored_in_padded_batches(tmp_path: Path) -> None:
    opened, rows = _opened("gpt2", tmp_path), Dataset.from_dict({"text": TEXTS})
    expected = padded_likelihoods(opened, rows).negative_log_likelihood
    assert measure_likelihoods(opened, rows).negative_log_likelihood.tolist() == expected.tolist()


def test_an_encoder_of_the_hub_is_refused(tmp_path: Path) -> None:
    opened = open_for_scoring(LocatedModel("bert", pretrained("bert", tmp_path)), head="masked")
    with pytest.raises(ValueError, match="an encoder gives no likelihood"):
        measure_likelihoods(opened, Dataset.from_dict({"text": TEXTS}))
