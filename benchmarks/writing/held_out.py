"""The loss of a model on rows that nothing was learnt from, by plain PyTorch, alike for all contestants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch.nn.functional import cross_entropy


@torch.inference_mode()
def held_out_loss(model: Any, rows: Iterable[dict[str, list[int]]]) -> float:
    """Return the mean loss of the tokens to be written, in nats: a row at a time, unpadded, without autocast."""
    device = next(model.parameters()).device
    model.eval()
    total, n_tokens = 0.0, 0
    for row in rows:
        ids, labels = (torch.tensor(row[name], device=device) for name in ("input_ids", "labels"))
        logits = model(input_ids=ids[None], use_cache=False).logits[0, :-1].float()
        total += float(cross_entropy(logits, labels[1:], reduction="sum", ignore_index=-100))
        n_tokens += int((labels[1:] != -100).sum())
    return total / n_tokens
