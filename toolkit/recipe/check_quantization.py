"""The rules of quantized models: what trains on them, and what they need to be installed."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from toolkit.names import LORA, Method
from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import Recipe

INSTALL = "pip install 'transfer-toolkit[quantized]'"

_KEY = "model.quantization"

_WHY_NOT = {
    Method.FULL: "full changes the weights themselves, and quantized ones have no gradient",
    Method.SCRATCH: "scratch begins at random, so there are no pretrained weights to quantize",
    Method.FEATURES: "features saves the body with its head as one model, in float32",
    Method.ZERO_SHOT: "zero-shot asks the model as it is, in float32",
}


@rule("method", "model.quantization")
def _adapters_alone_train_on_it(recipe: Recipe) -> Broken:
    bits = recipe.model.quantization
    if bits is not None and recipe.way is not Method.PEFT:
        why = _WHY_NOT[recipe.way]
        yield _KEY, f"{why}; take {bits} out, or write method: {LORA}, whose adapter trains on them"


@rule("model.quantization")
def _packages_and_device_are_there(recipe: Recipe) -> Broken:
    if recipe.model.quantization is None:
        return
    if find_spec("bitsandbytes") is None:
        yield _KEY, f"it needs bitsandbytes, which is not installed; {INSTALL}"
        return
    if sys.platform != "darwin":  # elsewhere there is no MPS to ask for
        return
    import torch

    # One that bitsandbytes lacks a backend for would be refused by the library after the data was read.
    if torch.backends.mps.is_available() and not torch.cuda.is_available():
        yield (
            _KEY,
            "bitsandbytes trains on CUDA devices and on processors, and here training would use MPS; take it out",
        )
