"""A trial of a PEFT method on a model: one small batch forward and backward, before any row is encoded."""

from __future__ import annotations

from pathlib import Path

import torch
from peft import PeftModel, tuners
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor

from toolkit.adapters import OpenedModel
from toolkit.adapters.peft_models import virtual_tokens
from toolkit.adapters.quantization import quantized_layers
from toolkit.errors import RecipeError

_TEXTS = ("a b a b a b", "a")
_TOLERANCE = 1e-3


def check_fit(model: PeftModel, opened: OpenedModel) -> None:
    """Refuse a method that has no effect on a model, or whose answers depend on the padding.

    The trial leaves weights, gradients and the state of the random numbers as they were.

    Args:
        model: wrapped.
        opened: what was wrapped.

    Raises:
        RecipeError: it does not fit; errors of peft and of the model are raised as they are.
    """
    _reads_quantized(model)
    was_training = model.training
    device = model.device  # a quantized model is on the GPU, where there is one, from its opening on
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        _learns(model.train(), opened)
        if virtual_tokens(model):
            _ignores_padding(model.eval(), opened)
    model.train(was_training)


def _reads_quantized(model: PeftModel) -> None:
    """Refuse a method whose layers take the bits of quantized weights for numbers."""
    wrapped = [layer for layer in model.modules() if isinstance(layer, BaseTunerLayer)]
    quantized = [layer for layer in wrapped if any(quantized_layers(layer.get_base_layer()))]
    if all(type(layer).__module__.endswith(".bnb") for layer in quantized):
        return
    knowing = sorted(file.parent.name for file in Path(tuners.__path__[0]).glob("*/bnb.py"))
    raise RecipeError(
        f"the method has no layers for quantized weights; choose one of {', '.join(knowing)}, or take "
        "model.quantization out",
        where="method",
    )


def _learns(model: PeftModel, opened: OpenedModel) -> None:
    """Refuse a method whose parameters get no gradient, or none that is finite."""
    adapter = {
        name: weight
        for name, weight in model.named_parameters()
        if weight.requires_grad and ".modules_to_save." not in name
    }
    torch.autograd.backward(_logits(model, opened, _TEXTS[:1]).square().mean())
    gradients = [weight.grad for weight in adapter.values() if weight.grad is not None]
    model.zero_grad()
    if not all(bool(gradient.isfinite().all()) for gradient in gradients):
        raise RecipeError("the method gives this model gradients that are not finite; choose another", where="method")
    if not any(bool(gradient.any()) for gradient in gradients):
        raise RecipeError("the method has no effect on this model; choose another, such as lora", where="method")


@torch.no_grad()
def _ignores_padding(model: PeftModel, opened: OpenedModel) -> None:
    """Refuse a prompt with which a short text answers otherwise beside a long one."""
    if opened.tokenizer.pad_token is None:
        return
    alone = _logits(model, opened, _TEXTS[1:])[0]
    beside = _logits(model, opened, _TEXTS)[1]
    if alone.ndim > 1:
        beside = beside[: len(alone)]
    if float((alone - beside).abs().max()) > _TOLERANCE * max(1.0, float(alone.abs().max())):
        raise RecipeError(
            "with a prompt before the text, the head of this model reads padding; choose another method, such as lora",
            where="method",
        )


def _logits(model: PeftModel, opened: OpenedModel, texts: tuple[str, ...]) -> Tensor:
    """Return the logits of texts, checked to stand beside their tokens: ``[texts, labels]`` or one row a token."""
    batch = opened.tokenizer(list(texts), padding=len(texts) > 1, return_tensors="pt")
    for token in (getattr(model.active_peft_config, "token_indices", None) or ())[:1]:
        batch["input_ids"][0, 1] = token  # it learns nothing from other tokens
    batch = batch.to(model.device)
    targets = {} if opened.labels else {"labels": batch["input_ids"]}
    logits: Tensor = model(**batch, **targets).logits.float()
    if logits.ndim == 3 and logits.shape[1] != batch["input_ids"].shape[1]:
        raise RecipeError("with this method outputs do not stand beside the tokens; choose another", where="method")
    return logits
