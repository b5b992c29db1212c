"""How a model computes when batches have many shapes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def attention_for_any_shape() -> Iterator[None]:
    """Leave cuDNN's attention out.

    It plans anew for every shape that it has not met. On an H200 that took 70 ms forward and 80 ms backward, where the
    attention itself took 4 ms; batches of texts have a new shape nearly every time (docs/experiments.md).
    """
    was_enabled = torch.backends.cuda.cudnn_sdp_enabled()  # type: ignore[no-untyped-call]
    torch.backends.cuda.enable_cudnn_sdp(False)
    try:
        yield
    finally:
        torch.backends.cuda.enable_cudnn_sdp(was_enabled)


@contextmanager
def inference() -> Iterator[None]:
    """Compute without gradients, with attention for batches of any shape."""
    with torch.inference_mode(), attention_for_any_shape():
        yield
