"""The log-likelihood of each label after a prompt, under a decoder; a prompt is computed once for all labels."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from toolkit.adapters.inference import inference
from toolkit.data.batches import by_tokens
from toolkit.data.padding import pad_right
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.inference.token_batches import (
    chunks,
    padded,
    sum_log_likelihoods,
    tokens_at_once,
)
from toolkit.evaluation.zero_shot.calibration import Scores
from toolkit.evaluation.zero_shot.prompts import Prompt
from toolkit.progress import Bar
from toolkit.transformer.cross_entropy import IGNORED

EXPANDED_TOKENS = 16_384
"""Tokens whose keys and values are held at a time, over all labels: 0.75 GB for SmolLM2."""


def decoder_scores(model: PreTrainedModel, prompts: Sequence[Prompt], *, bar: Bar) -> Scores:
    """Return the log-likelihoods of the labels in nats, ``[prompts, labels]``.

    The first token of each label is predicted together with the prompt. The prompt's keys and values are repeated only
    for further tokens.

    Args:
        model: a causal language model.
        prompts: of one token or more, all with as many answers, in any order.
        bar: advances by one step a prompt.
    """
    device = inference_device()
    model.to(device)  # type: ignore[arg-type]
    scores = np.empty((len(prompts), len(prompts[0].answers)))
    n_long = len(_long_labels(prompts))
    budget = max(1, min(tokens_at_once(device), EXPANDED_TOKENS // max(n_long, 1)))
    with inference():
        for indices in by_tokens([len(prompt.ids) for prompt in prompts], budget):
            scores[indices] = _batch_scores(model, [prompts[i] for i in indices], device).cpu().numpy()
            bar.advance(len(indices))
    return scores


def _long_labels(prompts: Sequence[Prompt]) -> list[int]:
    """Return the indices of the labels that have more than one token after some prompt."""
    n_labels = len(prompts[0].answers)
    return [label for label in range(n_labels) if any(len(prompt.answers[label]) > 1 for prompt in prompts)]


def _batch_scores(model: PreTrainedModel, prompts: list[Prompt], device: torch.device) -> Tensor:
    """Return the log-likelihoods of one batch, ``[batch, labels]``."""
    ids, mask = (tensor.to(device) for tensor in padded([prompt.ids for prompt in prompts], left=True))
    long = _long_labels(prompts)
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    outputs = _forward(model, ids, mask, positions, logits_to_keep=1, use_cache=bool(long))
    first = torch.tensor([[answer[0] for answer in prompt.answers] for prompt in prompts], device=device)
    scores: Tensor = outputs.logits[:, -1].float().log_softmax(dim=-1).gather(1, first)
    cache = outputs.past_key_values if long else None
    for chunk in chunks(long, max(1, EXPANDED_TOKENS // mask.numel())):
        is_last = chunk[-1] == long[-1]
        scores[:, chunk] += _rest(model, cache if is_last else copy.deepcopy(cache), mask, prompts, chunk)
    return scores


def _rest(model: PreTrainedModel, cache: Any, mask: Tensor, prompts: list[Prompt], labels: Sequence[int]) -> Tensor:
    """Return the log-likelihood of the tokens behind the first one, ``[batch, labels]``; changes the cache."""
    device = mask.device
    answers = [prompt.answers[label] for prompt in prompts for label in labels]
    given, given_mask = (tensor.to(device) for tensor in padded([answer[:-1] for answer in answers]))
    targets = pad_right([answer[1:] for answer in answers], IGNORED).to(device)
    cache.batch_repeat_interleave(len(labels))
    n_before = mask.sum(dim=1).repeat_interleave(len(labels))
    positions = n_before[:, None] + torch.arange(given.shape[1], device=device)
    whole = torch.cat([mask.repeat_interleave(len(labels), dim=0), given_mask], dim=1)
    logits = _forward(model, given, whole, positions, past_key_values=cache, use_cache=True).logits
    return sum_log_likelihoods(logits, targets).view(len(prompts), len(labels))


def _forward(model: PreTrainedModel, ids: Tensor, mask: Tensor, positions: Tensor, **settings: Any) -> Any:
    """Run the model; ``position_ids`` and ``logits_to_keep`` are passed only where its ``forward`` has them."""
    settings["position_ids"] = positions
    known = inspect.signature(model.forward).parameters
    settings = {
        name: value
        for name, value in settings.items()
        if name in known or name not in ("position_ids", "logits_to_keep")
    }
    return model(input_ids=ids, attention_mask=mask, **settings)
