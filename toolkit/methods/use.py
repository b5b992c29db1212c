"""The ways to use a model: its weights are trained, a head learns from its frozen features, or it is asked as it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from transformers import PreTrainedModel

from toolkit.adapters import (
    LocatedModel,
    OpenedModel,
    learn_tokenizer,
    locate_model,
    open_body,
    open_config,
    open_for_prediction,
    open_for_training,
    open_from_scratch,
)
from toolkit.adapters.export import export_pooled
from toolkit.adapters.family import family_of
from toolkit.adapters.features import feature_cache, pooled_features
from toolkit.data import ClassificationData, TextData
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.predict import logits_of, predictions_of
from toolkit.evaluation.zero_shot import ask, open_for_question, settle_question
from toolkit.methods.proof import Proof, answers_in_memory, prove_saved
from toolkit.names import Family, Method
from toolkit.progress import say, warn
from toolkit.recipe import Recipe, TokenizerSection
from toolkit.tasks.measured import Measured, evaluate_labels, measure_on
from toolkit.training import Trained, train
from toolkit.training.callbacks import LOG_FILE, RunLog
from toolkit.training.checkpoints import CHECKPOINTS
from toolkit.training.head import fit_head
from toolkit.training.save import ADAPTER_FOLDER, save_model
from toolkit.training.trainable import ParameterCount, count_parameters

CHECKED_ROWS = 64
LOGITS_TOLERANCE = 1e-4
"""Of the largest magnitude, as DESIGN.md 4.5 says of models of any depth."""


@dataclass(frozen=True)
class Used:
    """A model that a recipe has put to use, measured on the test rows.

    Attributes:
        family: how it is built.
        revision: the hub's commit, for a hub model.
        folder: where its weights are: in the run, or where they were found.
        trained: what training gave.
        measured: on the test rows.
        evaluate_seconds: wall time of measuring.
        proof: that what was saved is what was trained; None where nothing was saved.
    """

    family: Family
    revision: str | None
    folder: Path
    trained: Trained
    measured: Measured
    evaluate_seconds: float
    proof: Proof | None = None


def use_model(recipe: Recipe, data: ClassificationData | TextData, *, work: Path) -> Used:
    """Use a model in the way that the recipe's method says.

    Args:
        recipe: checked.
        data: its splits.
        work: the run folder, unfinished.
    """
    if isinstance(data, ClassificationData) and recipe.method in _WITHOUT_TRAINING:
        return _WITHOUT_TRAINING[recipe.method](recipe, data, work)
    return _train_weights(recipe, data, work)


def _train_weights(recipe: Recipe, data: ClassificationData | TextData, work: Path) -> Used:
    opened = _open(recipe, data, work=work)
    return _measure_saved(recipe, data, opened, trained=train(recipe, data, opened, work), work=work)


def _open(recipe: Recipe, data: ClassificationData | TextData, *, work: Path) -> OpenedModel:
    """The pretrained model with the head that the task needs, or our own from a random start."""
    labels = data.labels if isinstance(data, ClassificationData) else ()
    longest = recipe.data.max_length
    if recipe.model.config is None:
        located = locate_model(recipe.model.label)
        return open_for_training(
            located, labels=labels, method=recipe.method, problem=recipe.problem, max_length=longest
        )
    return open_from_scratch(
        recipe.model.config,
        learn_tokenizer(recipe.tokenizer or TokenizerSection(), data, kept_in=work / CHECKPOINTS / "tokenizer"),
        task=recipe.task,
        labels=labels,
        problem=recipe.problem,
        max_length=longest,
        generation=recipe.evaluation.generation,
    )


def _train_head(recipe: Recipe, data: ClassificationData, work: Path) -> Used:
    """Features of the frozen body, the head that fits them best, and both in one model."""
    started = time.monotonic()
    located, asked = locate_model(recipe.model.label), recipe.features
    body = open_body(located, max_length=recipe.data.max_length)
    cache = feature_cache(body, located.folder, pooling=asked.pooling)

    def learnt_from(rows: Dataset) -> tuple[NDArray[np.float32], NDArray[Any]]:
        vectors = pooled_features(
            body, rows, pooling=asked.pooling, layers=asked.layers, cache=cache, device=inference_device()
        )
        return vectors, np.asarray(rows["label"])

    held = None if data.validation is None else learnt_from(data.validation)
    head = fit_head(
        *learnt_from(data.train),
        problem=data.problem,
        kind=asked.head,
        n_labels=len(data.labels),
        seed=recipe.seed,
        validation=held,
    )
    log = RunLog(work / LOG_FILE)
    for point in head.curve:
        log.write({"event": "head", "setting": point.setting, "validation_loss": point.loss})
    model = export_pooled(
        body,
        pooling=asked.pooling,
        layers=asked.layers,
        weight=head.weight,
        bias=head.bias,
        hidden=head.hidden,
        labels=data.labels,
        problem=data.problem,
    )
    opened = OpenedModel(
        located.name,
        body.family,
        model,
        body.tokenizer,
        data.labels,
        body.max_length,
        new_parameters=(),
        revision=located.revision,
        problem=data.problem,
        folder=located.folder,
    )
    head_size = sum(tensor.numel() for tensor in (head.weight, head.bias, *(head.hidden or ())))
    trained = _untrained(model, trainable=head_size, seconds=time.monotonic() - started)
    before = answers_in_memory(opened, model, data, task=recipe.task)
    folder = save_model(model, opened, work)
    say("measuring on the test rows")
    started = time.monotonic()
    saved = open_for_prediction(LocatedModel(recipe.model.label, folder), task=recipe.task)
    measured = _measure_head(recipe, data, saved, logits=head.logits(learnt_from(data.test)[0]).numpy())
    seconds = time.monotonic() - started
    proof = prove_saved(saved, data, before, task=recipe.task, measured=measured, adapter=work / ADAPTER_FOLDER)
    return Used(body.family, located.revision, folder, trained, measured, seconds, proof)


def _measure_head(
    recipe: Recipe, data: ClassificationData, saved: OpenedModel, *, logits: NDArray[np.float32]
) -> Measured:
    """What the saved model says to the test rows.

    Its body has read most of them before: where it agrees on some of them with the head on these features, the
    rest is not read again.

    Args:
        recipe: for the metrics.
        data: with the test rows.
        saved: the model, opened again.
        logits: of the head on the features of the test rows, ``[rows, labels]``.
    """
    some = np.linspace(0, len(data.test) - 1, min(CHECKED_ROWS, len(data.test))).astype(np.int64)
    read = logits_of(saved, data.test.select(some))
    if np.abs(read - logits[some]).max() > LOGITS_TOLERANCE * max(1.0, np.abs(logits[some]).max()):
        warn("the saved model differs from the head on its features; all test rows are read again")
        return measure_on(data.test, saved, task=recipe.task, metrics=recipe.metrics)
    predictions = predictions_of(data.problem, logits, data.test, labels=data.labels)
    return Measured(predictions, evaluate_labels(predictions, metrics=recipe.metrics))


def _untrained(model: PreTrainedModel, *, trainable: int = 0, seconds: float = 0.0) -> Trained:
    """What stands for training where no step was taken."""
    parameters = ParameterCount(trainable=trainable, total=count_parameters(model).total)
    return Trained(
        model=model,
        parameters=parameters,
        best_step=None,
        averaged_steps=(),
        steps=0,
        train_seconds=seconds,
        curve=[],
        skipped_steps=0,
    )


def _measure_saved(
    recipe: Recipe, data: ClassificationData | TextData, opened: OpenedModel, *, trained: Trained, work: Path
) -> Used:
    """Save the model, open what was saved, and measure that."""
    before = answers_in_memory(opened, trained.model, data, task=recipe.task)
    folder = save_model(trained.model, opened, work)
    say("measuring the saved model on the test rows")
    started = time.monotonic()
    saved = open_for_prediction(LocatedModel(recipe.model.label, folder), task=recipe.task)
    measured = measure_on(data.test, saved, task=recipe.task, metrics=recipe.metrics)
    seconds = time.monotonic() - started
    proof = prove_saved(saved, data, before, task=recipe.task, measured=measured, adapter=work / ADAPTER_FOLDER)
    return Used(opened.family, opened.revision, folder, trained, measured, seconds, proof)


def _ask(recipe: Recipe, data: ClassificationData, work: Path) -> Used:
    """The pretrained model as it is; the training rows are at most examples in its prompt."""
    located = locate_model(recipe.model.label)
    question = settle_question(
        located,
        labels=data.labels,
        settings=recipe.zero_shot,
        is_pair="text_pair" in data.test.column_names,
        n_rows=len(data.test),
    )
    opened = open_for_question(located, question)
    say("asking the model about the test rows")
    started = time.monotonic()
    answers = ask(opened, data.test, question, examples=data.train, seed=recipe.seed)
    for line in answers.warnings:
        warn(line)
    RunLog(work / LOG_FILE).write(
        {
            "event": "asked",
            "scorer": answers.scorer,
            "calibration": answers.calibration,
            "templates": answers.templates,
            "words": answers.words,
        }
    )
    measured = Measured(answers.predictions, evaluate_labels(answers.predictions, metrics=recipe.metrics))
    family = family_of(open_config(located))
    return Used(
        family, located.revision, located.folder, _untrained(opened.model), measured, time.monotonic() - started
    )


_WITHOUT_TRAINING: dict[Method, Callable[[Recipe, ClassificationData, Path], Used]] = {
    Method.FEATURES: _train_head,
    Method.ZERO_SHOT: _ask,
}
