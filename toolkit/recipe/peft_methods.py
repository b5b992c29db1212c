"""The PEFT methods of the installed peft, by its own names in lower case, found by introspection.

Importing this module imports no peft; its functions do.
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from peft import PeftConfig

NOT_HERE: dict[str, str] = {
    "cpt": "it learns from examples that are written into the prompt, which recipes do not describe",
    "multitask_prompt_tuning": "it learns several tasks from the same batches, and a recipe has one",
    "poly": "it learns several tasks from the same batches, and a recipe has one",
    "shadow": "its second stream of states does not pass through the layers of transformers' models",
    "xlora": "it mixes adapters that are trained already, which recipes do not describe",
}
"""Methods of peft that no recipe can describe, and why; whether another one fits a model is tried on the model."""

NEEDED: dict[str, tuple[str, ...]] = {
    "adaption_prompt": ("adapter_len", "adapter_layers"),
    "trainable_tokens": ("token_indices",),
}
"""Keys that have no default which could be right, by method."""

UNDESCRIBED = frozenset({"use_qalora"})
"""Flags of LoRA that need a quantized model of their own, so that they are no methods."""

_UNKNOWN_STEPS = 10**9


@dataclass(frozen=True)
class PeftMethod:
    """A method of peft.

    Attributes:
        config_class: of its settings.
        flags: fields of the settings that make it out of another method.
    """

    config_class: type[PeftConfig]
    flags: Mapping[str, bool] = field(default_factory=dict)

    @property
    def learns_a_prompt(self) -> bool:
        """Return whether it learns what stands before a text, and leaves the layers as they are."""
        from peft.config import PromptLearningConfig

        return issubclass(self.config_class, PromptLearningConfig)

    @property
    def lengthens_texts(self) -> bool:
        """Return whether what it learns stands among the tokens; prefixes are keys and values of each layer."""
        from peft import CartridgeConfig, PrefixTuningConfig

        return self.learns_a_prompt and not issubclass(self.config_class, PrefixTuningConfig | CartridgeConfig)

    @property
    def fields(self) -> set[str]:
        """Return the names of its settings."""
        return {known.name for known in dataclasses.fields(self.config_class)}

    def config(self, settings: Mapping[str, Any], **own: Any) -> PeftConfig:
        """Return the settings as peft takes them.

        Args:
            settings: of a recipe.
            own: those that the toolkit sets.

        Raises:
            ValueError: values that do not agree; other errors of peft's are of this kind, too.
        """
        steps = {"total_step": _UNKNOWN_STEPS} if "total_step" in self.fields else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.config_class(**{**settings, **steps, **self.flags, **own})


@cache
def peft_methods() -> Mapping[str, PeftMethod]:
    """Return the methods by name, LoRA and what is made of it by a flag first (``use_dora`` is ``dora``)."""
    from peft import LoraConfig
    from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

    flags = {known.name for known in dataclasses.fields(LoraConfig) if known.type in (bool, "bool")} - UNDESCRIBED
    named = {kind.value.lower(): PeftMethod(made) for kind, made in PEFT_TYPE_TO_CONFIG_MAPPING.items()}
    lora = {
        name.removeprefix("use_"): PeftMethod(LoraConfig, {name: True})
        for name in sorted(flags)
        if name.startswith("use_")
    }
    return {"lora": named["lora"], **lora, **dict(sorted(named.items()))}


@cache
def short_names() -> Mapping[str, str]:
    """Return the names that may be written without ``_tuning``: ``prefix`` and ``prompt``."""
    whole = {name.removesuffix("_tuning"): name for name in peft_methods() if name.endswith("_tuning")}
    return {short: name for short, name in whole.items() if name not in NOT_HERE and len(short) > len("ln")}


def peft_name(name: str) -> str:
    """Return the whole name of a method."""
    return short_names().get(name, name)
