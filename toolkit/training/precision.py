"""Native support for bfloat16."""

from __future__ import annotations

import torch


def computes_bf16_natively() -> bool:
    """Return True if this machine computes bfloat16 matrix products in hardware; emulation is slower than float32.

    On Apple's MPS autocast in bfloat16 is no faster, so the result there is False.
    """
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if torch.backends.mps.is_available():
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(bool(capabilities.get(name)) for name in ("avx512_bf16", "amx_bf16", "bf16", "arm_bf16"))
