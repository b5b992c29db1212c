"""Mask, entailment and similarity against the library's own pipelines and plain models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, pipeline
from zero_shot_models import TEXTS, save

from toolkit.adapters import LocatedModel, OpenedBody, OpenedModel, open_body, open_for_scoring
from toolkit.data.packaged import packaged_model_folder
from toolkit.errors import RecipeError
from toolkit.evaluation.zero_shot.entailment import entailment_scores
from toolkit.evaluation.zero_shot.mask import mask_scores
from toolkit.evaluation.zero_shot.similarity import similarity_scores
from toolkit.evaluation.zero_shot.templates import Template

WORDS = ("good", "bad", "not worth it")
ROWS = [{"text": text.strip()} for text in TEXTS]
TOLERANCE = 1e-4


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {kind: save(kind, tmp_path_factory.mktemp(kind), []) for kind in ("bert-masked", "bert-entailment")}


@pytest.fixture(scope="module")
def masked(folders: dict[str, Path]) -> OpenedModel:
    return open_for_scoring(LocatedModel("masked", folders["bert-masked"]), head="masked")


@pytest.fixture(scope="module")
def entails(folders: dict[str, Path]) -> OpenedModel:
    return open_for_scoring(LocatedModel("entails", folders["bert-entailment"]), head="entailment")


@pytest.fixture(scope="module")
def minilm() -> OpenedBody:
    return open_body(LocatedModel("minilm", packaged_model_folder("packaged:minilm")), max_length=64)


@pytest.mark.parametrize("pattern", ["{text} It was {label}.", "{label}: {text}"])
def test_mask_fills_what_the_plain_model_fills(masked: OpenedModel, folders: dict[str, Path], pattern: str):
    model = AutoModelForMaskedLM.from_pretrained(folders["bert-masked"])
    tokenizer = AutoTokenizer.from_pretrained(folders["bert-masked"])
    rows = [row for row in ROWS if "[MASK]" not in row["text"]]
    scores, n_cut = mask_scores(masked, Template(pattern), rows, words=WORDS)
    for row, found in zip(rows, scores, strict=True):
        expected = []
        for word in WORDS:
            answer = tokenizer(word, add_special_tokens=False)["input_ids"]
            prompt = pattern.replace("{text}", row["text"]).replace("{label}", " ".join(["[MASK]"] * len(answer)))
            inputs = tokenizer(prompt, return_tensors="pt")
            with torch.no_grad():
                logits = model(**inputs).logits[0, inputs["input_ids"][0] == tokenizer.mask_token_id]
            expected.append(float(logits.log_softmax(-1)[range(len(answer)), answer].mean()))
        np.testing.assert_allclose(found, torch.tensor(expected).log_softmax(-1), atol=TOLERANCE)
    assert n_cut == 0


def test_text_that_spells_a_mask_is_text(masked: OpenedModel):
    template = Template("{text} It was {label}.")
    spelt, plain = [{"text": "a [MASK] film"}], [{"text": "a [ mask ] film"}]
    found = [mask_scores(masked, template, rows, words=WORDS)[0] for rows in (spelt, plain)]
    np.testing.assert_allclose(*found)


def test_entailment_is_the_pipeline_of_the_library(entails: OpenedModel, folders: dict[str, Path]):
    peer = pipeline("zero-shot-classification", model=str(folders["bert-entailment"]))
    rows = [row for row in ROWS if row["text"] and "[MASK]" not in row["text"]]
    template = Template("This example is {label}.")
    scores, n_cut = entailment_scores(entails, template, rows, words=WORDS)
    for row, found in zip(rows, np.exp(scores), strict=True):
        answer = peer(row["text"], list(WORDS), hypothesis_template="This example is {}.")
        expected = dict(zip(answer["labels"], answer["scores"], strict=True))
        np.testing.assert_allclose(found, [expected[word] for word in WORDS], atol=TOLERANCE)
    assert n_cut == 0


def test_similarity_is_the_cosine_of_mean_pooled_states(minilm: OpenedBody):
    folder = packaged_model_folder("packaged:minilm")
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)

    def embedded(text: str) -> np.ndarray:
        inputs = tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            return model(**inputs).last_hidden_state[0].mean(dim=0).numpy()

    templates = [Template("{text} This is {label}."), Template("{label}")]
    scores, n_cut = similarity_scores(minilm, templates, ROWS, words=WORDS)
    for phrase, of_template in zip(("This is {}.", "{}"), scores, strict=True):
        for row, found in zip(ROWS, of_template, strict=True):
            text, labels = embedded(row["text"]), np.array([embedded(phrase.format(word)) for word in WORDS])
            cosines = labels @ text / np.linalg.norm(labels, axis=1) / np.linalg.norm(text)
            np.testing.assert_allclose(found, torch.tensor(cosines / 0.05).log_softmax(-1), atol=20 * TOLERANCE)
    assert n_cut == 0


def test_similarity_knows_what_a_sentence_is_about(minilm: OpenedBody):
    rows = [{"text": "The striker scored twice."}, {"text": "The court rejected the appeal."}]
    ((scores, *_), _) = similarity_scores(minilm, [Template("{label}")], rows, words=("law", "sports"))
    assert scores.argmax(axis=1).tolist() == [1, 0]


SCORERS: dict[str, Any] = {
    "mask": ("masked", mask_scores, "{text} It was {label}."),
    "entailment": ("entails", entailment_scores, "It was {label}."),
    "similarity": (
        "minilm",
        lambda opened, *args, **kw: _first(*similarity_scores(opened, [args[0]], args[1], **kw)),
        "{label}",
    ),
}


def _first(scores: list[np.ndarray], n_cut: int) -> tuple[np.ndarray, int]:
    return scores[0], n_cut


@pytest.mark.parametrize("name", SCORERS)
def test_batch_of_one_is_batch_of_many_and_long_texts_are_counted(name: str, request: pytest.FixtureRequest):
    fixture, score, pattern = SCORERS[name]
    opened = request.getfixturevalue(fixture)
    rows = [*ROWS, {"text": "a long and winding story " * 100}]
    together, n_cut = score(opened, Template(pattern), rows, words=WORDS)
    alone = [score(opened, Template(pattern), [row], words=WORDS)[0][0] for row in rows]
    np.testing.assert_allclose(together, alone, atol=TOLERANCE)
    assert n_cut == 1
    assert np.isfinite(together).all()
    np.testing.assert_allclose(np.exp(together).sum(axis=1), 1)


@pytest.mark.parametrize("name", ["mask", "entailment"])
def test_template_longer_than_the_model_is_refused(name: str, request: pytest.FixtureRequest):
    fixture, score, pattern = SCORERS[name]
    with pytest.raises(RecipeError, match=r"the template has .* tokens without a text, and the model takes 64"):
        score(request.getfixturevalue(fixture), Template("long " * 70 + pattern), ROWS, words=WORDS)
