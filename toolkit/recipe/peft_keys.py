"""The ``peft`` section: the fields of the method's configuration in the installed peft."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, create_model

from toolkit.names import LORA
from toolkit.recipe.introspect import library_fields, ranged
from toolkit.recipe.peft_methods import UNDESCRIBED, peft_methods
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

_OF_THE_MODEL = "the model's configuration says it"
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
    "qalora_group_size": _NOT_HERE,
    **dict.fromkeys(UNDESCRIBED, _NOT_HERE),
    "tokenizer_name_or_path": "it is the model's",
    "tokenizer_kwargs": "they are the model's",
    "shadow_model": _NOT_HERE,
    "progressbar": "what takes long shows a bar on a terminal",
    "num_transformer_submodules": _OF_THE_MODEL,
}
"""Keys of peft's configurations that a recipe does not have, and why."""

OLD_NAMES = {"alpha": "lora_alpha", "dropout": "lora_dropout", "rank": "r", "lora_r": "r"}

FOR_PROMPTS: dict[str, Any] = {"num_virtual_tokens": 20}
"""Defaults of methods that learn a prompt, for which peft has none."""

OF_METHODS: dict[str, dict[str, str]] = {
    "adalora": {
        "r": "adalora begins with the rank init_r and ends with target_r on average",
        "total_step": "the toolkit counts the steps",
        "rank_pattern": "training finds it",
    },
    "adamss": {"use_asa": "what it leaves out could not be resumed after an interruption"},
}
"""Keys that a method does not have here though peft's configuration has them, and why."""

_WITHOUT_TARGETS = ("adaption_prompt", "ln_tuning", "trainable_tokens")


@cache
def peft_section(method: str) -> type[Section]:
    """Return the class that checks ``peft`` for a method; the fields of its flags stand at the top level, as method."""
    known = peft_methods()[method]
    if known.config_name == peft_methods()[LORA].config_name and method != LORA:
        return peft_section(LORA)
    defaults: dict[str, Any] = FOR_PROMPTS if known.learns_a_prompt else {}
    if (
        "target_modules" in known.fields
        and method not in _WITHOUT_TARGETS
        and "feedforward_modules" not in known.fields
    ):
        defaults = {"target_modules": "all-linear"}
    found = library_fields(
        known.settings,
        refused=REFUSED.keys() | OF_METHODS.get(method, {}).keys(),
        kinds=LORA_KINDS if known.is_lora else {"num_virtual_tokens": PositiveInt},
        defaults={**defaults, **(LORA_DEFAULTS if known.is_lora else {})},
    )
    # peft says "int" of some keys whose default is None.
    fields: dict[str, Any] = {
        name: (kind | None if field.default is None else kind, field) for name, (kind, field) in found.items()
    }
    words = f"The method {method} (peft.{known.config_name})."
    return create_model(known.config_name.removesuffix("Config"), __base__=Section, __doc__=words, **fields)


def peft_hint(key: str, *, method: str) -> str | None:
    """Return what to write instead of a key that ``peft`` does not have for a method; None for an unknown key."""
    refused = {**REFUSED, **OF_METHODS.get(method, {})}
    if key in refused:
        return refused[key]
    new = OLD_NAMES.get(key)
    return f"it is called {new!r} here" if new in peft_section(method).model_fields else None
