"""A pretrained body with a head on its pooled states."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput
from transformers.utils.generic import can_return_tuple

from .pooled_config import PooledConfig
from .pooling import pool


class PooledForSequenceClassification(PreTrainedModel):
    """A body with a head on its pooled states, for classes, label sets or numbers.

    See Reimers & Gurevych 2019, section 3 (https://arxiv.org/abs/1908.10084). ``config.problem_type`` names the kind of
    labels, as in the library.

    Args:
        config: see `PooledConfig`.
        body: an opened body, of an encoder-decoder its encoder; None: a body with random weights.
    """

    config: PooledConfig
    config_class = PooledConfig
    base_model_prefix = "body"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True

    def __init__(self, config: PooledConfig, body: PreTrainedModel | None = None) -> None:
        super().__init__(config)
        self.num_labels: int = config.num_labels  # type: ignore[assignment]
        self.body = new_body(config) if body is None else body
        width = config.hidden_size * len(config.layers)
        self.dropout = nn.Dropout(config.classifier_dropout)
        self.classifier = head_of(width, config)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """Return the token embeddings of the body."""
        return self.body.get_input_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the token embeddings of the body."""
        self.body.set_input_embeddings(value)

    @can_return_tuple
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: Any,
    ) -> SequenceClassifierOutput:
        """Compute the logits of each text, and the loss if labels are given.

        Args:
            input_ids: ``[batch, length]``.
            attention_mask: ``[batch, length]``, 0 where padded.
            inputs_embeds: ``[batch, length, dim]``, instead of `input_ids`.
            labels: indices of classes ``[batch]``, 0.0 or 1.0 for each class ``[batch, labels]``, or the targets of
                a regression ``[batch, labels]``.
            kwargs: of the body and of the library's loss.

        Returns:
            An output with ``logits [batch, labels]``.
        """
        settings = {name: value for name, value in kwargs.items() if name != "num_items_in_batch"}
        outputs = self.body_outputs(input_ids, attention_mask, inputs_embeds, **settings)
        logits = self.classifier(self.dropout(self.pooled(outputs, attention_mask)))
        loss = None
        if labels is not None:
            loss = self.loss_function(labels=labels, pooled_logits=logits, config=self.config)
        wants_states = kwargs.get("output_hidden_states")
        hidden_states = outputs.get("hidden_states") if wants_states else None
        return SequenceClassifierOutput(
            loss=loss, logits=logits, hidden_states=hidden_states, attentions=outputs.get("attentions")
        )

    def body_outputs(
        self, input_ids: Tensor | None, attention_mask: Tensor | None, inputs_embeds: Tensor | None, **settings: Any
    ) -> Any:
        """Run the body, with the states of all layers if the configuration needs them; see `forward`."""
        if inputs_embeds is not None:
            settings["inputs_embeds"] = inputs_embeds
        if self.config.family == "decoder":
            settings["use_cache"] = False
        if self.config.layers != [-1]:
            settings["output_hidden_states"] = True
        return self.body(input_ids=input_ids, attention_mask=attention_mask, **settings)

    def pooled(self, outputs: Any, attention_mask: Tensor | None) -> Tensor:
        """Pool the configured layers and concatenate them, one vector a text.

        Args:
            outputs: of the body.
            attention_mask: ``[batch, length]``, 0 where padded.

        Returns:
            ``[batch, dim * layers]``.
        """
        states = states_of(outputs, self.config.layers)
        return torch.cat([pool(state, attention_mask, how=self.config.pooling) for state in states], dim=-1)


def new_body(config: PooledConfig) -> Any:
    """Build a body with random weights; of an encoder-decoder its encoder."""
    body: Any = AutoModel.from_config(config.body)
    is_whole = config.family == "encoder-decoder" and getattr(body, "decoder", None) is not None
    return body.get_encoder() if is_whole else body


def head_of(width: int, config: PooledConfig) -> nn.Module:
    """Build a linear layer, or two with ReLU between them."""
    n_labels: int = config.num_labels  # type: ignore[assignment]
    if config.head_hidden_size is None:
        return nn.Linear(width, n_labels)
    return nn.Sequential(
        nn.Linear(width, config.head_hidden_size),
        nn.ReLU(),
        nn.Dropout(config.classifier_dropout),
        nn.Linear(config.head_hidden_size, n_labels),
    )


def states_of(outputs: Any, layers: list[int] | tuple[int, ...]) -> list[Tensor]:
    """Return the states of some layers of a body.

    Args:
        outputs: of the body, with ``hidden_states`` unless only the last layer is wanted.
        layers: 0 is the embeddings, -1 the last layer after its norm, as the body returns it.

    Returns:
        A tensor ``[batch, length, dim]`` for each layer.
    """
    hidden_states = outputs.get("hidden_states") or ()
    n_last = len(hidden_states) - 1
    return [outputs.last_hidden_state if layer in (-1, n_last) else hidden_states[layer] for layer in layers]
