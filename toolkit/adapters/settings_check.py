"""Checks of a model's JSON files before the library reads them: readable, of plain form, and not absurdly large."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

from toolkit.adapters.json_files import read_object, shown
from toolkit.data.file_kinds import kind_of, what_to_do
from toolkit.errors import Fault, IntegrityError

CONFIG = "config.json"
_OBJECTS = (
    CONFIG,
    "tokenizer_config.json",
    "generation_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "adapter_config.json",
)
_SHAPES: dict[str, tuple[type, str]] = {
    "model_type": (str, "a text"),
    "id2label": (dict, "an object with a name for each number"),
    "label2id": (dict, "an object with a number for each name"),
    "quantization_config": (dict, "an object"),
    "architectures": (list, "a list"),
    "auto_map": (dict, "an object"),
}
_TOKEN = re.compile(r"_token_id$")
_LAYERS = re.compile(r"^(num_(hidden_)?layers|(num_)?(encoder|decoder)_layers|num_decoder_layers|n_layers?)$")
_WIDTHS = re.compile(
    r"^(hidden_size|intermediate_size|vocab_size|embedding_size|d_model|d_ff|d_kv|n_embd|dim|hidden_dim)$|_heads$|ffn_dim$"
)
_ATTENTION = re.compile(r"^_?(attn|attention|experts)_implementation")
_MOST_TIMES = 16  # packed weights are shorter than what they stand for


def check_settings(folder: Path, *, where: str) -> None:
    """Refuse JSON files that are none, or that no model can have.

    Args:
        folder: of the model.
        where: its name, for messages.

    Raises:
        IntegrityError: with every file and key at fault.
    """
    faults = [Fault(found, where) for name in _OBJECTS if (folder / name).exists() for found in _faults(folder / name)]
    if faults:
        raise IntegrityError(*faults)


def not_meant(file: Path) -> str | None:
    """Return what a file of a model really is and what to do, in a clause; None for one that may be what it should."""
    kind = kind_of(file)
    if kind is None:
        return None
    fix = what_to_do(kind)
    return f"{file.name} is {kind}" + (f"; {fix}" if fix else "")


def _faults(file: Path) -> Iterator[str]:
    other = not_meant(file)
    if other is not None:
        yield other
        return
    try:
        content = read_object(file)
    except (OSError, ValueError) as error:
        yield f"{file.name} is damaged: {error}"
        return
    if file.name == CONFIG:
        yield from _config_faults(content, _Weights.of(file.parent))
        yield from _own_code(content)


def _own_code(config: dict[str, Any]) -> Iterator[str]:
    """Yield the faults of a kind of model that only the code beside its weights can open."""
    from transformers import CONFIG_MAPPING

    kind, code = config.get("model_type"), config.get("auto_map")
    if isinstance(kind, str) and isinstance(code, dict) and "AutoConfig" in code and kind not in CONFIG_MAPPING:
        fix = "a model's code is not run here; take a model of a kind that transformers knows"
        yield f"{CONFIG}: model_type is {shown(kind)}, which needs the code that auto_map names; {fix}"


def _config_faults(config: dict[str, Any], weights: _Weights, path: str = "") -> Iterator[str]:
    yield from (f"{CONFIG}: {path}{found}" for found in _shape_faults(config))
    for key, value in config.items():
        if _TOKEN.search(key) and not _is_token(value):
            yield f"{CONFIG}: {path}{key} is {shown(value)}; the number of a token is expected"
        elif isinstance(value, dict):
            yield from _config_faults(value, weights, f"{path}{key}.")
        elif isinstance(value, str) and "/" in value and _ATTENTION.search(key):
            yield f"{CONFIG}: {path}{key} is {shown(value)}; it names code to fetch, which is not run; take it out"
        elif isinstance(value, int) and not isinstance(value, bool):
            found = weights.fault(key, value)
            if found is not None:
                yield f"{CONFIG}: {path}{key} is {value:,}, and {found}"


def _shape_faults(config: dict[str, Any]) -> Iterator[str]:
    for key, (kind, words) in _SHAPES.items():
        value = config.get(key)
        if value is not None and not isinstance(value, kind):
            yield f"{key} is {shown(value)}; {words} is expected"
    classes = config.get("architectures")
    if isinstance(classes, list) and not all(isinstance(name, str) for name in classes):
        yield f"architectures is {shown(classes)}; a list of texts is expected"
    names = config.get("id2label")
    if isinstance(names, dict) and set(names) != {str(index) for index in range(len(names))}:
        yield f"id2label is {shown(names)}; it has to name the numbers from 0 on"


def _is_token(value: Any) -> bool:
    """Return whether a value can be the number of a token, such as -1 for none, or a list of these, or null."""
    if isinstance(value, list):
        return all(isinstance(each, int) and _is_token(each) for each in value)
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and -1 <= value < 1 << 31)


@dataclass(frozen=True)
class _Weights:
    """What the headers of the weights tell of a model's size; zeros where they cannot be read."""

    n_tensors: int = 0
    largest_dim: int = 0

    @classmethod
    def of(cls, folder: Path) -> _Weights:
        n_tensors, largest = 0, 0
        for file in folder.glob("model*.safetensors"):
            try:
                with safe_open(file, framework="pt") as opened:
                    shapes = [opened.get_slice(name).get_shape() for name in opened.keys()]  # noqa: SIM118
            except Exception:  # `check_weight_files` tells what is wrong with it
                return cls()
            n_tensors, largest = n_tensors + len(shapes), max(largest, *(max(shape, default=0) for shape in shapes), 0)
        return cls(n_tensors, largest)

    def fault(self, key: str, value: int) -> str | None:
        """Return why a number of layers or a width cannot be; None for a possible one, and for other keys."""
        if _LAYERS.search(key):
            if value < (0 if "coder" in key else 1):  # the part of a family that a model does not have has none
                return "a model has layers"
            if self.n_tensors and value > self.n_tensors:
                return f"the weights hold {self.n_tensors:,} tensors in all"
        if _WIDTHS.search(key) and self.largest_dim and value > _MOST_TIMES * self.largest_dim:
            return f"the longest side of a tensor in the weights is {self.largest_dim:,}"
        return None
