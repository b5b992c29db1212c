"""The parameters that are trained, and a check that every new one is."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from peft import PeftModel

from toolkit.adapters.quantization import n_weights
from toolkit.errors import IntegrityError

OPTIMIZER_STATES = 2  # Adam keeps two numbers a parameter
_NUMBER_BYTES = 4


@dataclass(frozen=True)
class ParameterCount:
    """Numbers of trained and of all parameters."""

    trainable: int
    total: int

    def checkpoint_bytes(self) -> int:
        """Return about the bytes of a checkpoint: the trained parameters and the optimizer's states."""
        return self.trainable * _NUMBER_BYTES * (1 + OPTIMIZER_STATES)

    def model_bytes(self) -> int:
        """Return about the bytes of the saved model."""
        return self.total * _NUMBER_BYTES


def count_parameters(model: torch.nn.Module) -> ParameterCount:
    """Count each parameter once, also if two names share it."""
    sizes = [(n_weights(parameter), parameter.requires_grad) for parameter in model.parameters()]
    return ParameterCount(sum(size for size, learns in sizes if learns), sum(size for size, _ in sizes))


def check_new_parameters_train(model: torch.nn.Module, new_parameters: tuple[str, ...]) -> None:
    """Refuse to train while a randomly initialised parameter is frozen.

    Args:
        model: the model as it will be trained, perhaps wrapped by peft, which lengthens the names.
        new_parameters: names in the model before it was wrapped.

    Raises:
        IntegrityError: with the frozen parameters.
    """
    model = model.get_base_model() if isinstance(model, PeftModel) else model
    learning = {
        name.replace(".modules_to_save.default.", ".", 1)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    frozen = [name for name in new_parameters if name not in learning]
    if frozen:
        raise IntegrityError(
            f"newly initialised parameters would stay at their random start: {', '.join(frozen)}; "
            "add their modules to peft.modules_to_save"
        )
