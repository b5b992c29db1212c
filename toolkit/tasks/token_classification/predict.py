"""Predict the tags of sentences with a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from transformers import PreTrainedModel

from toolkit.adapters import OpenedModel
from toolkit.adapters.inference import inference
from toolkit.data.batches import by_length
from toolkit.data.encode import PaddingCollator, rows_at
from toolkit.errors import RecipeError
from toolkit.evaluation.inference.device import inference_device, moved
from toolkit.progress import progress_bar
from toolkit.tasks.token_classification.encode import Window, encode_windows, windows_of
from toolkit.tasks.token_classification.predictions import Pieces, TagPredictions, predictions_of
from toolkit.tasks.token_classification.schemes import Scheme, scheme_of_labels
from toolkit.tasks.token_classification.sentences import rows_in

BATCH_WINDOWS = 32

WRITTEN_SCHEME = "tag_scheme"
"""Key of a model's configuration: IOB1, where its labels could be IOB2."""

Logits = NDArray[np.float32]


def predict(opened: OpenedModel, rows: Dataset, *, batch_windows: int = BATCH_WINDOWS) -> TagPredictions:
    """Predict every sentence, in the order of the rows.

    Args:
        opened: with a trained head.
        rows: of `toolkit.tasks.token_classification.sentences.Sentences.to_dataset`.
        batch_windows: windows of a batch.
    """
    sentences = rows_in(rows)
    windows = open_windows([sentence.text for sentence in sentences], opened)
    logits = logits_of_windows(opened.model, windows, pad_token_id=pad_id(opened), batch_windows=batch_windows)
    return read_logits(opened, rows, windows, logits)


def read_logits(
    opened: OpenedModel, rows: Dataset, windows: Sequence[Window], logits: Sequence[Logits]
) -> TagPredictions:
    """Return what the logits of windows say about rows.

    Args:
        opened: that gave them.
        rows: as for `predict`.
        windows: of their texts.
        logits: of each window. ``[windows][tokens, n_labels]``
    """
    sentences = rows_in(rows)
    pieces = pieces_of(windows, logits, opened.labels, n_rows=len(sentences))
    is_given = bool(len(rows)) and bool(rows[0]["given"])
    return predictions_of(list(rows["id"]), sentences, pieces, given=is_given, scheme=scheme_of(opened))


def scheme_of(opened: OpenedModel) -> Scheme:
    """Return the scheme of a model's tags."""
    return scheme_of_labels(opened.labels, getattr(opened.model.config, WRITTEN_SCHEME, None))


def write_scheme(opened: OpenedModel, scheme: Scheme) -> None:
    """Write a scheme into a model's configuration if its labels alone would say another."""
    if scheme_of_labels(opened.labels).kind is not scheme.kind:
        setattr(opened.model.config, WRITTEN_SCHEME, scheme.kind.value)


def open_windows(texts: Sequence[str], opened: OpenedModel) -> list[Window]:
    """Tokenise texts for a model.

    Raises:
        RecipeError: its tokenizer does not tell where tokens are in a text.
    """
    if not opened.tokenizer.is_fast:
        raise RecipeError(
            "its tokenizer does not say where a token is in the text; take a model with a tokenizer.json",
            where=f"model {opened.name}",
        )
    return windows_of(texts, opened.tokenizer, max_length=opened.max_length)


def pad_id(opened: OpenedModel) -> int:
    """Return the id that fills batches."""
    return int(opened.tokenizer.pad_token_id)


def logits_of_windows(
    model: PreTrainedModel, windows: Sequence[Window], *, pad_token_id: int, batch_windows: int = BATCH_WINDOWS
) -> list[Logits]:
    """Compute the logits of the tokens of windows; batches hold windows of like length.

    Args:
        model: with a head.
        windows: of one or more tokens.
        pad_token_id: fills batches.
        batch_windows: windows of a batch.

    Returns:
        ``[windows][tokens, n_labels]``
    """
    found: list[Logits] = [np.empty((0, 0), dtype=np.float32)] * len(windows)
    if not windows:
        return found
    encoded = encode_windows(windows)
    device = inference_device()
    model = model.to(device)  # type: ignore[arg-type]
    collate = PaddingCollator(pad_token_id)
    tokens = encoded.remove_columns("length")
    with inference(), progress_bar("predicting", len(windows)) as bar:
        for indices in by_length(encoded["length"], batch_windows):
            batch = moved(collate(rows_at(tokens, indices)), device)
            logits = model(**batch).logits.float().cpu().numpy()
            for index, row in zip(indices, logits, strict=True):
                found[index] = row[: len(windows[index].offsets)]
            bar.advance(len(indices))
    return found


def pieces_of(
    windows: Sequence[Window], logits: Sequence[Logits], labels: Sequence[str], *, n_rows: int
) -> list[Pieces]:
    """Return the tokens of each text with their most probable tag, each from the window with most context.

    Args:
        windows: in the order of the texts.
        logits: of each window. ``[windows][tokens, n_labels]``
        labels: names of the tags.
        n_rows: number of texts.
    """
    of_row: list[list[Pieces]] = [[] for _ in range(n_rows)]
    for window, found in zip(windows, logits, strict=True):
        shares = torch.from_numpy(found[window.owned]).softmax(dim=-1).numpy()
        best = shares.argmax(axis=-1)
        tags = [labels[index] for index in best]
        probabilities = shares[np.arange(len(best)), best].astype(np.float64)
        of_row[window.row].append(Pieces(window.offsets[window.owned], tags, probabilities))
    return [_joined(parts) for parts in of_row]


def _joined(parts: Sequence[Pieces]) -> Pieces:
    if not parts:
        return Pieces(np.empty((0, 2), dtype=np.int64), [], np.empty(0))
    return Pieces(
        np.concatenate([part.offsets for part in parts]),
        [tag for part in parts for tag in part.tags],
        np.concatenate([part.probabilities for part in parts]),
    )
