"""Class probabilities from a saved model, in float32: the numbers that are reported."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.data.batches import by_length
from toolkit.data.encode import PaddingCollator, encode, rows_at
from toolkit.evaluation.device import inference_device, moved
from toolkit.evaluation.predictions import Predictions
from toolkit.progress import progress_bar

DEFAULT_BATCH_ROWS = 32


def predict(opened: OpenedModel, rows: Dataset, *, batch_rows: int = DEFAULT_BATCH_ROWS) -> Predictions:
    """Predict every row; batches hold texts of like length, the answer keeps the order of `rows`.

    Args:
        opened: with a trained head.
        rows: ``id``, ``text``, optionally ``text_pair`` and ``reference``, as `toolkit.data` prepares them.
        batch_rows: rows of a batch; changes speed, and logits only within 1e-5 (DESIGN.md 4.5).
    """
    encoded = encode(rows, opened.tokenizer, max_length=opened.max_length)
    device = inference_device()
    model = opened.model.to(device)  # type: ignore[arg-type]
    collate = PaddingCollator(int(opened.tokenizer.pad_token_id))
    probabilities = np.empty((len(rows), len(opened.labels)), dtype=np.float32)
    inputs = encoded.select_columns([name for name in encoded.column_names if name not in ("labels", "length")])
    with torch.inference_mode(), progress_bar("predicting", len(rows)) as bar:
        for indices in by_length(encoded["length"], batch_rows):
            batch = moved(collate(rows_at(inputs, indices)), device)
            logits = model(**batch).logits.float()
            probabilities[indices] = logits.softmax(dim=-1).cpu().numpy()
            bar.advance(len(indices))
    references = list(rows["reference"]) if "reference" in rows.column_names else None
    return Predictions(
        ids=list(rows["id"]),
        texts=list(rows["text"]),
        references=references,
        reference_labels=None if references is None else _label_indices(references, opened.labels),
        labels=opened.labels,
        probabilities=probabilities,
    )


def _label_indices(references: Sequence[str], labels: Sequence[str]) -> np.ndarray:
    position = {name: index for index, name in enumerate(labels)}
    return np.array([position.get(reference, -1) for reference in references], dtype=np.int64)
