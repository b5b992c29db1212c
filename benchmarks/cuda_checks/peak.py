"""What the device can do: the rate of a large matrix product, beside which training is measured."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch
from cuda_checks.checked import Setting

REPEATS = 10


def measured(setting: Setting) -> dict[str, Any]:
    """Measure products of square matrices in bfloat16 and float32; keep the first for the checks of speed."""
    size = 256 if setting.tiny else 8192 if setting.device == "cuda" else 1024
    figures = {
        str(dtype).removeprefix("torch."): round(_rate(size, dtype, setting.device) / 1e12, 4)
        for dtype in (torch.bfloat16, torch.float32)
    }
    peak_file(setting.folder).write_text(json.dumps(figures["bfloat16"] * 1e12), encoding="utf-8")
    name = torch.cuda.get_device_name() if setting.device == "cuda" else "cpu"
    return {"device": name, "size": size, **{f"{kind}_tflops": rate for kind, rate in figures.items()}}


def _rate(size: int, dtype: torch.dtype, device: str) -> float:
    first, second = (torch.randn(size, size, dtype=dtype, device=device) for _ in range(2))
    for _ in range(3):
        first @ second
    _wait(device)
    started = time.perf_counter()
    for _ in range(REPEATS):
        first @ second
    _wait(device)
    return REPEATS * 2 * size**3 / (time.perf_counter() - started)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def peak_file(folder: Path) -> Path:
    """Return the file that all checks share."""
    return folder.parent / "peak.json"
