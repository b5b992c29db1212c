"""What a model answers to rows of a ``golden.json``, in the form in which they are kept there.

The answers come from what makes the reported numbers (`toolkit.evaluation.inference.predict`, the packed
likelihoods, the texts that are written), so that replaying them with the plain library proves both at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from datasets import Dataset
from transformers import GenerationConfig

from toolkit.adapters import OpenedModel
from toolkit.evaluation.inference.generate import write_texts
from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.likelihood import measure_likelihoods
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predict import predict
from toolkit.names import Family, Task

GoldenRow: TypeAlias = Mapping[str, Any]
"""``text``, perhaps ``text_pair`` or ``reference`` (the right text), and what was answered."""

NEW_TOKENS = 24
MOST_WRITTEN = 6
ROWS_AT_ONCE = 4
"""Few: among so few rows of all lengths a large batch is mostly padding."""


def answers(opened: OpenedModel, rows: Sequence[GoldenRow], *, task: Task) -> list[dict[str, Any]]:
    """What a model answers, in float32.

    Args:
        opened: with its trained head.
        rows: what to ask; of a text task, those with ``prediction`` (whatever it is) are written, too.
        task: what the model does.

    Returns:
        The rows with what is asked of them: ``prediction`` and ``probabilities`` of labels (several: a list of them),
        ``value`` of a regression; of texts ``prediction``, ``log_likelihood`` in nats and the ``tokens`` that it sums.
    """
    if not rows:
        return []
    inputs = [{name: row[name] for name in ("text", "text_pair", "reference") if name in row} for row in rows]
    if task is Task.TEXT_CLASSIFICATION:
        said = _labelled(opened, inputs)
    elif task is Task.FILL_MASK:
        said = _filled(opened, inputs)
    else:
        said = _written(opened, inputs, wanted=[number for number, row in enumerate(rows) if "prediction" in row])
    return [{**row, **answer} for row, answer in zip(inputs, said, strict=True)]


def _labelled(opened: OpenedModel, inputs: Sequence[GoldenRow]) -> list[dict[str, Any]]:
    names = [name for name in ("text", "text_pair") if name in inputs[0]]
    predictions = predict(opened, _dataset(inputs, {name: name for name in names}), batch_rows=ROWS_AT_ONCE)
    if isinstance(predictions, NumberPredictions):
        return [{"value": float(number)} for number in predictions.predicted]
    given: Sequence[Any] = predictions.answers
    if isinstance(predictions, LabelSetPredictions):
        given = [[opened.labels[place] for place in np.flatnonzero(row)] for row in predictions.predicted]
    shares = predictions.probabilities.astype(np.float64).tolist()
    return [{"prediction": label, "probabilities": row} for label, row in zip(given, shares, strict=True)]


def _filled(opened: OpenedModel, inputs: Sequence[GoldenRow]) -> list[dict[str, Any]]:
    written, _ = write_texts(opened, _dataset(inputs, {"text": "text"}))
    probabilities = [] if written.probabilities is None else written.probabilities.tolist()
    return [
        {"prediction": text, "log_likelihood": math.log(probability), "tokens": 1}
        for text, probability in zip(written.predictions, probabilities, strict=True)
    ]


def _written(opened: OpenedModel, inputs: Sequence[GoldenRow], *, wanted: Sequence[int]) -> list[dict[str, Any]]:
    """How probable each text is, or each right text given its source; and what a few of them are answered with."""
    is_pair = opened.family is Family.ENCODER_DECODER
    likelihoods = measure_likelihoods(
        opened, _dataset(inputs, {"source": "text", "target": "reference"} if is_pair else {"text": "text"})
    )
    said: list[dict[str, Any]] = [
        {"log_likelihood": -float(loss), "tokens": int(tokens)}
        for loss, tokens in zip(likelihoods.negative_log_likelihood, likelihoods.tokens, strict=True)
    ]
    if wanted:
        asked = _dataset([inputs[number] for number in wanted], {"source" if is_pair else "text": "text"})
        with _greedy(opened):
            texts, _ = write_texts(opened, asked)
        for number, text in zip(wanted, texts.predictions, strict=True):
            said[number]["prediction"] = text
    return said


def generation_settings(opened: OpenedModel) -> dict[str, Any]:
    """How the few texts of a ``golden.json`` are written: without chance and without beams, and not far."""
    return {"do_sample": False, "num_beams": 1, "max_new_tokens": max(1, min(NEW_TOKENS, opened.max_length // 2 - 1))}


@contextmanager
def _greedy(opened: OpenedModel) -> Iterator[None]:
    model: Any = opened.model
    usual = model.generation_config
    model.generation_config = GenerationConfig.from_dict({**usual.to_dict(), **generation_settings(opened)})
    try:
        yield
    finally:
        model.generation_config = usual


def _dataset(inputs: Sequence[GoldenRow], columns: Mapping[str, str]) -> Dataset:
    """Columns of a data set by the names of the rows' entries that are in them, and ``id``."""
    return Dataset.from_dict(
        {"id": list(range(len(inputs))), **{name: [row[entry] for row in inputs] for name, entry in columns.items()}}
    )
