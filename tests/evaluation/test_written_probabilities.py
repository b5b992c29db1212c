"""The probability of a text that an encoder-decoder writes: of what it was free to choose, and of that alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer
from writing_models import (
    CODES,
    ENCODER_DECODERS,
    LANGUAGES,
    TOKENS_OF_SOURCES,
    recipe_for,
    write_pairs,
    writing_model,
)

from toolkit.adapters import OpenedModel
from toolkit.evaluation.inference.generate import write_texts
from toolkit.evaluation.inference.padded_likelihood import padded_likelihoods
from toolkit.tasks import room_of

SOURCES = ["the film is good", "a", "the film is bad , not dull , very good !", "d c b a"]
LONG = " ".join("abcdefgh"[place % 8] for place in range(60))
"""Of more tokens than the models take, 40."""


def opened_for(name: str, folder: Path, **sections: object) -> OpenedModel:
    """A model as a recipe opens it, with opinions that differ from text to text."""
    model, rows = writing_model(name, folder / "body"), write_pairs(folder)
    columns = {"source": "source", "target": "target"}
    recipe = recipe_for("translation", model, rows, columns, data=LANGUAGES.get(name, {}), **sections)
    room = room_of(recipe.task)
    opened = room.open_for_training(recipe, room.prepare(recipe), tokenizer_folder=folder)
    torch.manual_seed(1)
    for parameter_name, parameter in opened.model.named_parameters():
        if "embed_positions" not in parameter_name:  # which Marian computes and does not save
            parameter.data.add_(torch.randn_like(parameter) * 0.3)
    return opened


@pytest.mark.filterwarnings("ignore:Version v4.12.0:FutureWarning")  # a model made of two, asked for its loss
@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_it_is_the_product_of_what_generate_chose_by(name: str, tmp_path: Path) -> None:
    opened = opened_for(name, tmp_path)
    found, cut = write_texts(opened, Dataset.from_dict({"id": list(range(4)), "source": SOURCES}))
    opened.model.save_pretrained(tmp_path / "saved")
    opened.tokenizer.save_pretrained(tmp_path / "saved")
    model = AutoModelForSeq2SeqLM.from_pretrained(tmp_path / "saved").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "saved")
    expected, forced = [], []
    for source in SOURCES:
        read = tokenizer(TOKENS_OF_SOURCES.get(name, "") + source, return_tensors="pt", truncation=True)
        made = model.generate(**read, return_dict_in_generate=True, output_scores=True)
        chosen = made.sequences[0][-len(made.scores) :]
        steps = [float(step[0].log_softmax(-1)[token]) for step, token in zip(made.scores, chosen, strict=True)]
        expected.append((tokenizer.decode(chosen, skip_special_tokens=True), float(np.exp(sum(steps)))))
        ended = tokenizer.eos_token_id in chosen.tolist()
        forced.append(len(chosen) == 5 and (steps[-1] == 0.0 or not ended))
    assert found.predictions == [text for text, _ in expected]
    assert found.probabilities == pytest.approx([probability for _, probability in expected], rel=1e-3)
    assert cut.tolist() == forced
    if name in CODES:
        told = tokenizer(text_target="a")["input_ids"]
        first = [told[-1]] if name in ("mbart", "plbart") else [tokenizer.eos_token_id, told[0]]
        assert made.sequences[0][: len(first)].tolist() == first


@pytest.mark.parametrize("name", ["mbart", "mbart-50", "nllb"])
def test_each_window_of_a_long_target_begins_as_the_whole_does(name: str, tmp_path: Path) -> None:
    """Where mBART shifts a target, its last token comes to the front; that of a window must not."""
    opened = opened_for(name, tmp_path)
    labels = torch.tensor([opened.tokenizer(text_target=LONG)["input_ids"]])
    assert labels.shape[1] > opened.max_length
    wraps = name.startswith("mbart")  # the last token of the whole comes to the front
    start = labels[:, -1:] if wraps else torch.tensor([[opened.tokenizer.eos_token_id]])
    given = torch.cat([start, labels[:, :-1]], dim=1)
    if wraps:
        assert torch.equal(given, opened.model.prepare_decoder_input_ids_from_labels(labels))
    read = opened.tokenizer("a b", return_tensors="pt")
    nats, done, longest = 0.0, 0, opened.max_length
    with torch.no_grad():
        while done < labels.shape[1]:
            first = max(0, done - longest // 2)
            part = labels[:, first : first + longest]
            inputs = torch.cat([given[:, :1], part[:, :-1]], dim=1)
            logits = opened.model(**read, decoder_input_ids=inputs).logits[0]
            losses = torch.nn.functional.cross_entropy(logits, part[0], reduction="none")
            nats += float(losses[done - first :].sum())
            done = first + longest
    rows = Dataset.from_dict({"source": ["a b"], "target": [LONG]})
    assert padded_likelihoods(opened, rows).negative_log_likelihood == pytest.approx([nats], rel=1e-5)
