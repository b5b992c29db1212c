"""Tiny models with random weights, and batches of unequal length, for all tests of our Transformer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from toolkit.transformer import (
    TransformerConfig,
    TransformerForCausalLM,
    TransformerForConditionalGeneration,
    TransformerForMaskedLM,
)

VOCABULARY = 41
HEADS = {
    "encoder": TransformerForMaskedLM,
    "decoder": TransformerForCausalLM,
    "encoder-decoder": TransformerForConditionalGeneration,
}
ARCHITECTURES = tuple(HEADS)
POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "none")


def tiny_config(architecture: str = "encoder-decoder", **changes: Any) -> TransformerConfig:
    """Two or three layers of width 16, without dropout, so that two ways to compute a thing must agree."""
    values: dict[str, Any] = {
        "vocab_size": VOCABULARY,
        "hidden_size": 16,
        "encoder_layers": 2,
        "decoder_layers": 3,
        "num_attention_heads": 4,
        "intermediate_size": 24,
        "max_position_embeddings": 40,
        "dropout": 0.0,
    }
    return TransformerConfig(architecture=architecture, **{**values, **changes})


def randomise(model: torch.nn.Module, *, seed: int = 0) -> torch.nn.Module:
    """Give biases and norms random values too: zeros and ones would hide that one of them is left out."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if not parameter.requires_grad:
                continue
            noise = torch.randn(parameter.shape, generator=generator, dtype=torch.float64).to(parameter.dtype)
            parameter.copy_(1 + 0.2 * noise if "norm" in name and name.endswith("weight") else 0.4 * noise)
    return model


def tiny_model(
    architecture: str = "encoder-decoder",
    *,
    dtype: torch.dtype = torch.float64,
    attention: str = "sdpa",
    seed: int = 0,
    **changes: Any,
) -> Any:
    """The model with a head that predicts tokens, in evaluation mode."""
    model = HEADS[architecture](tiny_config(architecture, **changes)).to(dtype)
    model.set_attn_implementation(attention)
    return randomise(model, seed=seed).eval()


def random_tokens(*shape: int, seed: int = 0) -> Tensor:
    """Token ids that are none of the special ones."""
    return torch.randint(5, VOCABULARY, shape, generator=torch.Generator().manual_seed(seed))


def random_sequences(lengths: list[int], *, seed: int = 0) -> list[Tensor]:
    """One row of tokens for each length."""
    return [random_tokens(length, seed=seed + index) for index, length in enumerate(lengths)]


def padded(sequences: list[Tensor], *, side: str = "right", value: int = 0) -> tuple[Tensor, Tensor]:
    """The sequences as a batch, and its mask; both ``[rows, longest]``."""
    batch = torch.nn.utils.rnn.pad_sequence(sequences, batch_first=True, padding_value=value, padding_side=side)
    ones = [torch.ones(len(sequence), dtype=torch.long) for sequence in sequences]
    return batch, torch.nn.utils.rnn.pad_sequence(ones, batch_first=True, padding_side=side)


def batch_of(architecture: str) -> dict[str, Tensor]:
    """Three rows of unequal length with labels."""
    input_ids, mask = padded(random_sequences([5, 2, 7]))
    labels = input_ids.masked_fill(mask == 0, -100)
    if architecture == "encoder-decoder":
        labels, _ = padded(random_sequences([3, 6, 1], seed=30), value=-100)
    return {"input_ids": input_ids, "attention_mask": mask, "labels": labels}


def gradients(loss: Tensor, model: torch.nn.Module) -> dict[str, Tensor]:
    """The gradient of each parameter; zeros where a parameter has no say."""
    model.zero_grad()
    loss.backward()
    return {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad.clone()
        for name, parameter in model.named_parameters()
    }


def assert_same(ours: Any, theirs: Any, *, tolerance: float = 1e-9) -> None:
    """Tensors, or folders of them, agree."""
    torch.testing.assert_close(ours, theirs, atol=tolerance, rtol=tolerance)
