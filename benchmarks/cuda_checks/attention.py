"""Flash, memory-efficient and flex attention of our own Transformer beside the eager one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from cuda_checks.checked import Setting, require, use_tests, worst

EXACT = 1e-4
"""Largest difference in float32, of the largest value."""
MORE_THAN_EAGER = 3.0
"""How many times the rounding of eager attention in bfloat16 that of another may be; both are the largest of few."""

SIZES = {"hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 64}


def equal(setting: Setting) -> dict[str, Any]:
    """Compare logits and gradients of padded batches and packed rows for each architecture and kind of positions."""
    use_tests()
    from test_packed_equals_padded import both_forms
    from tiny import random_sequences

    on_gpu = setting.device == "cuda"
    kinds: dict[str, tuple[str, Any, torch.dtype]] = {
        "sdpa": ("sdpa", nullcontext, torch.float32),
        "flex": ("flex_attention", nullcontext, torch.float32),
    }
    if on_gpu:
        from torch.nn.attention import SDPBackend, sdpa_kernel

        kinds["memory-efficient"] = ("sdpa", lambda: sdpa_kernel(SDPBackend.EFFICIENT_ATTENTION), torch.float32)
        kinds["sdpa, bf16"] = ("sdpa", nullcontext, torch.bfloat16)
        if _has_flash():
            kinds["flash_attention_2, bf16"] = ("flash_attention_2", nullcontext, torch.bfloat16)
    exact: dict[str, float] = {}
    rounded: dict[str, float] = {}
    with _switched_off(on_gpu):
        for architecture in ("encoder", "decoder", "encoder-decoder"):
            for position in ("sinusoidal", "rotary"):
                forms = both_forms(architecture, random_sequences([9, 3, 17]), random_sequences([4, 8, 6], seed=40))
                expected = [_outcome(architecture, position, form, setting, ("eager", torch.float32)) for form in forms]
                usual = 1.0
                if on_gpu:
                    each = zip(forms, expected, strict=True)
                    usual = max(_rounding(architecture, position, form, setting, exactly) for form, exactly in each)
                for name, (attention, context, dtype) in kinds.items():
                    is_flash = attention.startswith("flash")
                    for form, wanted in list(zip(forms, expected, strict=True))[is_flash:]:
                        learns = on_gpu or attention != "flex_attention"  # which has no gradient on CPUs
                        with context():
                            found = _outcome(architecture, position, form, setting, (attention, dtype), learns=learns)
                        difference = worst((found[key], wanted[key]) for key in found)
                        into = exact if dtype is torch.float32 else rounded
                        share = difference if dtype is torch.float32 else difference / usual
                        case = f"{name}, {architecture}, {position}"
                        into[case] = max(into.get(case, 0.0), share)
    require(exact, EXACT)
    require(rounded, MORE_THAN_EAGER)
    figures: dict[str, Any] = {"worst_float32": max(exact.values()), "cases": len(exact) + len(rounded)}
    if on_gpu:
        figures["worst_bf16_by_eager_bf16"] = max(rounded.values())
        figures["flash_attention_2"] = "compared" if _has_flash() else "flash-attn is not installed"
    return figures


def flash_backend(setting: Setting) -> dict[str, Any]:
    """Compare torch's own flash kernel with the eager attention: causal, in bfloat16, without padding."""
    use_tests()
    from tiny import random_tokens

    form = {"input_ids": random_tokens(3, 48)}
    form["labels"] = form["input_ids"]
    wanted = _outcome("decoder", "rotary", form, setting, ("eager", torch.float32))
    with _flash_alone(setting.device):
        found = _outcome("decoder", "rotary", form, setting, ("sdpa", torch.bfloat16))
    usual = _rounding("decoder", "rotary", form, setting, wanted)
    share = worst((found[key], wanted[key]) for key in found) / usual
    require({"flash": share}, MORE_THAN_EAGER)
    return {"eager_bf16": usual, "flash_by_eager": share}


def _rounding(
    architecture: str, position: str, form: dict[str, Any], setting: Setting, exact: dict[str, torch.Tensor]
) -> float:
    """Return how far eager attention in bfloat16 is from float32."""
    found = _outcome(architecture, position, form, setting, ("eager", torch.bfloat16))
    return worst((found[key], exact[key]) for key in exact)


def _outcome(
    architecture: str,
    position: str,
    form: dict[str, Any],
    setting: Setting,
    how: tuple[str, torch.dtype],
    *,
    learns: bool = True,
) -> dict[str, torch.Tensor]:
    """Return the logits of real tokens, and the gradients of the loss."""
    from tiny import tiny_model

    attention, dtype = how
    model = tiny_model(architecture, dtype=dtype, attention=attention, position=position, **SIZES).to(setting.device)
    inputs = {name: value.to(setting.device) if torch.is_tensor(value) else value for name, value in form.items()}
    with nullcontext() if learns else torch.no_grad():
        output = model(**inputs)
    logits = output.logits.detach()
    mask = inputs.get("attention_mask")
    if mask is not None and logits.shape[:2] == mask.shape:
        logits = logits[mask.bool()]
    found = {"logits": logits.float()}
    if learns:
        output.loss.backward()
        found |= {n: p.grad.float() for n, p in model.named_parameters() if p.grad is not None}
    return found


def _has_flash() -> bool:
    from transformers.utils import is_flash_attn_2_available

    return bool(is_flash_attn_2_available())


@contextmanager
def _flash_alone(device: str) -> Iterator[None]:
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with sdpa_kernel(SDPBackend.FLASH_ATTENTION) if device == "cuda" else nullcontext():
        yield


@contextmanager
def _switched_off(on_gpu: bool) -> Iterator[None]:
    """Compute products of float32 in float32."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    if on_gpu:
        torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
