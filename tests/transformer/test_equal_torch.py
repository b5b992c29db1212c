"""Our layers compute what torch's own layers compute, forward and backward, with the same weights."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from tiny import assert_same, padded, random_sequences, randomise, tiny_config
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutput

from toolkit.transformer import TransformerModel

SOURCES, TARGETS = [7, 3, 1, 6], [2, 5, 4, 1]
VARIANTS = list(itertools.product(["post", "pre"], ["relu", "gelu"], [True, False]))

# Names of torch's sublayers: what our residuals[0], [1], [2] normalise is its norm1, norm2, norm3.
ATTENTIONS = {"self_attention": "self_attn", "cross_attention": "multihead_attn"}
FEED_FORWARD = {"up_proj": "linear1", "down_proj": "linear2"}


def torch_stack(config: Any, kind: str) -> nn.Module:
    layer_class = nn.TransformerEncoderLayer if kind == "encoder" else nn.TransformerDecoderLayer
    stack_class = nn.TransformerEncoder if kind == "encoder" else nn.TransformerDecoder
    is_pre = config.norm == "pre"
    layer = layer_class(
        config.hidden_size,
        config.num_attention_heads,
        config.intermediate_size,
        dropout=0.0,
        activation=config.activation,
        layer_norm_eps=config.norm_eps,
        batch_first=True,
        norm_first=is_pre,
        bias=config.bias,
        dtype=torch.float64,
    )
    norm = nn.LayerNorm(config.hidden_size, eps=config.norm_eps, dtype=torch.float64) if is_pre else None
    settings = {"enable_nested_tensor": False} if kind == "encoder" else {}
    return stack_class(layer, getattr(config, f"{kind}_layers"), norm, **settings)


def as_torch_names(ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """Our tensors of one stack by torch's names: queries, keys and values in one matrix there."""
    renamed: dict[str, Tensor] = {}
    for name, tensor in ours.items():
        *path, module, leaf = name.split(".")
        if module == "q_proj":
            parts = [ours[".".join([*path, part, leaf])] for part in ("q_proj", "k_proj", "v_proj")]
            renamed[".".join([*path[:-1], ATTENTIONS[path[-1]], f"in_proj_{leaf}"])] = torch.cat(parts)
        elif module == "o_proj":
            renamed[".".join([*path[:-1], ATTENTIONS[path[-1]], f"out_proj.{leaf}"])] = tensor
        elif module in FEED_FORWARD:
            renamed[".".join([*path[:-1], FEED_FORWARD[module], leaf])] = tensor
        elif path and path[-2:-1] == ["residuals"]:
            renamed[".".join([*path[:-2], f"norm{int(path[-1]) + 1}", leaf])] = tensor
        elif module == "norm":
            renamed[name] = tensor
    return renamed


def our_model(architecture: str, norm: str, activation: str, bias: bool) -> TransformerModel:
    config = tiny_config(architecture, norm=norm, activation=activation, bias=bias, position="none")
    return randomise(TransformerModel(config).double()).eval()


def load(theirs: nn.Module, ours: nn.Module, *, bias: bool) -> None:
    """Ours into theirs. Without biases torch takes away the norms' shift too, so that ours are set to zero."""
    if not bias:
        with torch.no_grad():
            for name, parameter in ours.named_parameters():
                if name.endswith("norm.bias"):
                    parameter.zero_()
    renamed = as_torch_names(dict(ours.named_parameters()))
    report = theirs.load_state_dict(renamed, strict=False)
    assert not report.missing_keys
    assert all("norm" in name and not bias for name in report.unexpected_keys)


def states(lengths: list[int], seed: int) -> tuple[Tensor, Tensor]:
    mask = padded(random_sequences(lengths))[1].bool()
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*mask.shape, 16, generator=generator, dtype=torch.float64), mask


def outcome(output: Tensor, mask: Tensor, model: nn.Module, inputs: list[Tensor]) -> tuple[Tensor, Any, list[Tensor]]:
    """Real tokens' outputs and the gradients of their weighted sum."""
    real = output[mask]
    weights = torch.linspace(-1, 1, real.numel(), dtype=real.dtype).view_as(real)
    grads = torch.autograd.grad((real * weights).sum(), [*model.parameters(), *inputs], allow_unused=True)
    named = dict(zip([name for name, _ in model.named_parameters()], grads, strict=False))
    return real, {name: grad for name, grad in named.items() if grad is not None}, list(grads[-len(inputs) :])


@pytest.mark.parametrize(("norm", "activation", "bias"), VARIANTS)
def test_encoder(norm: str, activation: str, bias: bool):
    model = our_model("encoder", norm, activation, bias)
    ours, config = model.encoder, model.config
    theirs = torch_stack(config, "encoder")
    load(theirs, ours, bias=bias)
    embeddings, mask = states(SOURCES, 1)
    embeddings.requires_grad_()
    output = model(inputs_embeds=embeddings, attention_mask=mask).last_hidden_state
    reference = theirs(embeddings, src_key_padding_mask=~mask)
    compare(outcome(output, mask, ours, [embeddings]), outcome(reference, mask, theirs, [embeddings]))


@pytest.mark.parametrize(("norm", "activation", "bias"), VARIANTS)
def test_decoder(norm: str, activation: str, bias: bool):
    model = our_model("encoder-decoder", norm, activation, bias)
    ours, config = model.decoder, model.config
    theirs = torch_stack(config, "decoder")
    load(theirs, ours, bias=bias)
    memory, source_mask = states(SOURCES, 2)
    embeddings, mask = states(TARGETS, 3)
    memory.requires_grad_()
    embeddings.requires_grad_()
    output = model(
        encoder_outputs=BaseModelOutput(last_hidden_state=memory),
        attention_mask=source_mask,
        decoder_inputs_embeds=embeddings,
        decoder_attention_mask=mask,
    ).last_hidden_state
    future = torch.ones(embeddings.shape[1], embeddings.shape[1], dtype=torch.bool).triu(1)
    reference = theirs(
        embeddings, memory, tgt_mask=future, tgt_key_padding_mask=~mask, memory_key_padding_mask=~source_mask
    )
    inputs = [embeddings, memory]
    compare(outcome(output, mask, ours, inputs), outcome(reference, mask, theirs, inputs))


def compare(ours: tuple[Tensor, Any, list[Tensor]], theirs: tuple[Tensor, Any, list[Tensor]]) -> None:
    assert_same(ours[0], theirs[0])
    assert_same(ours[2], theirs[2])
    renamed = as_torch_names(ours[1])
    assert len(theirs[1]) >= 10
    assert_same({name: renamed[name] for name in theirs[1]}, theirs[1])
