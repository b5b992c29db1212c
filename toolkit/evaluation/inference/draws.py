"""Tokens that are drawn: each row by numbers of its own, so that no other row of its batch has a say.

The library draws the tokens of a batch from one stream of random numbers. There a row's text depends on the rows beside
it and on those before it.
"""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from transformers import LogitsProcessor
from transformers.generation.configuration_utils import BaseWatermarkingConfig


class Draws(LogitsProcessor):
    """A processor that leaves one token of each row: that in which the row's number falls.

    The probabilities of the tokens lie behind each other between 0 and 1 (inverse transform sampling).

    Args:
        numbers: uniform between 0 and 1, one for each token that a row may have. ``[rows, tokens]``
    """

    def __init__(self, numbers: Tensor) -> None:
        self.numbers = numbers
        self.n_drawn = 0

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return scores ``[rows, vocabulary]`` of minus infinity, but for one token a row."""
        exact = torch.float32 if scores.device.type == "mps" else torch.float64
        ends = scores.softmax(dim=-1, dtype=exact).cumsum(dim=-1)
        numbers = self.numbers[:, self.n_drawn, None].to(ends) * ends[:, -1:]
        self.n_drawn += 1
        drawn = torch.searchsorted(ends, numbers, right=True)
        return torch.full_like(scores, -torch.inf).scatter(-1, drawn, 0.0)


class LastOfAll(BaseWatermarkingConfig):
    """A setting of ``generate`` that puts a processor behind all of the library's own.

    Those that are given as ``logits_processor`` come before temperature, top-k and their like. A watermark, which also
    has to choose among what these leave, is the only one that comes after them.

    Args:
        processor: that has the last word.
    """

    def __init__(self, processor: LogitsProcessor) -> None:
        self.processor = processor

    def validate(self) -> None:
        """Find nothing wrong."""

    def construct_processor(self, vocab_size: int, device: object = None) -> LogitsProcessor:
        """Return the processor."""
        return self.processor


def numbers_of(prompts: Sequence[Sequence[int]], *, seed: int, n_tokens: int) -> Tensor:
    """Return the numbers by which texts are drawn, ``[prompts, n_tokens]``.

    They follow from the seed and from what is read alone: in any order and any company a prompt gets the same text.

    Args:
        prompts: token ids.
        seed: another one gives other texts.
        n_tokens: that a text may have.
    """
    drawn = [np.random.default_rng([seed, *prompt]).random(n_tokens) for prompt in prompts]
    return torch.from_numpy(np.stack(drawn))
