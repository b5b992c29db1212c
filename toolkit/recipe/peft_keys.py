"""The ``peft`` section: the fields of the method's configuration in the installed peft."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from toolkit.recipe.introspect import library_fields, ranged
from toolkit.recipe.schema import Section
from toolkit.recipe.values import PositiveInt

LORA_DEFAULTS: dict[str, Any] = {
    "r": 16,
    "lora_alpha": 32,
    "lora_dropout": 0.05,
    "target_modules": "all-linear",
}
"""Defaults that differ from peft's."""

LORA_KINDS: dict[str, Any] = {
    "r": PositiveInt,
    "lora_alpha": PositiveInt,
    "lora_dropout": ranged(at_least=0, below=1),
    # The other initialisations need a pass over the data or a quantized model beforehand.
    "init_lora_weights": bool
    | Literal["gaussian", "olora", "orthogonal", "pissa"]
    | Annotated[str, Field(pattern=r"^pissa_niter_[0-9]+$")],
}

_SET_BY_TOOLKIT = "the toolkit sets it"
_NOT_HERE = "it needs data, hardware or a quantized model that recipes do not describe"

REFUSED: dict[str, str] = {
    "base_model_name_or_path": "write the model in the section model",
    "revision": "write the revision in model.name, as org/name@revision",
    "task_type": _SET_BY_TOOLKIT,
    "peft_type": "write the method at the top level, as method",
    "auto_mapping": _SET_BY_TOOLKIT,
    "peft_version": _SET_BY_TOOLKIT,
    "use_dora": "write method: dora",
    "use_rslora": "write method: rslora",
    "inference_mode": _SET_BY_TOOLKIT,
    "runtime_config": _SET_BY_TOOLKIT,
    "megatron_config": _NOT_HERE,
    "megatron_core": _NOT_HERE,
    "loftq_config": _NOT_HERE,
    "eva_config": _NOT_HERE,
    "corda_config": _NOT_HERE,
    "lora_ga_config": _NOT_HERE,
    "use_qalora": _NOT_HERE,
    "qalora_group_size": _NOT_HERE,
}
"""Keys of ``LoraConfig`` that a recipe does not have, and why."""

OLD_NAMES = {"alpha": "lora_alpha", "dropout": "lora_dropout", "rank": "r", "lora_r": "r"}


@cache
def lora_section() -> type[Section]:
    """Return the class that checks ``peft``; the methods ``dora`` and ``rslora`` are ``lora`` with a flag."""
    from peft import LoraConfig

    fields: dict[str, Any] = {
        **library_fields(LoraConfig, refused=REFUSED.keys(), kinds=LORA_KINDS, defaults=LORA_DEFAULTS)
    }
    return create_model("Lora", __base__=Section, __doc__="Low-rank adapters (peft.LoraConfig).", **fields)


def peft_hint(key: str) -> str | None:
    """Return what to write instead of a key that ``peft`` does not have; None for an unknown key."""
    if key in REFUSED:
        return REFUSED[key]
    return f"it is called {OLD_NAMES[key]!r} here" if key in OLD_NAMES else None
