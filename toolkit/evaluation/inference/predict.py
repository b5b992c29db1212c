"""Answers of a saved model in float32: the numbers that are reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.data.batches import by_length
from toolkit.data.encode import PaddingCollator, encode, rows_at
from toolkit.evaluation.inference.device import inference_device, moved
from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.names import Problem
from toolkit.progress import progress_bar

DEFAULT_BATCH_ROWS = 32

LabelPredictions: TypeAlias = Predictions | LabelSetPredictions | NumberPredictions
"""What a model answers whose rows have labels: one class, several, or a number."""


def predict(opened: OpenedModel, rows: Dataset, *, batch_rows: int = DEFAULT_BATCH_ROWS) -> LabelPredictions:
    """Predict every row; batches hold texts of like length, the answer keeps the order of `rows`.

    Args:
        opened: with a trained head, whose problem decides which kind of predictions it gives.
        rows: ``id``, ``text``, optionally ``text_pair`` and ``reference`` (of several labels ``label_names``), as
            `toolkit.data` prepares them.
        batch_rows: rows of a batch; changes speed, and logits only within 1e-5 (DESIGN.md 4.5).
    """
    return predictions_of(opened.problem, logits_of(opened, rows, batch_rows=batch_rows), rows, labels=opened.labels)


def logits_of(opened: OpenedModel, rows: Dataset, *, batch_rows: int = DEFAULT_BATCH_ROWS) -> NDArray[np.float32]:
    """The outputs of a model's head, ``[rows, n_labels]``.

    Args:
        opened, rows, batch_rows: as for `predict`.
    """
    inputs = rows.select_columns([name for name in ("text", "text_pair") if name in rows.column_names])
    encoded = encode(inputs, opened.tokenizer, max_length=opened.max_length)
    device = inference_device()
    model = opened.model.to(device)  # type: ignore[arg-type]
    collate = PaddingCollator(int(opened.tokenizer.pad_token_id))
    logits = np.empty((len(rows), len(opened.labels)), dtype=np.float32)
    tokens = encoded.remove_columns("length")
    with torch.inference_mode(), progress_bar("predicting", len(rows)) as bar:
        for indices in by_length(encoded["length"], batch_rows):
            batch = moved(collate(rows_at(tokens, indices)), device)
            logits[indices] = model(**batch).logits.float().cpu().numpy()
            bar.advance(len(indices))
    return logits


def predictions_of(
    problem: Problem, logits: NDArray[np.floating[Any]], rows: Dataset, *, labels: Sequence[str]
) -> LabelPredictions:
    """What the outputs of a head say.

    Args:
        problem: what the labels are.
        logits: ``[rows, n_labels]``
        rows: as for `predict`.
        labels: names of the classes in the order of the logits.
    """
    outputs = torch.from_numpy(np.ascontiguousarray(logits)).float()
    inputs: dict[str, Any] = {
        "ids": list(rows["id"]),
        "texts": list(rows["text"]),
        "pairs": list(rows["text_pair"]) if "text_pair" in rows.column_names else None,
    }
    references = list(rows["reference"]) if "reference" in rows.column_names else None
    if problem is Problem.REGRESSION:
        numbers = None if references is None else np.array([_number(text) for text in references])
        return NumberPredictions(references=numbers, predicted=outputs[:, 0].double().numpy(), **inputs)
    if problem is Problem.MULTI_LABEL:
        names = list(rows["label_names"]) if "label_names" in rows.column_names else None
        sets = None if names is None else [None if each is None else tuple(each) for each in names]
        return LabelSetPredictions(
            references=sets, labels=tuple(labels), probabilities=outputs.sigmoid().numpy(), **inputs
        )
    return Predictions(
        references=references,
        reference_labels=None if references is None else _label_indices(references, labels),
        labels=tuple(labels),
        probabilities=outputs.softmax(dim=-1).numpy(),
        **inputs,
    )


def _number(text: str | None) -> float:
    return np.nan if text is None else float(text)


def _label_indices(references: Sequence[str], labels: Sequence[str]) -> NDArray[np.int64]:
    position = {name: index for index, name in enumerate(labels)}
    return np.array([position.get(reference, -1) for reference in references], dtype=np.int64)
