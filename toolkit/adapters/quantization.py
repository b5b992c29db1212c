"""Pretrained models whose linear layers are kept in 4 or 8 bits, by bitsandbytes, while an adapter trains on them.

Four bits are NormalFloat with doubly quantized scales, as in QLoRA (Dettmers et al. 2023,
https://arxiv.org/abs/2305.14314); eight are rows of int8 with a scale each (Dettmers et al. 2022,
https://arxiv.org/abs/2208.07339). New heads, the language head and embeddings keep their precision.

The library's layers compute otherwise on other machines: in bfloat16 with repacked weights on some processors, with
activations of 8 bits, with outliers that depend on the other rows of a batch. They also round a layer's bias for
good. Here the weights alone are quantized: a layer multiplies by what they stand for, in the precision of its input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any, cast

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor, nn
from torch.nn import functional
from transformers import BitsAndBytesConfig, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from toolkit.errors import IntegrityError, RecipeError

_OF_BITS: dict[str, dict[str, Any]] = {
    "4bit": {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": "float32",
    },
    "8bit": {"load_in_8bit": True},
}
_SKIPPED = "llm_int8_skip_modules"
"""The library's name for modules that keep their precision, also in 4 bits."""


def quantization_settings(bits: str, config: Any, factory: Any, *, new_head: bool) -> dict[str, Any]:
    """Return the arguments of ``BitsAndBytesConfig`` by which a model is opened.

    Args:
        bits: ``4bit`` or ``8bit``.
        config: of the model.
        factory: the Auto class of the head.
        new_head: whether the head is for labels; then it trains in full, and a pooler beneath it may be new.
    """
    if not new_head:
        return dict(_OF_BITS[bits])  # the library itself leaves a language head as it is
    with torch.device("meta"):
        model = factory.from_config(config, trust_remote_code=False)
    body = f"{model.base_model_prefix}."
    linear = [name for name, module in model.named_modules() if isinstance(module, nn.Linear)]
    return {**_OF_BITS[bits], _SKIPPED: [name for name in linear if not name.startswith(body) or "pooler" in name]}


def checked_settings(settings: Any, *, where: str) -> dict[str, Any]:
    """Return settings that a file names, if they are such as `quantization_settings` makes.

    Raises:
        IntegrityError: they are not.
    """
    if isinstance(settings, Mapping):
        skipped = settings.get(_SKIPPED, [])
        rest = {name: value for name, value in settings.items() if name != _SKIPPED}
        if rest in _OF_BITS.values() and isinstance(skipped, list) and all(isinstance(name, str) for name in skipped):
            return dict(settings)
    raise IntegrityError("its quantization is none that the toolkit makes", where=where)


def settings_of(config: Any) -> dict[str, Any] | None:
    """Return the arguments of ``BitsAndBytesConfig`` by which a model with this configuration was opened.

    Returns:
        None if it is not quantized.
    """
    given = getattr(config, "quantization_config", None)
    if not isinstance(given, BitsAndBytesConfig):
        return None
    settings = dict(_OF_BITS["4bit" if given.load_in_4bit else "8bit"])
    return settings if given.llm_int8_skip_modules is None else {**settings, _SKIPPED: given.llm_int8_skip_modules}


def library_settings(settings: Mapping[str, Any]) -> BitsAndBytesConfig:
    """Return settings as the library takes them."""
    return BitsAndBytesConfig(**settings)  # type: ignore[no-untyped-call]


def quantized_layers(model: nn.Module) -> Iterator[tuple[str, Any]]:
    """Yield the quantized layers of a model with their names."""
    for name, module in model.named_modules():
        if type(module).__name__ in ("Linear4bit", "Linear8bitLt") and not isinstance(module, BaseTunerLayer):
            yield name, module


def settle_computing(model: PreTrainedModel, *, where: str) -> None:
    """Let the quantized layers of a model compute with what their weights stand for.

    Args:
        model: as the library opened it.
        where: its name, for messages.

    Raises:
        RecipeError: nothing in it was quantized.
    """
    layers = list(quantized_layers(model))
    if not layers:
        raise RecipeError(
            "the model has no linear layers that could be quantized; take model.quantization out", where=where
        )
    for _, layer in layers:
        layer.forward = partial(_linear, layer)


def dequantize(model: PreTrainedModel) -> None:
    """Put plain layers in the place of quantized ones, with the float32 weights that these stand for."""
    for name, layer in list(quantized_layers(model)):
        weight, bias = dequantized(layer, torch.float32), layer.bias
        plain: nn.Module
        if layer.source_cls is Conv1D:  # its weights are transposed
            plain = Conv1D(weight.shape[0], weight.shape[1])  # type: ignore[no-untyped-call]
            weight = weight.T
        else:
            plain = nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None)
        plain.weight = nn.Parameter(weight.contiguous(), requires_grad=False)
        if bias is not None:
            plain.bias = nn.Parameter(bias.detach().float(), requires_grad=False)
        model.set_submodule(name, plain.train(layer.training))
    for name in ("is_loaded_in_4bit", "is_loaded_in_8bit", "is_quantized", "quantization_method", "hf_quantizer"):
        if hasattr(model, name):
            delattr(model, name)
    del model.config.quantization_config


def dequantized(layer: Any, dtype: torch.dtype) -> Tensor:
    """Return the weights that a quantized layer stands for: ``[outputs, inputs]``."""
    weight = layer.weight
    if type(layer).__name__ == "Linear4bit":
        numbers: Tensor = import_module("bitsandbytes.functional").dequantize_4bit(weight.data, weight.quant_state)
    else:
        scales = weight.SCB if layer.state.SCB is None else layer.state.SCB
        numbers = weight.data.float().mul_(scales.to(weight.device)[:, None] / 127.0)
    return numbers.to(dtype)


def n_weights(parameter: Tensor) -> int:
    """Return how many numbers a parameter stands for; two of 4 bits share a byte."""
    state = getattr(parameter, "quant_state", None)
    return parameter.numel() if state is None else int(torch.Size(state.shape).numel())


def stored_bytes(model: nn.Module) -> tuple[int, int]:
    """Return the bytes that a model's parameters take, and those that they would take in float32."""
    parameters = list(model.parameters())
    kept = sum(parameter.numel() * parameter.element_size() + _scale_bytes(parameter) for parameter in parameters)
    return kept, 4 * sum(map(n_weights, parameters))


def _scale_bytes(parameter: Any) -> int:
    state, scales = getattr(parameter, "quant_state", None), getattr(parameter, "SCB", None)
    kept = [scales] if scales is not None else []
    if state is not None:
        kept = [state.absmax, *([state.state2.absmax] if state.nested else [])]
    return sum(each.numel() * each.element_size() for each in kept)


def _linear(layer: Any, inputs: Tensor) -> Tensor:
    return cast(Tensor, _Multiply.apply(inputs, layer))  # type: ignore[no-untyped-call]


class _Multiply(torch.autograd.Function):
    """A linear layer whose frozen weights are dequantized in both directions, and kept in neither."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, layer: Any) -> Tensor:
        """Multiply ``[..., inputs]`` to ``[..., outputs]``."""
        ctx.layer = layer
        bias = None if layer.bias is None else layer.bias.to(inputs.dtype)
        return functional.linear(inputs, dequantized(layer, inputs.dtype), bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """Return the gradient of the inputs; the layer has none."""
        (gradient,) = gradients
        return gradient @ dequantized(ctx.layer, gradient.dtype), None
