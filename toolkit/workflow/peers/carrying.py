"""Settings of another tool on their way into a recipe: what was carried where, and what was left and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from toolkit.recipe.other_names import ANSWERS, homes_of
from toolkit.recipe.training_keys import OLD_NAMES, REFUSED, training_section

_PLAIN_HOMES = ("training.", "peft.", "hub.", "seed")
_SIZES = frozenset({"data.max_length", "data.validation_size", "data.test_size"})

_ON_BF16 = "half precision is bfloat16 here, and bf16: auto takes it where the processor has it"


@dataclass(frozen=True)
class Converted:
    """How a setting is written here.

    Attributes:
        home: the path of ours.
        value: makes our value of theirs; None means that theirs asks for nothing.
    """

    home: str
    value: Callable[[Any], Any] = lambda value: value


_CONVERTED: Mapping[str, Converted] = {
    "warmup_ratio": Converted("training.warmup_steps"),
    "group_by_length": Converted("training.train_sampling_strategy", lambda on: "group_by_length" if on else "random"),
    "gradient_checkpointing": Converted("training.activation_checkpointing", lambda on: bool(on) or None),
    "use_gradient_checkpointing": Converted("training.activation_checkpointing", lambda on: bool(on) or None),
    "optimizer": Converted("training.optim"),
    "gradient_accumulation": Converted("training.gradient_accumulation_steps"),
    "micro_batch_size": Converted("training.per_device_train_batch_size"),
    "mixed_precision": Converted("training.bf16", lambda name: {"bf16": True, "none": False}.get(str(name), "auto")),
    "fp16": Converted("training.bf16", lambda on: "auto" if on is True else None),
    "lora_target": Converted("peft.target_modules", lambda names: _modules(names)),
    "lora_target_modules": Converted("peft.target_modules", lambda names: _modules(names)),
    "target_modules": Converted("peft.target_modules", lambda names: _modules(names)),
    "lora_target_linear": Converted("peft.target_modules", lambda on: "all-linear" if on else None),
    "pissa_init": Converted("peft.init_lora_weights", lambda on: "pissa" if on else None),
    "bf16": Converted("training.bf16", lambda value: value if isinstance(value, bool) else "auto"),
}
"""Settings whose name or value differs; names of `TrainingArguments` and aliases of other tools are known elsewhere."""


def _modules(names: Any) -> Any:
    if isinstance(names, str):
        names = [name.strip() for name in names.split(",")]
    return "all-linear" if names in (["all"], ["all-linear"]) else names


@dataclass
class Carrying:
    """The settings of a file, taken one after the other.

    Attributes:
        pending: those that nothing has been said about yet, by their dotted path.
        recipe: what has become of them.
        carried: the path of ours by theirs, perhaps with a remark.
        left: why a setting was not carried, by its path.
        faults: why there can be no recipe, by the path of the setting.
    """

    pending: dict[str, Any]
    recipe: dict[str, Any] = field(default_factory=dict)
    carried: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)

    def get(self, key: str) -> Any:
        """Return a setting, which stays."""
        return self.pending.get(key)

    def pop(self, key: str) -> Any:
        """Return a setting that is spoken for; None where there is none."""
        return self.pending.pop(key, None)

    def put(self, key: str, home: str, value: Any, remark: str = "") -> None:
        """Carry a setting to a path of the recipe; lists of settings may share one."""
        self.pending.pop(key, None)
        section, _, name = home.partition(".")
        if name:
            self.recipe.setdefault(section, {})[name] = value
        else:
            self.recipe[home] = value
        self.carried[key] = home + (f" ({remark})" if remark else "")

    def leave(self, key: str, reason: str) -> None:
        """Leave a setting that asks for something, and say why."""
        value = self.pending.pop(key, None)
        if not asks_nothing(value):
            self.left[key] = reason

    def refuse(self, key: str, reason: str) -> None:
        """Say why there can be no recipe."""
        self.pending.pop(key, None)
        self.faults[key] = reason

    def carry_rest(self, schema: dict[str, Any], *, has_adapter: bool, reasons: Mapping[str, str]) -> None:
        """Carry every other setting that has a place here, and leave the rest.

        Args:
            schema: of a recipe with this method.
            has_adapter: whether the method is one of peft.
            reasons: why settings of this tool have no place, by their name.
        """
        for key, value in list(self.pending.items()):
            name = key.rpartition(".")[2]
            if asks_nothing(value):
                del self.pending[key]
                continue
            found = _home(name, value, schema)
            if name in reasons or found is None:
                self.leave(key, reasons.get(name) or ANSWERS.get(name) or REFUSED.get(name) or _NOTHING)
            elif found[1] is None:
                self.pending.pop(key)
            elif found[0].startswith("peft.") and not has_adapter:
                self.leave(key, "all weights are trained, so there is no adapter")
            elif found[0].partition(".")[2] in self.recipe.get(found[0].partition(".")[0], {}):
                self.leave(key, f"{found[0]} is said by another setting")
            else:
                self.put(key, *found, remark=_ON_BF16 if found == ("training.bf16", "auto") and value != "auto" else "")


_NOTHING = "there is nothing like it here"


def _home(name: str, value: Any, schema: dict[str, Any]) -> tuple[str, Any] | None:
    """Return our path and our value of a setting; None where there is no place for it."""
    if name in _CONVERTED:
        converted = _CONVERTED[name]
        return converted.home, converted.value(value)
    if name in training_section().model_fields:
        return f"training.{name}", value
    if name in ANSWERS or name in REFUSED:
        homes = [home for home in homes_of(name, schema) if home == "hub.repo_id"]
        return (homes[0], value) if homes else None
    if OLD_NAMES.get(name) in training_section().model_fields:
        return f"training.{OLD_NAMES[name]}", value
    homes = [home for home in homes_of(name, schema) if home.startswith(_PLAIN_HOMES) or home in _SIZES]
    return (homes[0], value) if len(homes) == 1 else None


def asks_nothing(value: Any) -> bool:
    """Return whether a setting says nothing: it is empty, or switches something off."""
    return value is None or value is False or value in ("", [], {})


def flattened(tree: Mapping[str, Any], *, depth: int) -> dict[str, Any]:
    """Return settings by their dotted path, of sections no deeper than so many levels."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and depth:
            flat |= {f"{key}.{inner}": part for inner, part in flattened(value, depth=depth - 1).items()}
        else:
            flat[str(key)] = value
    return flat
