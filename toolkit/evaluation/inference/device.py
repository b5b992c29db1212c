"""Where a model computes when it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


def inference_device() -> torch.device:
    """Return the first CUDA device, else Apple's, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def moved(batch: Mapping[str, Any], device: torch.device) -> dict[str, Any]:
    """Move the tensors of a batch to a device; numbers stay as they are."""
    return {name: value.to(device) if isinstance(value, torch.Tensor) else value for name, value in batch.items()}
