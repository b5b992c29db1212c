"""Attention over packed rows, a sequence at a time, beside the library's mask of all tokens by all tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AttentionMaskInterface, AutoModelForCausalLM
from writing_models import DECODERS, writing_model

from toolkit.adapters.batching import batching_of
from toolkit.adapters.packed_attention import NAME, Sequences, attend_by_sequence, mask_of_sequences
from toolkit.names import Family
from toolkit.transformer.packing import PackedSide

LENGTHS = [3, 1, 12, 6]
IDS = torch.arange(sum(LENGTHS))[None] % 30 + 5
PACKED: dict[str, Any] = {
    "input_ids": IDS,
    "position_ids": torch.cat([torch.arange(length) for length in LENGTHS])[None],
    "use_cache": False,
}


def outcome(model: Any, inputs: dict[str, Any]) -> list[torch.Tensor]:
    """Logits, and the gradients of something that depends on all of them."""
    model.zero_grad()
    logits = model(**inputs).logits
    (logits.float().sin() * torch.linspace(0, 1, logits.shape[1])[:, None]).sum().backward()
    gradients = [tensor.grad.clone() for tensor in model.parameters() if tensor.grad is not None]
    return [logits.detach(), *gradients]


@pytest.mark.parametrize("on_cpu", [True, False])
@pytest.mark.parametrize("name", [name for name in DECODERS if name not in ("opt", "own-decoder")])
def test_it_gives_what_the_library_gives(name: str, on_cpu: bool, tmp_path: Path) -> None:
    """Windows shorter than a sequence (Mistral's) and soft caps (Gemma 2's) are the library's own affair."""
    if not on_cpu:  # rows laid out as a padded batch, as on a GPU
        AttentionMaskInterface.register(NAME, laid_out)
    try:
        model = AutoModelForCausalLM.from_pretrained(writing_model(name, tmp_path), dtype=torch.float32).eval()
        usual = model.config._attn_implementation
        expected = outcome(model, PACKED)
        assert batching_of(model, Family.DECODER).packs
        assert (model.config._attn_implementation == NAME) == (usual == "sdpa")
        for found, wanted in zip(outcome(model, PACKED), expected, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    finally:
        AttentionMaskInterface.register(NAME, mask_of_sequences)


def laid_out(*args: Any, **kwargs: Any) -> Any:
    mask = mask_of_sequences(*args, **kwargs)
    if not isinstance(mask, Sequences):
        return mask
    ends = torch.tensor([0, *mask.lengths]).cumsum(0)
    return Sequences(mask.lengths, PackedSide.of(ends, max(mask.lengths), int(ends[-1])))


def test_everything_else_is_the_library_s(tmp_path: Path) -> None:
    """A padded batch, a row without padding, and generation with a cache; and nothing of it is saved."""
    model: Any = AutoModelForCausalLM.from_pretrained(writing_model("llama", tmp_path), dtype=torch.float32).eval()
    mask = torch.tensor([[1] * 6, [0, 0, 1, 1, 1, 1]])
    batch = {"input_ids": torch.arange(12).view(2, 6) + 5, "attention_mask": mask}
    row = {"input_ids": batch["input_ids"][:1]}

    def found() -> list[Any]:
        with torch.inference_mode():
            written = model.generate(**batch, max_new_tokens=5, pad_token_id=0, do_sample=False)
            return [model(**batch).logits, model(**row).logits, written]

    expected = found()
    batching_of(model, Family.DECODER)
    assert model.config._attn_implementation == NAME
    assert all(torch.equal(a, b) for a, b in zip(found(), expected, strict=True))
    model.save_pretrained(tmp_path / "saved")
    assert NAME not in json.dumps(json.loads((tmp_path / "saved" / "config.json").read_text(encoding="utf-8")))


def test_in_bfloat16_a_sequence_is_attended_to_in_float32() -> None:
    generator = torch.Generator().manual_seed(0)
    query, key, value = (torch.randn(1, 2, 22, 8, generator=generator).bfloat16() for _ in range(3))
    module = torch.nn.Identity()
    found, _ = attend_by_sequence(module, query, key, value, Sequences(LENGTHS, None))
    assert found.dtype is torch.bfloat16
    start = 0
    for length in LENGTHS:
        part = (tensor[:, :, start : start + length].double() for tensor in (query, key, value))
        wanted = torch.nn.functional.scaled_dot_product_attention(*part, is_causal=True).transpose(1, 2)
        torch.testing.assert_close(found[:, start : start + length].double(), wanted, rtol=8e-3, atol=1e-3)
        start += length
