"""The tensors of a model that training changes: what checkpoints hold and what is put back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from toolkit.errors import DivergedError, IntegrityError


def weights_to_save(model: torch.nn.Module) -> dict[str, Tensor]:
    """Parameters that learn and persistent buffers, each once also where names share it.

    Raises:
        DivergedError: if one of them is not finite; nothing of that kind is ever written.
    """
    weights = _changing(model)
    for name, tensor in weights.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise DivergedError(f"the weights of {name} are not finite any more; lower training.learning_rate")
    return {name: tensor.detach().contiguous() for name, tensor in weights.items()}


def _changing(model: torch.nn.Module) -> dict[str, Tensor]:
    """The very tensors of the model that training changes."""
    kept = model.state_dict(keep_vars=True).keys()
    return {
        **{name: tensor for name, tensor in model.named_parameters() if tensor.requires_grad},
        **{name: tensor for name, tensor in model.named_buffers() if name in kept},
    }


def load_weights(model: torch.nn.Module, file: Path) -> None:
    """Put back exactly what `weights_to_save` gave.

    Raises:
        IntegrityError: if the file is damaged or holds other tensors than the model needs.
    """
    try:
        saved = load_file(file)
    except (OSError, SafetensorError) as error:
        raise IntegrityError(f"the weights cannot be read: {error}", where=str(file)) from error
    needed = _changing(model)
    if saved.keys() != needed.keys():
        odd = sorted(saved.keys() ^ needed.keys())
        raise IntegrityError(f"the file holds other tensors than the model, {odd[0]} for one", where=str(file))
    with torch.no_grad():
        for name, tensor in needed.items():
            if tensor.shape != saved[name].shape:
                raise IntegrityError(
                    f"{name} has shape {list(saved[name].shape)} instead of {list(tensor.shape)}",
                    where=str(file),
                )
            tensor.copy_(saved[name])


def load_average(model: torch.nn.Module, files: Sequence[Path]) -> None:
    """Put the mean of several saved weights into a model (Vaswani et al. 2017, section 6.1); one is put back as it is.

    Raises:
        IntegrityError: as `load_weights`.
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
