"""The whole story for our own Transformer: each task and shape, from a recipe to a run that answers."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as parquet
import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer
from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

import toolkit.transformer  # noqa: F401, registers the model
from toolkit.evaluation.metrics.script_tokens import tokens
from toolkit.recipe import Recipe, build_recipe
from toolkit.trials.finished import FinishedRun
from toolkit.trials.ledger import read_trials
from toolkit.workflow.apply import evaluate, predict
from toolkit.workflow.fine_tune import fine_tune

TINY = {
    "hidden_size": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
}
TRAINING = {"max_steps": 6, "learning_rate": 1e-2, "per_device_train_batch_size": 16}


def _recipe(**settings: Any) -> Recipe:
    given = copy.deepcopy({"method": "scratch", "model": {"config": TINY}, "training": TRAINING} | settings)
    return build_recipe({"tokenizer": {"vocab_size": 1000}} | given)


def _run(recipe: Recipe, folder: Path, name: str) -> FinishedRun:
    return fine_tune(recipe, name=name, output_dir=folder / name, ledger=folder / "trials.jsonl")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("texts")


@pytest.fixture(scope="module")
def reviews_csv(folder: Path, sentences: list[tuple[str, str]]) -> Path:
    path = folder / "reviews.csv"
    lines = ["text,label", *(f'"{text.replace(chr(34), "")}",{label}' for text, label in sentences[:300])]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def translation(folder: Path) -> FinishedRun:
    data = {"source": "packaged:chatterbot", "subset": "korean", "test_size": 12, "validation_size": 10}
    recipe = _recipe(
        task="translation",
        data=data,
        evaluation={"metrics": ["bleu", "chrf", "perplexity"], "generation": {"num_beams": 2, "max_new_tokens": 12}},
    )
    return _run(recipe, folder, "translation")


def test_translation_numbers_are_those_of_the_predictions(translation: FinishedRun):
    rows = parquet.read_table(translation.folder / "predictions.parquet").to_pylist()
    assert list(rows[0]) == ["id", "text", "reference", "prediction", "probability"]
    test = translation.result.test.to_json()
    chrf = sacrebleu.corpus_chrf([row["prediction"] for row in rows], [[row["reference"] for row in rows]])
    assert test["metrics"]["chrf"]["value"] == pytest.approx(chrf.score, abs=1e-9)
    assert test["metrics"]["chrf"]["signature"]
    assert set(translation.result.baselines) == {"copy-source", "nearest-neighbour"}
    assert (translation.result.model, translation.result.labels) == ("own Transformer", ())


def test_the_saved_translator_writes_the_same_through_plain_transformers(translation: FinishedRun):
    """Its own settings of generation travel with it."""
    model = AutoModelForSeq2SeqLM.from_pretrained(translation.folder / "model")
    tokenizer = AutoTokenizer.from_pretrained(translation.folder / "model")
    for row in parquet.read_table(translation.folder / "predictions.parquet").to_pylist()[:4]:
        ids = model.generate(**tokenizer(row["text"], return_tensors="pt"))
        assert tokenizer.decode(ids[0], skip_special_tokens=True) == row["prediction"]


def test_predict_and_evaluate_on_the_run(translation: FinishedRun, tmp_path: Path):
    rows = predict(str(translation.folder), ["안녕", "뭐 해?"]).rows()
    assert [row["text"] for row in rows] == ["안녕", "뭐 해?"]
    data = tmp_path / "pairs.jsonl"
    pairs = [{"source": "안녕", "target": "반가워"}, {"source": "뭐 해?", "target": "공부해"}]
    data.write_text("\n".join(json.dumps(pair, ensure_ascii=False) for pair in pairs), encoding="utf-8")
    result = evaluate(str(translation.folder), [str(data)], output=tmp_path / "out.csv")
    assert result.test.rows == 2
    assert set(result.test.metrics) == {"bleu", "chrf", "perplexity"}
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").count("\n") == 3


def test_a_language_model_beside_what_counting_gives(folder: Path, reviews_csv: Path):
    data = {"source": str(reviews_csv), "columns": {"text": "text"}, "test_size": 20, "max_length": 64}
    run = _run(_recipe(task="text-generation", data=data), folder, "language")
    test = run.result.test.to_json()["metrics"]
    assert list(test) == ["bits_per_character", "perplexity"]
    assert 0 < test["bits_per_character"]["value"] < 8
    assert 0 < run.result.baselines["character-5-gram"].metrics["bits_per_character"].value < 8
    assert run.result.family == "decoder"
    assert predict(str(run.folder), ["the film"]).rows()[0]["prediction"]


def test_answers_are_measured_by_every_metric_of_written_texts(folder: Path):
    names = ["rougeL", "rouge1", "rouge2", "rougeLsum", "chrf", "exact_match", "length_ratio"]
    names += ["copied_4grams", "repeated_4grams", "bits_per_character"]
    data = {"source": "packaged:chatterbot", "subset": "korean", "test_size": 12, "validation_size": 10}
    data |= {"columns": {"source": "source", "target": "target"}}
    evaluation = {"metrics": names, "generation": {"max_new_tokens": 12}}
    run = _run(_recipe(task="text-generation", data=data, evaluation=evaluation), folder, "answers")
    test = run.result.test.to_json()["metrics"]
    assert list(test) == names
    scorer = RougeScorer(["rougeL"], tokenizer=SimpleNamespace(tokenize=tokens))
    rows = parquet.read_table(run.folder / "predictions.parquet").to_pylist()
    scores = [scorer.score(row["reference"], row["prediction"])["rougeL"].fmeasure for row in rows]
    assert test["rougeL"]["value"] == pytest.approx(sum(scores) / len(scores))
    assert "tok:words-or-characters.1" in test["rougeL"]["signature"]
    copies = run.result.baselines["copy-source"].metrics
    assert list(copies) == names[:-1]
    assert copies["copied_4grams"].value == 1
    assert any("ROUGE counts characters" in warning for warning in run.result.data.warnings)
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "ROUGE-L, settings: <code>nrefs:1|" in page
    assert "copied 4-grams, neither is better" in page
    assert "type: rouge\n      name: ROUGE-Lsum" in (run.folder / "README.md").read_text(encoding="utf-8")


def test_masked_words_and_then_fine_tuning_of_the_result(folder: Path, reviews_csv: Path):
    data = {"source": str(reviews_csv), "columns": {"text": "text"}, "test_size": 20, "max_length": 64}
    pretrained = _run(_recipe(task="fill-mask", data=data), folder, "masked")
    assert set(pretrained.result.test.metrics) == {"perplexity", "masked_accuracy"}
    assert "<mask>" not in predict(str(pretrained.folder), ["the <mask> was good"]).rows()[0]["prediction"]
    tuned = _run(
        build_recipe(
            {
                "task": "text-classification",
                "model": {"name": str(pretrained.folder / "model")},
                "data": {"source": str(reviews_csv), "test_size": 40},
                "method": "full",
                "training": TRAINING,
            }
        ),
        folder,
        "tuned",
    )
    assert set(tuned.result.labels) == {"negative", "positive"}
    assert predict(str(tuned.folder), ["a fine film"]).rows()[0]["prediction"] in tuned.result.labels


def test_every_run_is_in_the_ledger(folder: Path, translation: FinishedRun):
    trials, _ = read_trials(folder / "trials.jsonl")
    assert any(trial.model == "own Transformer" and trial.task == "translation" for trial in trials)
