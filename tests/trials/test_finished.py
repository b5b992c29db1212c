from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from run_results import result_of

from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics.likelihoods import Likelihoods, count_characters
from toolkit.tasks.text_classification.mistakes import most_confident_mistakes
from toolkit.tasks.texts.answers import TextAnswers
from toolkit.tasks.texts.result import evaluate_texts
from toolkit.trials.finished import PREDICTIONS_FILE, FinishedRun

TEXTS = [
    "안녕",
    "A dog runs.",
    "A cat sleeps in the sun.",
    "뭐 해?",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
]


def test_mistakes_of_a_classifier_are_those_of_its_evaluation(tmp_path: Path):
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet([1, 1], size=len(TEXTS)).astype(np.float32)
    references = ["no", "yes"] * 6
    labels = np.array([0, 1] * 6)[: len(TEXTS)]
    predictions = Predictions(
        list(range(len(TEXTS))), TEXTS, references[: len(TEXTS)], labels, ("no", "yes"), probabilities
    )
    predictions.write(tmp_path / PREDICTIONS_FILE)
    expected = [asdict(mistake) for mistake in most_confident_mistakes(predictions)]
    assert expected
    assert (
        FinishedRun(tmp_path, result_of({"problem": "single_label_classification", "labels": ["no", "yes"]})).samples()
        == expected
    )


def test_samples_of_a_writer_are_those_of_its_evaluation(tmp_path: Path):
    predictions = TextPredictions([f"row {text}" for text in TEXTS], TEXTS, TEXTS, TEXTS[::-1])
    predictions.write(tmp_path / PREDICTIONS_FILE)
    evaluation = evaluate_texts(["chrf"], predictions=predictions)
    assert FinishedRun(tmp_path, result_of({"task": "translation", "labels": []})).samples() == [
        asdict(sample) for sample in evaluation.chosen
    ]


def test_scored_texts_have_no_samples_and_keep_their_numbers(tmp_path: Path):
    losses = np.linspace(0.5, 9.5, len(TEXTS))
    scores = Likelihoods(losses, np.arange(1, len(TEXTS) + 1), count_characters(TEXTS))
    scored = TextAnswers(list(range(len(TEXTS))), TEXTS, likelihoods=scores)
    for suffix in (".parquet", ".csv", ".jsonl"):
        scored.write((tmp_path / PREDICTIONS_FILE).with_suffix(suffix))
    import pyarrow.parquet as parquet

    assert parquet.read_table(tmp_path / PREDICTIONS_FILE).to_pydict() == scored.columns()
    assert FinishedRun(tmp_path, result_of({"task": "translation", "labels": []})).samples() == []
