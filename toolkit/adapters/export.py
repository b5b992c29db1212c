"""Export: a frozen body and a head that was fitted to its features become one model with the same predictions."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from toolkit.adapters.classification_head import write_labels
from toolkit.adapters.opened import OpenedBody
from toolkit.errors import RecipeError
from toolkit.exported import PooledConfig, PooledForSequenceClassification
from toolkit.names import Family, Problem
from toolkit.transformer import TransformerConfig, TransformerForSequenceClassification


def export_pooled(
    body: OpenedBody,
    *,
    pooling: str,
    layers: Sequence[int],
    weight: Tensor,
    bias: Tensor,
    hidden: tuple[Tensor, Tensor] | None = None,
    labels: Sequence[str],
    problem: Problem,
) -> PreTrainedModel:
    """Make one model of a body and its head.

    Our own Transformer becomes a `TransformerForSequenceClassification` with ``classifier_pooling``. Any other body
    becomes a `PooledForSequenceClassification`, which saves its code with it. The features of an encoder-decoder are
    those of its encoder, so only the encoder is kept.

    Args:
        body: whose features the head was fitted to; shared, not copied, unless it is our own Transformer.
        pooling: of the features, see `toolkit.exported.pool`.
        layers: whose states were pooled and concatenated.
        weight: of the head's last layer, ``[labels, dim]``, or ``[labels, hidden dim]`` after a hidden layer.
        bias: ``[labels]``.
        hidden: weight ``[hidden dim, dim]`` and bias ``[hidden dim]`` of a hidden layer with ReLU; None: there is none.
        labels: names of the classes; for a regression the name of the number.
        problem: kind of the labels.

    Returns:
        The model in evaluation mode.

    Raises:
        RecipeError: for a layer of our own Transformer other than the last.
    """
    width = None if hidden is None else len(hidden[0])
    model: Any
    if isinstance(body.model.config, TransformerConfig):
        model = _own(body, pooling=pooling, layers=layers, width=width, labels=labels, problem=problem)
    else:
        settings: dict[str, Any] = {"family": body.family.value, "pooling": pooling, "layers": list(layers)}
        config = PooledConfig(body=body.model.config.to_dict(), head_hidden_size=width, **settings)
        write_labels(config, labels, problem)
        model = PooledForSequenceClassification(config, body.model)
    linear = [module for module in model.classifier.modules() if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for layer, values in zip(linear, [*([] if hidden is None else [hidden]), (weight, bias)], strict=True):
            layer.weight.copy_(values[0])
            layer.bias.copy_(values[1])
    model.eval()
    return cast(PreTrainedModel, model)


def _own(
    body: OpenedBody,
    *,
    pooling: str,
    layers: Sequence[int],
    width: int | None,
    labels: Sequence[str],
    problem: Problem,
) -> Any:
    if list(layers) != [-1]:
        raise RecipeError(
            f"our own Transformer with a head reads its last layer alone, found layers {list(layers)}; write [-1]",
            where="features.layers",
        )
    config: Any = copy.deepcopy(body.model.config)
    if body.family is Family.ENCODER_DECODER:
        config.architecture, config.is_encoder_decoder = "encoder", False
    config.classifier_pooling, config.classifier_hidden_size = pooling, width
    write_labels(config, labels, problem)
    model = TransformerForSequenceClassification(config)
    reader: Any = model.model if body.family is not Family.ENCODER_DECODER else model.model.encoder
    reader.load_state_dict(body.model.state_dict())
    return model
