"""The log-likelihood of given texts, from packed batches where the model takes them, else from padded ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.adapters.batching import Batching, batching_of, collator_of
from toolkit.adapters.inference import inference
from toolkit.adapters.layouts import layout_for
from toolkit.data.batches import by_length, by_tokens
from toolkit.data.encode import rows_at
from toolkit.data.messages import ANSWER, CHAT, answers_in
from toolkit.data.row_layouts import Collator, Layout, MaskedLayout
from toolkit.data.several_inputs import INPUTS
from toolkit.data.targets import aligned
from toolkit.evaluation.inference.device import inference_device, moved
from toolkit.evaluation.inference.padded_likelihood import padded_likelihoods
from toolkit.evaluation.inference.smaller_batches import in_batches
from toolkit.evaluation.metrics.likelihoods import Likelihoods, count_characters
from toolkit.names import Family
from toolkit.progress import progress_bar, warn
from toolkit.recipe.prompts import SOURCE
from toolkit.transformer import TransformerConfig
from toolkit.transformer.cross_entropy import IGNORED

TOKENS_AT_ONCE = 4096
TOKENS_OF_ONE_MASK = 1024
"""Tokens of a packed batch whose sequences are kept apart by a mask, which grows with their square."""
ROWS_AT_ONCE = 8
"""Rows of a padded batch."""


def mean_loss(model: torch.nn.Module, rows: Dataset, layout: Layout, collate: Collator, batching: Batching) -> float:
    """Compute the cross entropy in nats a predicted token over all rows; it is no mean of means.

    Args:
        model: with its language head; its mode and device stay as they are.
        rows: encoded.
        layout: that they were encoded by.
        collate: makes batches of them.
        batching: as `collate` does it.
    """
    total, n_tokens = 0.0, 0
    device = next(model.parameters()).device

    def losses_of(indices: list[int]) -> tuple[float, int]:
        losses, _, _ = _token_losses(model, moved(collate(rows_at(rows, indices)), device), shifts=layout.shifts)
        return float(losses.sum()), losses.numel()

    with torch.no_grad(), progress_bar("validating", len(rows)) as bar:
        for indices, (losses, n_losses) in in_batches(_batches(rows["length"], batching), losses_of):
            total, n_tokens = total + losses, n_tokens + n_losses
            bar.advance(len(indices))
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
    """Score texts, or targets given what they answer, in float32.

    Args:
        opened: with its language head; an encoder is one of our own Transformer.
        rows: columns ``text``, or ``source`` or ``messages`` with ``target``.

    Raises:
        ValueError: another encoder, which gives texts no likelihood.
    """
    if opened.family is Family.DECODER and "text" not in rows.column_names:
        return answer_likelihoods(opened, rows)
    if isinstance(opened.model.config, TransformerConfig):
        return packed_likelihoods(opened, rows)
    return padded_likelihoods(opened, rows)


def answer_likelihoods(opened: OpenedModel, rows: Dataset) -> Likelihoods:
    """Score the answers of a decoder as it learns them, all answers of a chat together.

    Args:
        opened: a decoder with its language head.
        rows: columns ``source`` or ``messages``, and ``target``.
    """
    layout = layout_for(opened, rows.column_names)
    encoded = layout.encode(rows, opened.tokenizer, max_length=opened.max_length)
    scores = score_encoded(opened, encoded, layout)
    earlier = map(answers_in, rows[CHAT]) if CHAT in rows.column_names else repeat([])
    written = ["".join([*before, target]) for before, target in zip(earlier, rows[ANSWER], strict=False)]
    nats, tokens = scores.negative_log_likelihood, scores.tokens
    # Of chats that were cut the last answer alone is scored, in as many windows as it needs.
    cut = np.flatnonzero(np.asarray(encoded["length"]) >= opened.max_length)
    if len(cut):
        windowed = padded_likelihoods(opened, rows.select(cut))
        nats[cut], tokens[cut] = windowed.negative_log_likelihood, windowed.tokens
    for row in cut:
        written[row] = rows[int(row)][ANSWER]
    return Likelihoods(nats, tokens, count_characters(written))


def packed_likelihoods(opened: OpenedModel, rows: Dataset) -> Likelihoods:
    """Score texts with our own Transformer; arguments as of `measure_likelihoods`.

    Without padding this is the faster way. The ends of targets beyond the model's context are not scored. For an
    encoder the likelihood is that of the masked tokens.
    """
    layout = layout_for(opened, rows.column_names)
    columns = [INPUTS if INPUTS in rows.column_names and name == SOURCE else name for name in layout.columns]
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
    """Score encoded rows in float32.

    Args:
        opened: with its language head.
        encoded: as the layout encodes them.
        layout: by which the model reads them.
    """
    batching = batching_of(opened.model, opened.family)
    device = inference_device()
    model = opened.model.to(device)  # type: ignore[arg-type]
    collate = collator_of(layout, opened.tokenizer, batching)
    inputs = encoded.select_columns([name for name in ("input_ids", "labels") if name in encoded.column_names])
    inputs = inputs.add_column("row", np.arange(len(encoded)))
    sums = np.zeros((3, len(encoded)))

    def scored(indices: list[int]) -> tuple[NDArray[np.int64], tuple[NDArray[np.float64], ...]]:
        batch = moved(collate(rows_at(inputs, indices)), device)
        losses, places, correct = _token_losses(model, batch, shifts=layout.shifts)
        values = (losses, torch.ones_like(losses), correct)
        return np.asarray(indices)[places.cpu().numpy()], tuple(value.cpu().double().numpy() for value in values)

    with inference(), progress_bar("scoring", len(encoded)) as bar:
        for indices, (of_rows, values) in in_batches(_batches(encoded["length"], batching), scored):
            for into, added in zip(sums, values, strict=True):
                np.add.at(into, of_rows, added)
            bar.advance(len(indices))
    return Scores(sums[0], sums[1].astype(np.int64), sums[2].astype(np.int64))


def _batches(lengths: Sequence[int], batching: Batching) -> list[list[int]]:
    """Return rows of similar length, as many as share a batch."""
    if batching is Batching.PADDED:
        return by_length(lengths, ROWS_AT_ONCE)
    return by_tokens(lengths, TOKENS_AT_ONCE if batching is Batching.PACKED else TOKENS_OF_ONE_MASK)


def _token_losses(
    model: torch.nn.Module, batch: dict[str, Any], *, shifts: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return the cross entropy, the index of the row in the batch, and the correctness of each predicted token."""
    labels = batch["labels"]
    logits = model(**{name: value for name, value in batch.items() if name not in ("labels", "row")}).logits.float()
    logits, targets = aligned(logits, labels, shifts=shifts)
    if len(targets) > (known := targets != IGNORED).sum():
        logits, targets = logits[known], targets[known]
    losses = torch.nn.functional.cross_entropy(logits, targets, reduction="none")
    rows, positions = (labels != IGNORED).nonzero(as_tuple=True)
    if "position_ids" in batch:
        rows = ((batch["position_ids"][0] == 0).cumsum(0) - 1)[positions]
    elif "cu_seq_lens_q" in batch:
        rows = torch.searchsorted(batch["cu_seq_lens_q"].long(), positions, right=True) - 1
    return losses, rows, logits.argmax(dim=-1) == targets
