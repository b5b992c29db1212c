"""Predict labels with a saved model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.adapters.decision import USUAL, Decision
from toolkit.evaluation.inference.logits import DEFAULT_BATCH_ROWS, logits_of
from toolkit.names import Problem
from toolkit.tasks.text_classification.kind import LabelPredictions
from toolkit.tasks.text_classification.kinds import kind_of


def predict(opened: OpenedModel, rows: Dataset, *, batch_rows: int = DEFAULT_BATCH_ROWS) -> LabelPredictions:
    """Predict every row, in the order of the rows.

    Args:
        opened: with a trained head, whose problem decides which kind of predictions it gives.
        rows: ``id``, ``text``, optionally ``text_pair`` and ``reference`` (of several labels ``label_names``), as
            `toolkit.data` prepares them.
        batch_rows: rows of a batch.
    """
    logits = logits_of(opened, rows, batch_rows=batch_rows)
    return predictions_of(opened.problem, logits, rows, labels=opened.labels, decision=opened.decision)


def predictions_of(
    problem: Problem,
    logits: NDArray[np.floating[Any]],
    rows: Dataset,
    *,
    labels: Sequence[str],
    decision: Decision = USUAL,
) -> LabelPredictions:
    """Return what the logits of a head say.

    Args:
        problem: what the labels are.
        logits: ``[rows, n_labels]``
        rows: as for `predict`.
        labels: names of the classes in the order of the logits.
        decision: what follows from the probabilities.
    """
    outputs = torch.from_numpy(np.ascontiguousarray(logits)).float()
    return kind_of(problem).predictions(outputs, rows, labels=labels, decision=decision)
