"""The table of token embeddings."""

from __future__ import annotations

import math

from torch import Tensor, nn

from .configuration import TransformerConfig


class ScaledEmbedding(nn.Embedding):
    """Token embeddings times the square root of their width (section 3.4), where the configuration asks for it.

    The factor belongs to the table, so that what it gives can be handed to a model as ``inputs_embeds``.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config.vocab_size, config.hidden_size)
        self.scale = math.sqrt(config.hidden_size) if config.scale_embeddings else 1.0

    def forward(self, input: Tensor) -> Tensor:
        """Ids ``[batch, length]`` to ``[batch, length, hidden]``."""
        embeddings = super().forward(input)
        return embeddings if self.scale == 1.0 else embeddings * self.scale
