"""Models wrapped by peft: merging, and the tokens that a learnt prompt adds."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from peft import PeftModel, TaskType
from peft.utils.other import AuxiliaryTrainingWrapper
from torch import nn
from transformers import PreTrainedModel

from toolkit.adapters.quantization import settings_of


def merge(model: PreTrainedModel | PeftModel) -> PreTrainedModel | None:
    """Merge the adapters into the model, and return it; a model without adapters is returned unchanged.

    Returns:
        None where the method cannot be merged: prompts are no weights of the model, some methods are not linear, and
        some need weights that the model does not have. The model must not be used any more then. Nor can it on a
        quantized model.
    """
    if not isinstance(model, PeftModel):
        return model
    if virtual_tokens(model) or not hasattr(model, "merge_and_unload"):
        return None
    if settings_of(model.config) is not None:  # merged weights would be rounded to their bits again
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            merged: PreTrainedModel = model.merge_and_unload()
    except (NotImplementedError, ValueError, TypeError, AttributeError):
        return None
    # peft 0.21 leaves new heads wrapped where LN tuning is merged.
    for name, module in list(merged.named_modules()):
        if isinstance(module, AuxiliaryTrainingWrapper):
            parent, _, child = name.rpartition(".")
            plain = module.unload_and_optionally_merge_module(merge=True, safe_merge=False, adapter_names=None)
            setattr(merged.get_submodule(parent), child, plain)
    return merged


def virtual_tokens(model: nn.Module) -> int:
    """Return how many tokens a learnt prompt puts before each text; 0 for every other model."""
    if not isinstance(model, PeftModel) or not model.active_peft_config.is_prompt_learning:
        return 0
    return int(model.active_peft_config.num_virtual_tokens)


def hide_virtual_tokens(model: PeftModel) -> None:
    """Cut the logits of a decoder's virtual tokens off, so that logits stand beside the tokens of the text."""
    if virtual_tokens(model) and model.active_peft_config.task_type == TaskType.CAUSAL_LM:
        model.register_forward_hook(_cut, with_kwargs=True)


def _cut(_: nn.Module, given: tuple[Any, ...], named: Mapping[str, Any], outputs: Any) -> Any:
    ids = named.get("input_ids", given[0] if given else None)
    if ids is not None:
        outputs.logits = outputs.logits[:, outputs.logits.shape[1] - ids.shape[1] :]
    return outputs
