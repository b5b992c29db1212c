"""The tensors of a model that training changes: saving and loading them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from toolkit.errors import DivergedError, IntegrityError


def weights_to_save(model: torch.nn.Module) -> dict[str, Tensor]:
    """Return the trained parameters and the persistent buffers, each once also if names share it.

    Raises:
        DivergedError: if one of them is not finite; such weights are never written.
    """
    weights = _changing(model)
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise DivergedError(f"the weights of {name} are not finite any more; lower training.learning_rate")
    return {name: tensor.detach().contiguous() for name, tensor in weights.items()}


def _changing(model: torch.nn.Module) -> dict[str, Tensor]:
    """Return the tensors that training changes, not copies of them."""
    kept = model.state_dict(keep_vars=True).keys()
    return {
        **{name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad},
        **{name: tensor for name, tensor in model.named_buffers() if name in kept},
    }


def load_weights(model: torch.nn.Module, file: Path) -> None:
    """Load the tensors of `weights_to_save` into a model.

    Raises:
        IntegrityError: if the file is damaged or holds other tensors than the model needs.
    """
    try:
        saved = load_file(file)
    except (OSError, SafetensorError) as error:
        raise IntegrityError(f"the weights cannot be read: {error}", where=str(file)) from error
    needed = _changing(model)
    if saved.keys() != needed.keys():
        unmatched = sorted(saved.keys() ^ needed.keys())
        raise IntegrityError(f"the file holds other tensors than the model, {unmatched[0]} for one", where=str(file))
    with torch.no_grad():
        for name, tensor in needed.items():
            if tensor.shape != saved[name].shape:
                raise IntegrityError(
                    f"{name} has shape {list(saved[name].shape)} instead of {list(tensor.shape)}",
                    where=str(file),
                )
            tensor.copy_(saved[name])


def load_average(model: torch.nn.Module, files: Sequence[Path]) -> None:
    """Load the mean of several saved weights into a model; a single one is loaded unchanged.

    See Vaswani et al. 2017, section 6.1 (https://arxiv.org/abs/1706.03762).

    Raises:
        IntegrityError: see `load_weights`.
    """
    sums: dict[str, Tensor] = {}
    for file in files:
        load_weights(model, file)
        for name, tensor in _changing(model).items():
            value = tensor.detach().to("cpu", torch.float64, copy=True)
            sums[name] = sums[name] + value if name in sums else value
    with torch.no_grad():
        for name, tensor in _changing(model).items():
            tensor.copy_(sums[name] / len(files))
