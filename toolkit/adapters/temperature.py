"""The temperature of a classifier: its head's last layer is divided by it, so that every copy has it, in any library.

``config.json`` keeps it, for people and for what was computed before the division.
"""

from __future__ import annotations

from typing import Any

import torch
from peft import PeftModel
from torch import nn
from transformers import PreTrainedModel

from toolkit.errors import RecipeError

TEMPERATURE = "head_temperature"
"""The key of ``config.json``."""

_UNUSED = "original_module"  # of peft: the layer as it was before training


def temperature_of(config: Any) -> float:
    """Return what the head of a model was divided by; 1 where by nothing."""
    return float(getattr(config, TEMPERATURE, None) or 1.0)


def divide_head(model: PreTrainedModel | PeftModel, temperature: float) -> None:
    """Divide the logits of a classifier by a temperature.

    Args:
        model: changed in place, its configuration too.
        temperature: above 0.

    Raises:
        RecipeError: its logits do not come from a linear layer outside of the body.
    """
    plain: Any = model.get_base_model() if isinstance(model, PeftModel) else model
    body = f"{plain.base_model_prefix}."
    layers = [
        module
        for name, module in plain.named_modules()
        if isinstance(module, nn.Linear)
        and module.out_features == plain.config.num_labels
        and not name.startswith(body)
        and _UNUSED not in name.split(".")
    ]
    if not layers:
        raise RecipeError(
            f"the logits of {type(plain).__name__} come from no linear layer, so they cannot be divided; take it out",
            where="evaluation.calibrate",
        )
    with torch.no_grad():
        for parameter in layers[-1].parameters(recurse=False):
            parameter.div_(temperature)
    setattr(plain.config, TEMPERATURE, temperature)
