"""Fit a head of text classification to frozen features."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel, export_pooled, locate_model, open_body
from toolkit.adapters.features import feature_cache, pooled_features
from toolkit.adapters.temperature import temperature_of
from toolkit.data import ClassificationData
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.logits import logits_of
from toolkit.progress import warn
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import FittedHead, TaskData
from toolkit.tasks.text_classification.predict import predict, predictions_of
from toolkit.training.head import fit_head

CHECKED_ROWS = 64
LOGITS_TOLERANCE = 1e-4
"""Of the largest magnitude, as docs/design.md, section 4.5, says of models of any depth."""


def fit(recipe: Recipe, data: TaskData) -> FittedHead:
    """Compute the features of the frozen body, fit the best head to them, and put both in one model.

    Args:
        recipe: checked.
        data: its rows.
    """
    labelled = cast(ClassificationData, data)
    located, settings = locate_model(recipe.model.label), recipe.features
    body = open_body(located, max_length=recipe.data.max_length)
    cache = feature_cache(body, located.folder, pooling=settings.pooling)

    def features_of(rows: Dataset) -> NDArray[np.float32]:
        return pooled_features(
            body, rows, pooling=settings.pooling, layers=settings.layers, cache=cache, device=inference_device()
        )

    def with_labels(rows: Dataset) -> tuple[NDArray[np.float32], NDArray[Any]]:
        return features_of(rows), np.asarray(rows["label"])

    held = None if data.validation is None else with_labels(data.validation)
    head = fit_head(
        *with_labels(data.train),
        problem=labelled.problem,
        kind=settings.head,
        n_labels=len(data.labels),
        seed=recipe.seed,
        validation=held,
        refit=not recipe.keeps_validation_new,
    )
    model = export_pooled(
        body,
        pooling=settings.pooling,
        layers=settings.layers,
        weight=head.weight,
        bias=head.bias,
        hidden=head.hidden,
        labels=data.labels,
        problem=labelled.problem,
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
        problem=labelled.problem,
        folder=located.folder,
    )
    return FittedHead(
        opened,
        n_trainable=sum(tensor.numel() for tensor in (head.weight, head.bias, *(head.hidden or ()))),
        curve=[{"event": "head", "setting": point.setting, "validation_loss": point.loss} for point in head.curve],
        answer=lambda saved, rows: _answer(saved, rows, logits=head.logits(features_of(rows)).numpy()),
    )


def _answer(saved: OpenedModel, rows: Dataset, *, logits: NDArray[np.float32]) -> Any:
    """Return the saved model's answers.

    Its body has read most of the rows before: where it agrees on some of them with the head on their features, the
    rest is not read again.

    Args:
        saved: the model, opened again.
        rows: to answer.
        logits: of the head on the features of the rows, ``[rows, labels]``, before they had a temperature.
    """
    logits = logits / temperature_of(saved.model.config)
    some = np.linspace(0, len(rows) - 1, min(CHECKED_ROWS, len(rows))).astype(np.int64)
    read = logits_of(saved, rows.select(some))
    if np.abs(read - logits[some]).max() > LOGITS_TOLERANCE * max(1.0, np.abs(logits[some]).max()):
        warn("the saved model differs from the head on its features; all test rows are read again")
        return predict(saved, rows)
    return predictions_of(saved.problem, logits, rows, labels=saved.labels, decision=saved.decision)
