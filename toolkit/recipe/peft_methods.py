"""The PEFT methods of the installed peft, by its own names in lower case, found by introspection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from toolkit.recipe.installed import peft_agrees, peft_config, peft_configs
from toolkit.recipe.library_settings import Setting

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


@dataclass(frozen=True)
class PeftMethod:
    """A method of peft.

    Attributes:
        config_name: name of its settings' class in peft.
        settings: the fields of that class.
        flags: fields that make it out of another method.
        is_lora: whether it is LoRA, or made of it.
        learns_a_prompt: whether it learns what stands before a text, and leaves the layers as they are.
        lengthens_texts: whether what it learns stands among the tokens; prefixes are keys and values of each layer.
    """

    config_name: str
    settings: Sequence[Setting]
    is_lora: bool
    learns_a_prompt: bool
    lengthens_texts: bool
    flags: Mapping[str, bool] = field(default_factory=dict)

    @property
    def fields(self) -> set[str]:
        """Return the names of its settings."""
        return {setting["name"] for setting in self.settings}

    def config(self, settings: Mapping[str, Any], **own: Any) -> PeftConfig:
        """Return the settings as peft takes them.

        Args:
            settings: of a recipe.
            own: those that the toolkit sets.

        Raises:
            ValueError: values that do not agree; other errors of peft's are of this kind, too.
        """
        made: PeftConfig = peft_config(self.config_name, {**settings, **self.flags, **own})
        return made

    def check(self, settings: Mapping[str, Any]) -> None:
        """Ask peft whether settings agree.

        Raises:
            ValueError: as of `config`.
        """
        peft_agrees(self.config_name, {**settings, **self.flags})


@cache
def peft_methods() -> Mapping[str, PeftMethod]:
    """Return the methods by name, LoRA and what is made of it by a flag first (``use_dora`` is ``dora``)."""
    named = {name: PeftMethod(**found) for name, found in peft_configs().items()}
    lora = named["lora"]
    flags = {setting["name"] for setting in lora.settings if setting["type"] == "bool"} - UNDESCRIBED
    made = {
        name.removeprefix("use_"): replace(lora, flags={name: True}) for name in sorted(flags) if name[:4] == "use_"
    }
    return {"lora": lora, **made, **dict(sorted(named.items()))}


@cache
def short_names() -> Mapping[str, str]:
    """Return the names that may be written without ``_tuning``: ``prefix`` and ``prompt``."""
    whole = {name.removesuffix("_tuning"): name for name in peft_methods() if name.endswith("_tuning")}
    return {short: name for short, name in whole.items() if name not in NOT_HERE and len(short) > len("ln")}


def peft_name(name: str) -> str:
    """Return the whole name of a method."""
    return short_names().get(name, name)
