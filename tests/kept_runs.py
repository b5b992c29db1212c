"""Run folders that were never trained: answers that a test makes up, measured and written as a run's are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from run_results import result_of

from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.names import Problem, Task
from toolkit.tasks import room_of
from toolkit.tasks.texts.answers import TextAnswers
from toolkit.tasks.token_classification.predictions import Pieces, predictions_of
from toolkit.tasks.token_classification.schemes import Kind, Scheme
from toolkit.tasks.token_classification.sentences import Sentence

LABELS = ("nein", "ja, sehr", "어쩌면")
N_ROWS = 80


def classes(right: Sequence[bool], *, seed: int = 0, texts: Sequence[str] | None = None) -> Predictions:
    """One of three classes a row, right where it is said; the references are the same for every seed."""
    n_rows = len(right)
    references = np.random.default_rng(n_rows).integers(3, size=n_rows)
    wrong = (references + np.random.default_rng(seed).integers(1, 3, size=n_rows)) % 3
    predicted = np.where(right, references, wrong)
    return Predictions(
        ids=list(range(n_rows)),
        texts=list(texts or (f"text {row}" for row in range(n_rows))),
        references=[LABELS[label] for label in references],
        reference_labels=references,
        labels=LABELS,
        probabilities=np.where(np.arange(3) == predicted[:, np.newaxis], 0.8, 0.1).astype(np.float32),
    )


def answers_of(kind: str, seed: int) -> Any:
    """Answers of a kind to the same rows for every seed; a seed's answers are mostly right."""
    generator = np.random.default_rng(seed)
    ids: list[int | str] = list(range(N_ROWS))
    texts = [f"row {row} of a few words" for row in range(N_ROWS)]
    fixed = np.random.default_rng(99)
    if kind == "classes":
        return classes(list(generator.random(N_ROWS) < 0.7), seed=seed)
    if kind == "sets":
        sets = fixed.random((N_ROWS, 3)) < 0.4
        names = [tuple(np.array(LABELS)[row]) for row in sets]
        names[3] = (*names[3], "neu")  # a label that training does not have
        shares = np.clip(sets + generator.normal(0, 0.5, sets.shape), 0, 1)
        return LabelSetPredictions(ids, texts, [*names], LABELS, shares.astype(np.float32))
    if kind == "numbers":
        scores = fixed.random(N_ROWS) * 5
        return NumberPredictions(ids, texts, scores, scores + generator.normal(0, 1, N_ROWS))
    if kind == "written":
        targets = [" ".join(fixed.choice(["the", "film", "was", "not", "so", "good"], size=7)) for _ in ids]
        written = [" ".join(w for w in text.split() if generator.random() < 0.8) for text in targets]
        return TextAnswers(ids, texts, TextPredictions(ids, texts, targets, written))
    if kind == "scored":
        nats, tokens = fixed.random(N_ROWS) * 9 + generator.random(N_ROWS), np.full(N_ROWS, 5)
        return TextAnswers(ids, texts, None, Likelihoods(nats, tokens, np.full(N_ROWS, 20)))
    return _tagged(generator, fixed)


def _tagged(generator: np.random.Generator, fixed: np.random.Generator) -> Any:
    sentences, pieces = [], []
    for row in range(N_ROWS):
        words, at = [], 0
        tags = fixed.choice(["O", "B-PER", "B-LOC"], size=5).tolist()
        for word in (texts := [f"w{row}{place}" for place in range(5)]):
            words.append((at, at + len(word)))
            at += len(word) + 1
        sentences.append(Sentence(" ".join(texts), words, tags))
        found = [tag if generator.random() < 0.8 else "O" for tag in tags]
        pieces.append(Pieces(np.array(words), found, np.ones(5)))
    return predictions_of(list(range(N_ROWS)), sentences, pieces, given=True, scheme=Scheme(Kind.IOB2))


KINDS: Mapping[str, tuple[Task, Problem | None, tuple[str, ...]]] = {
    "classes": (
        Task.TEXT_CLASSIFICATION,
        Problem.SINGLE_LABEL,
        ("accuracy", "f1", "precision", "recall", "matthews_correlation"),
    ),
    "sets": (Task.TEXT_CLASSIFICATION, Problem.MULTI_LABEL, ("f1", "f1_micro", "exact_match", "precision", "recall")),
    "numbers": (Task.TEXT_CLASSIFICATION, Problem.REGRESSION, ("pearson", "spearman", "mse", "mae")),
    "tags": (
        Task.TOKEN_CLASSIFICATION,
        None,
        ("entity_f1", "entity_precision", "entity_recall", "token_accuracy"),
    ),
    "written": (Task.TRANSLATION, None, ("bleu", "chrf", "rouge1", "rougeL", "length_ratio")),
    "scored": (Task.TEXT_GENERATION, None, ("perplexity", "bits_per_character")),
}
"""Of each kind of answers its task, its problem and metrics."""


def write_kept_run(
    folder: Path, answers: Any, *, kind: str = "classes", metrics: Sequence[str] = (), **recipe: Any
) -> Path:
    """Write ``metrics.json``, ``recipe.yaml`` and ``predictions.parquet``.

    Args:
        folder: of the run; made.
        answers: to the test rows.
        kind: of the answers, a key of `KINDS`.
        metrics: to measure; none of them: all that the kind has.
        recipe: keys of the recipe besides ``task``.
    """
    task, problem, all_metrics = KINDS[kind]
    measured = room_of(task).measure(answers, metrics or all_metrics)
    usual = result_of({}).to_json()
    result = result_of(
        {
            "task": task.value,
            "labels": list(getattr(answers, "labels", ())),
            "problem": None if problem is None else problem.value,
            "splits": {"train": usual["splits"]["train"], "test": measured.to_json()},
            "baselines": {},
        }
    )
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps(result.to_json()), encoding="utf-8")
    tree = {"task": task.value, "method": "full", **recipe}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    answers.write(folder / "predictions.parquet")
    return folder
