"""How likely a decoder finds each label after a prompt; the prompt is computed once for all labels."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel

from toolkit.data.batches import by_tokens
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.zero_shot.batching import IGNORED, padded, tokens_at_once
from toolkit.evaluation.zero_shot.calibration import Scores
from toolkit.evaluation.zero_shot.prompts import Prompt
from toolkit.progress import Bar

EXPANDED_TOKENS = 16_384
"""Tokens whose keys and values are held at a time, over all labels: 0.75 GB of SmolLM2."""


def decoder_scores(model: PreTrainedModel, prompts: Sequence[Prompt], *, bar: Bar) -> Scores:
    """Log-likelihoods in nats, ``[prompts, labels]``.

    The first token of each label comes with the prompt; only for further tokens are the prompt's keys and values
    repeated.

    Args:
        model: a causal language model.
        prompts: at least one token each, all with as many answers, in any order.
        bar: advances by a step a prompt.
    """
    device = inference_device()
    model.to(device)  # type: ignore[arg-type]
    scores = np.empty((len(prompts), len(prompts[0].answers)))
    n_long = sum(any(len(prompt.answers[label]) > 1 for prompt in prompts) for label in range(scores.shape[1]))
    budget = max(1, min(tokens_at_once(device), EXPANDED_TOKENS // max(n_long, 1)))
    with torch.inference_mode():
        for indices in by_tokens([len(prompt.ids) for prompt in prompts], budget):
            scores[indices] = _batch_scores(model, [prompts[i] for i in indices], device).cpu().numpy()
            bar.advance(len(indices))
    return scores


def _batch_scores(model: PreTrainedModel, prompts: list[Prompt], device: torch.device) -> Tensor:
    """``[batch, labels]``."""
    ids, mask = (tensor.to(device) for tensor in padded([prompt.ids for prompt in prompts], left=True))
    n_labels = len(prompts[0].answers)
    long = [label for label in range(n_labels) if any(len(prompt.answers[label]) > 1 for prompt in prompts)]
    positions = (mask.cumsum(dim=1) - 1).clamp(min=0)
    outputs = _forward(model, ids, mask, positions, logits_to_keep=1, use_cache=bool(long))
    first = torch.tensor([[answer[0] for answer in prompt.answers] for prompt in prompts], device=device)
    scores: Tensor = outputs.logits[:, -1].float().log_softmax(dim=-1).gather(1, first)
    labels_at_once = max(1, EXPANDED_TOKENS // mask.numel())
    cache = outputs.past_key_values if long else None
    for start in range(0, len(long), labels_at_once):
        chunk = long[start : start + labels_at_once]
        is_last = start + labels_at_once >= len(long)
        scores[:, chunk] += _rest(model, cache if is_last else copy.deepcopy(cache), mask, prompts, chunk)
    return scores


def _rest(model: PreTrainedModel, cache: Any, mask: Tensor, prompts: list[Prompt], labels: list[int]) -> Tensor:
    """What the tokens of some labels behind the first add to their scores, ``[batch, labels]``; takes up the cache."""
    device = mask.device
    answers = [prompt.answers[label] for prompt in prompts for label in labels]
    given, given_mask = (tensor.to(device) for tensor in padded([answer[:-1] for answer in answers]))
    targets = padded([answer[1:] for answer in answers], filler=IGNORED)[0].to(device)
    cache.batch_repeat_interleave(len(labels))
    n_before = mask.sum(dim=1).repeat_interleave(len(labels))
    positions = n_before[:, None] + torch.arange(given.shape[1], device=device)
    whole = torch.cat([mask.repeat_interleave(len(labels), dim=0), given_mask], dim=1)
    logits = _forward(model, given, whole, positions, past_key_values=cache, use_cache=True).logits
    losses = cross_entropy(logits.float().transpose(1, 2), targets, ignore_index=IGNORED, reduction="none")
    return -losses.sum(dim=1).view(len(prompts), len(labels))


def _forward(model: PreTrainedModel, ids: Tensor, mask: Tensor, positions: Tensor, **settings: Any) -> Any:
    """What the model gives; of the settings that not all models know it is told those that it does."""
    settings["position_ids"] = positions
    known = inspect.signature(model.forward).parameters
    settings = {
        name: value
        for name, value in settings.items()
        if name in known or name not in ("position_ids", "logits_to_keep")
    }
    return model(input_ids=ids, attention_mask=mask, **settings)
