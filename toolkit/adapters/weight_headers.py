"""Faults in the headers of weight files that the library reads over.

It takes the last of two tensors of one name, leaves shards of another save aside, and makes floating-point numbers of
whatever stands where a weight is expected, such as true and false.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

from safetensors import safe_open
from torch import nn

_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_NO_WEIGHTS = re.compile(r"BOOL|[IUC]\d+")
_LENGTH_BYTES = 8


def repeated_names(file: Path) -> list[str]:
    """Return the names that more than one tensor of a file has.

    Args:
        file: which the library can read.
    """
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
        pairs = json.loads(stream.read(length), object_pairs_hook=list)
    return sorted(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)


def stray_shards(folder: Path, named: Collection[str]) -> list[str]:
    """Return the parts of sharded weights that no index names.

    Args:
        folder: of the model.
        named: the files in its index.
    """
    return sorted(
        file.name for file in folder.glob("model-*") if _SHARD.fullmatch(file.name) and file.name not in named
    )


def other_than_numbers(folder: Path, model: nn.Module, *, prefix: str) -> list[str]:
    """Return the faults of weights that the files hold as whole numbers, complex ones, or true and false.

    Args:
        folder: of the model, whose weights are not quantised.
        model: with floating-point parameters.
        prefix: of the names of the body's parameters, which files may leave out.
    """
    names = {name for name, _ in model.named_parameters()}
    names |= {name.removeprefix(prefix) for name in names} | {prefix + name for name in names}
    faults = []
    for file in sorted(folder.glob("model*.safetensors")):
        with safe_open(file, framework="pt") as opened:
            for name in names.intersection(opened.keys()):
                kind = opened.get_slice(name).get_dtype()
                if _NO_WEIGHTS.fullmatch(kind):
                    faults.append(f"{name} in {file.name} holds {kind}, where a weight is a floating-point number")
    return sorted(faults)
