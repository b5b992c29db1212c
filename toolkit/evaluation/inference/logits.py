"""Logits of a saved model in float32: what the reported numbers are made of."""

from __future__ import annotations

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.adapters.inference import inference
from toolkit.data.batches import by_length
from toolkit.data.encode import PaddingCollator, encode, rows_at
from toolkit.evaluation.inference.device import inference_device, moved
from toolkit.progress import progress_bar

DEFAULT_BATCH_ROWS = 32


def logits_of(opened: OpenedModel, rows: Dataset, *, batch_rows: int = DEFAULT_BATCH_ROWS) -> NDArray[np.float32]:
    """Compute the logits of every row, ``[rows, n_labels]``; batches hold texts of like length.

    Args:
        opened: with a trained head.
        rows: ``text`` and optionally ``text_pair``, as `toolkit.data` prepares them.
        batch_rows: rows of a batch; changes speed, and logits only within 1e-5 (docs/design.md, section 4.5).
    """
    inputs = rows.select_columns([name for name in ("text", "text_pair") if name in rows.column_names])
    encoded = encode(inputs, opened.tokenizer, max_length=opened.max_length)
    device = inference_device()
    model = opened.model.to(device)  # type: ignore[arg-type]
    collate = PaddingCollator(int(opened.tokenizer.pad_token_id))
    logits = np.empty((len(rows), len(opened.labels)), dtype=np.float32)
    tokens = encoded.remove_columns("length")
    with inference(), progress_bar("predicting", len(rows)) as bar:
        for indices in by_length(encoded["length"], batch_rows):
            batch = moved(collate(rows_at(tokens, indices)), device)
            logits[indices] = model(**batch).logits.float().cpu().numpy()
            bar.advance(len(indices))
    return logits
