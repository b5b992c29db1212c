"""Zero-shot from a model's name to predictions: the usual scorer, early refusals, few-shot, measuring."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset
from transformers import AutoConfig, AutoTokenizer
from zero_shot_models import save

from toolkit.adapters import LocatedModel, locate_model
from toolkit.errors import RecipeError
from toolkit.evaluation.zero_shot import (
    Respondent,
    ask,
    likelihood,
    open_for_question,
    settle_question,
    similarity,
    zero_shot,
)
from toolkit.evaluation.zero_shot import question as question_module
from toolkit.evaluation.zero_shot.ask import texts_of
from toolkit.evaluation.zero_shot.calibration import CONTENT_FREE
from toolkit.evaluation.zero_shot.likelihood import Asker, label_evidence
from toolkit.evaluation.zero_shot.templates import Template
from toolkit.recipe.schema import ZeroShotSection
from toolkit.tasks.text_classification.class_result import evaluate_predictions

LABELS = ("negative", "positive")
USUAL = {
    "gpt2": "likelihood",
    "llama": "likelihood",
    "t5": "likelihood",
    "bert-masked": "mask",
    "bert-entailment": "entailment",
}


@pytest.fixture(scope="module")
def located(tmp_path_factory: pytest.TempPathFactory, sentences: list[tuple[str, str]]) -> dict[str, LocatedModel]:
    texts = [text for text, _ in sentences[:200]]
    folders = {kind: save(kind, tmp_path_factory.mktemp(kind) / "model", texts) for kind in USUAL}
    models = {kind: LocatedModel(kind, folder) for kind, folder in folders.items()}
    return {**models, "minilm": locate_model("packaged:minilm")}


@pytest.fixture(scope="module")
def rows(sentences: list[tuple[str, str]]) -> Dataset:
    texts, labels = zip(*sentences[:12], strict=True)
    return Dataset.from_dict({"id": list(range(12)), "text": list(texts), "reference": list(labels)})


@pytest.mark.parametrize(("kind", "scorer"), [*USUAL.items(), ("minilm", "similarity")])
def test_every_kind_of_model_answers_by_what_it_was_made_for(
    located: dict[str, LocatedModel], rows: Dataset, kind: str, scorer: str
):
    answers = zero_shot(located[kind], rows, labels=LABELS)
    assert answers.scorer == scorer
    assert (answers.calibration is not None) == (scorer == "likelihood")
    assert answers.predictions.probabilities.shape == (12, 2)
    np.testing.assert_allclose(answers.predictions.probabilities.sum(axis=1), 1)
    measured = evaluate_predictions(answers.predictions, metrics=["accuracy", "f1"])
    assert 0 <= measured.metrics["accuracy"].value <= 1
    columns = answers.columns()
    assert list(columns) == [
        *("id", "text", "reference", "prediction", "probability"),
        *("probability:negative", "probability:positive"),
    ]
    highest = np.maximum(columns["probability:negative"], columns["probability:positive"])
    np.testing.assert_allclose(columns["probability"], highest)


def test_sentences_about_films_are_told_from_others(located: dict[str, LocatedModel]):
    texts = ["a film with great actors", "the striker scored in the last minute", "우리는 축구를 했다"]
    rows = Dataset.from_dict({"id": [7, 8, 9], "text": texts})
    answers = zero_shot(located["minilm"], rows, labels=["football", "cinema"])
    assert [row["prediction"] for row in answers.rows()[:2]] == ["cinema", "football"]
    assert answers.predictions.ids == [7, 8, 9]


@pytest.mark.parametrize(
    ("kind", "labels", "settings", "words"),
    [
        ("minilm", ["a", ""], {}, "label 2 of 2 is empty"),
        ("minilm", ["a", "a "], {}, "more than once"),
        ("bert-masked", ["Good", "good"], {}, "same tokens"),
        ("gpt2", LABELS, {"scorer": "mask"}, r"works with the families encoder, .* family decoder; .* likelihood"),
        ("t5", LABELS, {"scorer": "similarity"}, r"works with the families encoder, .* family encoder-decoder"),
        ("minilm", LABELS, {"scorer": "likelihood"}, "scorers for it: similarity, mask, entailment"),
        ("minilm", LABELS, {"scorer": "entailment"}, "none of this model's labels is entailment"),
        (
            "minilm",
            LABELS,
            {"calibration": "domain"},
            "calibration is for the scorer likelihood, and this is similarity",
        ),
        ("minilm", LABELS, {"shots": 4}, "shots is for the scorer likelihood"),
        ("gpt2", LABELS, {"templates": ["{text} {lable}"]}, r"unknown gap \{lable\}"),
        ("gpt2", LABELS, {"label_words": {"positve": "good"}}, "no label 'positve'; did you mean 'positive'"),
    ],
)
def test_what_cannot_work_is_refused_before_the_weights_are_opened(
    located: dict[str, LocatedModel],
    rows: Dataset,
    kind: str,
    labels: Any,
    settings: dict[str, Any],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
):
    for name in ("open_body", "open_for_scoring"):
        monkeypatch.setattr(question_module, name, lambda *_, **__: pytest.fail("the weights were opened"))
    with pytest.raises(RecipeError, match=words) as refused:
        zero_shot(located[kind], rows, labels=labels, settings=ZeroShotSection(**settings))
    assert all("\n" not in str(fault) for fault in refused.value.faults)


def test_encoder_without_a_mask_token_cannot_fill_masks(located: dict[str, LocatedModel], tmp_path: Path):
    folder = shutil.copytree(located["bert-masked"].folder, tmp_path / "model")
    tokenizer = AutoTokenizer.from_pretrained(located["t5"].folder)
    tokenizer.save_pretrained(folder)
    AutoConfig.from_pretrained(folder).save_pretrained(folder)
    with pytest.raises(RecipeError, match="no mask token"):
        settle_question(LocatedModel("x", folder), labels=LABELS, settings=ZeroShotSection())


def test_batch_calibration_needs_a_batch(located: dict[str, LocatedModel], rows: Dataset):
    settings = ZeroShotSection(calibration="batch")
    with pytest.raises(RecipeError, match="compares a text with the others, and there is one"):
        zero_shot(located["gpt2"], rows.select([0]), labels=LABELS, settings=settings)
    chosen = zero_shot(located["gpt2"], rows, labels=LABELS, settings=settings).predictions.predicted
    assert set(chosen.tolist()) == {0, 1}


def test_pairs_are_asked_as_pairs(located: dict[str, LocatedModel]):
    pairs = Dataset.from_dict({"id": [0, 1], "text": ["one", "two"], "text_pair": ["three", "four"]})
    answers = zero_shot(located["gpt2"], pairs, labels=["alike", "different"])
    assert "{text_pair}" in answers.templates[0]
    assert answers.predictions.pairs == ["three", "four"]
    with pytest.raises(RecipeError, match="similarity reads single texts"):
        zero_shot(located["minilm"], pairs, labels=["alike", "different"])


def test_examples_stand_in_the_prompt_with_the_words_of_their_labels(
    located: dict[str, LocatedModel], rows: Dataset, sentences: list[tuple[str, str]]
):
    rows = rows.select([0])
    texts, labels = zip(*sentences[20:26], strict=True)
    examples = Dataset.from_dict({"id": list(range(6)), "text": list(texts), "reference": list(labels)})
    template = "{text} = {label}"
    settings = ZeroShotSection(
        shots=2, calibration="none", templates=[template], label_words={"negative": "bad", "positive": "good"}
    )
    question = settle_question(located["llama"], labels=LABELS, settings=settings)
    opened = open_for_question(located["llama"], question)
    answers = ask(opened, rows, question, examples=examples, seed=5)
    assert answers.words == ("bad", "good")
    with pytest.raises(RecipeError, match="shots needs labelled rows"):
        ask(opened, rows, question)

    def probabilities(prompt: str) -> np.ndarray:
        asker = Asker(opened, Template(template), answers.words, examples=prompt)  # type: ignore[arg-type]
        of_texts = label_evidence(asker, texts_of(rows), needed=())[0].of_texts
        return np.exp(of_texts) / np.exp(of_texts).sum(axis=1, keepdims=True)

    of_class = {"negative": "bad", "positive": "good"}
    shown = [f"{text} = {of_class[label]}\n\n" for text, label in sentences[20:26]]
    orders = [first + second for first in shown for second in shown]
    same = [prompt for prompt in orders if np.allclose(probabilities(prompt), answers.predictions.probabilities)]
    assert len(same) == 1
    assert "= bad" in same[0]
    assert "= good" in same[0]


@pytest.mark.parametrize(("kind", "computes"), [("minilm", "pooled_features"), ("gpt2", "decoder_scores")])
def test_what_is_the_same_for_all_texts_is_computed_once(
    kind: str, computes: str, located: dict[str, LocatedModel], rows: Dataset, monkeypatch: pytest.MonkeyPatch
):
    module = similarity if kind == "minilm" else likelihood
    compute, asked = getattr(module, computes), []
    monkeypatch.setattr(module, computes, lambda *a, **kw: (asked.append(len(a[1])), compute(*a, **kw))[1])
    question = settle_question(located[kind], labels=LABELS, settings=ZeroShotSection())
    respondent = Respondent(open_for_question(located[kind], question), question)
    alone = [respondent.ask(rows.select([row])).predictions.probabilities[0] for row in range(3)]
    n_once = len(question.templates) * (len(LABELS) if kind == "minilm" else len(CONTENT_FREE))
    assert sum(asked) == 3 * (1 if kind == "minilm" else len(question.templates)) + n_once
    expected = ask(respondent.opened, rows.select(range(3)), question).predictions.probabilities
    np.testing.assert_allclose(alone, expected, atol=1e-4)


def test_several_templates_are_averaged(located: dict[str, LocatedModel], rows: Dataset):
    def asked(*templates: str) -> np.ndarray:
        settings = ZeroShotSection(templates=list(templates), calibration="none")
        return zero_shot(located["gpt2"], rows, labels=LABELS, settings=settings).predictions.probabilities

    one, other, both = asked("{text} {label}"), asked("{text}: {label}"), asked("{text} {label}", "{text}: {label}")
    np.testing.assert_allclose(both, (one + other) / 2, rtol=1e-6)


def test_what_a_user_should_know_is_said(located: dict[str, LocatedModel]):
    rows = Dataset.from_dict({"id": [0, 1], "text": ["word " * 400, "word"]})
    assert zero_shot(located["minilm"], rows, labels=["0", "1"]).warnings == (
        "the labels are numbers, which say nothing to a model; name words for them (zero_shot.label_words)",
    )
    (said,) = zero_shot(located["gpt2"], rows, labels=LABELS).warnings
    assert said == "1 of 2 texts are longer than the model takes; their ends are cut off"
