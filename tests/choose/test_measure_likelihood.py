from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from datasets import Dataset
from tiny_models import pretrained

from toolkit.adapters import LocatedModel, OpenedModel, open_for_scoring
from toolkit.choose.measure_likelihood import bits_of

TEXTS = ["the film is good", "a b c d e f g h", "dull"]


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
        read = [1, *opened.tokenizer(f"{source}\n", add_special_tokens=False)["input_ids"]]
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
