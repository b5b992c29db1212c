"""Token embeddings."""

from __future__ import annotations

import math

from torch import Tensor, nn

from .configuration import TransformerConfig


class ScaledEmbedding(nn.Embedding):
    """Token embeddings, times the square root of their width if ``config.scale_embeddings`` is set.

    See Vaswani et al. 2017, section 3.4 (https://arxiv.org/abs/1706.03762). The factor is applied here, so that the
    output is what a model takes as ``inputs_embeds``.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config.vocab_size, config.hidden_size)
        self.scale = math.sqrt(config.hidden_size) if config.scale_embeddings else 1.0

    def forward(self, input: Tensor) -> Tensor:
        """Embed token ids ``[batch, length]`` as ``[batch, length, hidden]``."""
        embeddings = super().forward(input)
        return embeddings if self.scale == 1.0 else embeddings * self.scale
