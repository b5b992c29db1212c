"""The log-likelihood of given texts: from packed batches for our own Transformer, from padded ones for other models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.data.batches import by_tokens
from toolkit.data.encode import rows_at
from toolkit.data.row_layouts import Layout, MaskedLayout, layout_of
from toolkit.evaluation.inference.device import inference_device, moved
from toolkit.evaluation.inference.padded_likelihood import padded_likelihoods
from toolkit.evaluation.metrics.likelihoods import Likelihoods, count_characters
from toolkit.progress import progress_bar, warn
from toolkit.transformer import TransformerConfig
from toolkit.transformer.cross_entropy import IGNORED

TOKENS_AT_ONCE = 4096


def mean_loss(model: torch.nn.Module, rows: Dataset, pack: Callable[[Any], dict[str, Any]]) -> float:
    """Compute the cross entropy in nats a predicted token over all rows; it is no mean of means.

    Args:
        model: of ours; its mode and device stay as they are.
        rows: encoded.
        pack: collates rows to a packed batch.
    """
    total, n_tokens = 0.0, 0
    device = next(model.parameters()).device
    with torch.no_grad():
        for indices in by_tokens(rows["length"], TOKENS_AT_ONCE):
            losses, _, _ = _token_losses(model, moved(pack(rows_at(rows, indices)), device))
            total, n_tokens = total + float(losses.sum()), n_tokens + losses.numel()
    return total / max(n_tokens, 1)


@dataclass(frozen=True, eq=False)
class Scores:
    """Sums over the predicted tokens of each encoded row, ``[rows]`` each.

    Attributes:
        negative_log_likelihood: in nats.
        tokens: number of predicted tokens.
        correct: number of predicted tokens with the largest logit.
    """

    negative_log_likelihood: NDArray[np.float64]
    tokens: NDArray[np.int64]
    correct: NDArray[np.int64]


def measure_likelihoods(opened: OpenedModel, rows: Dataset) -> Likelihoods:
    """Score texts, or targets given their sources, in float32.

    Args:
        opened: with its language head; an encoder is one of our own Transformer.
        rows: columns ``text``, or ``source`` and ``target``.

    Raises:
        ValueError: another encoder, which gives texts no likelihood.
    """
    packs = isinstance(opened.model.config, TransformerConfig)
    return packed_likelihoods(opened, rows) if packs else padded_likelihoods(opened, rows)


def packed_likelihoods(opened: OpenedModel, rows: Dataset) -> Likelihoods:
    """Score texts with our own Transformer; arguments as of `measure_likelihoods`.

    Without padding this is the faster way. The ends of targets beyond the model's context are not scored. For an
    encoder the likelihood is that of the masked tokens.
    """
    layout = layout_of(opened.model)
    columns = list(layout.columns)
    of_rows = rows.select_columns(columns).add_column("id", np.arange(len(rows)))
    encoded = layout.encode(of_rows, opened.tokenizer, max_length=opened.max_length)
    scores = score_encoded(opened, encoded, layout)
    # A text longer than the model takes is several encoded rows.
    text_of = np.asarray(encoded["id"]) if "id" in encoded.column_names else np.arange(len(encoded))
    losses, tokens, correct = (
        np.bincount(text_of, weights=values, minlength=len(rows))
        for values in (scores.negative_log_likelihood, scores.tokens, scores.correct)
    )
    return Likelihoods(
        negative_log_likelihood=losses.astype(np.float64),
        tokens=tokens.astype(np.int64),
        characters=count_characters(_seen(opened, encoded, list(rows[columns[-1]]))),
        correct=correct.astype(np.int64) if isinstance(layout, MaskedLayout) else None,
    )


def _seen(opened: OpenedModel, encoded: Dataset, texts: list[str]) -> list[str]:
    """Return the texts as far as they are scored: targets longer than the model takes are cut."""
    if "labels" not in encoded.column_names:
        return texts
    lengths = [len(ids) for ids in encoded["labels"]]
    cut = [row for row, length in enumerate(lengths) if length >= opened.max_length]
    for row in cut:
        texts[row] = str(opened.tokenizer.decode(encoded[row]["labels"], skip_special_tokens=True))
    if cut:
        warn(f"{len(cut)} of {len(texts)} targets are scored to their first {opened.max_length} tokens only")
    return texts


def score_encoded(opened: OpenedModel, encoded: Dataset, layout: Layout) -> Scores:
    """Score encoded rows with our own Transformer in float32, packed.

    Args:
        opened: our own Transformer with the head that it was trained with.
        encoded: as the layout encodes them.
        layout: of the model's language head.
    """
    device = inference_device()
    model = opened.model.to(device)  # type: ignore[arg-type]
    pack = layout.packer(opened.tokenizer)
    inputs = encoded.select_columns([name for name in ("input_ids", "labels") if name in encoded.column_names])
    inputs = inputs.add_column("row", np.arange(len(encoded)))
    sums = np.zeros((3, len(encoded)))
    with torch.inference_mode(), progress_bar("scoring", len(encoded)) as bar:
        for indices in by_tokens(encoded["length"], TOKENS_AT_ONCE):
            losses, places, correct = _token_losses(model, moved(pack(rows_at(inputs, indices)), device))
            of_rows = np.asarray(indices)[places.cpu().numpy()]
            for into, values in zip(sums, (losses, torch.ones_like(losses), correct), strict=True):
                np.add.at(into, of_rows, values.cpu().double().numpy())
            bar.advance(len(indices))
    return Scores(sums[0], sums[1].astype(np.int64), sums[2].astype(np.int64))


def _token_losses(model: torch.nn.Module, batch: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the cross entropy, the index of the row in the batch, and the correctness of each predicted token."""
    labels = batch["labels"][0]
    logits = model(**{name: value for name, value in batch.items() if name not in ("labels", "row")}).logits[0].float()
    predicted = (labels != IGNORED).nonzero()[:, 0]
    targets = labels[predicted]
    losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    places = torch.searchsorted(batch["cu_seq_lens_q"].long(), predicted, right=True) - 1
    return losses, places, logits.argmax(dim=-1) == targets
