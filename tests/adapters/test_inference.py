"""Computing without gradients, and with kernels that take batches of any shape."""

from __future__ import annotations

import pytest
import torch

from toolkit.adapters.inference import attention_for_any_shape, inference


@pytest.mark.parametrize("was_enabled", [True, False])
def test_cudnn_s_attention_is_as_before_afterwards(was_enabled: bool) -> None:
    before = torch.backends.cuda.cudnn_sdp_enabled()
    torch.backends.cuda.enable_cudnn_sdp(was_enabled)
    try:
        with attention_for_any_shape():
            assert not torch.backends.cuda.cudnn_sdp_enabled()
        assert torch.backends.cuda.cudnn_sdp_enabled() == was_enabled
    finally:
        torch.backends.cuda.enable_cudnn_sdp(before)


def test_inference_keeps_no_gradients() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    with inference():
        assert not (2 * weight).requires_grad
        assert not torch.backends.cuda.cudnn_sdp_enabled()
    assert (2 * weight).requires_grad
