"""Checks of a model's files before and after the library reads them: safe to open, complete, finite.

The library itself opens pickles, follows a shard index out of the folder, initialises a missing tensor of the body at
random, and makes an empty tokenizer if the tokenizer's files are missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.json_files import read_object
from toolkit.adapters.settings_check import not_meant
from toolkit.adapters.weight_headers import other_than_numbers, repeated_names, stray_shards
from toolkit.errors import Fault, IntegrityError

INDEX = "model.safetensors.index.json"
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")
_FAULTS_SHOWN = 3


def check_weight_files(folder: Path, *, where: str) -> None:
    """Refuse weights that are missing, are pickles, or are outside of the model's folder.

    Args:
        folder: of the model.
        where: its name, for messages.

    Raises:
        IntegrityError: with every file that is missing or cannot be trusted.
    """
    if (folder / INDEX).is_file():
        _check_shards(folder, where)
    elif not (folder / "model.safetensors").is_file():
        if (folder / "adapter_config.json").is_file():
            raise IntegrityError(
                "this is an adapter without its model; take the merged one, in a run the folder model beside it, "
                "or the base model where the method cannot be merged",
                where=where,
            )
        pickles = sorted(file.name for file in folder.iterdir() if file.suffix in _PICKLES)
        if pickles:
            raise IntegrityError(
                f"its weights are only there as {pickles[0]}, a format that can run code when it is opened; "
                "take a revision with model.safetensors",
                where=where,
            )
        raise IntegrityError("it has no weights: model.safetensors is missing", where=where)
    else:
        _raise_any([_stray(name) for name in stray_shards(folder, ())], where)
    for file in sorted(folder.glob("model*.safetensors")):
        _check_header(file, where)


def _check_header(file: Path, where: str) -> None:
    """Refuse a file that is something else, is cut off, or names a tensor twice."""
    other = not_meant(file)
    try:
        with safe_open(file, framework="pt") as opened:
            opened.keys()
    except (SafetensorError, OSError) as error:
        raise IntegrityError(other or f"{file.name} is damaged: {error}", where=where) from error
    _raise_any([f"{file.name} holds two tensors named {name}" for name in repeated_names(file)], where)


def _stray(name: str) -> str:
    return f"{name} is named by no index: files of two saves are mixed; take the whole model again"


def _check_shards(folder: Path, where: str) -> None:
    try:
        shards = set(read_object(folder / INDEX)["weight_map"].values())
        outside = sorted(name for name in shards if Path(name).name != name or not name.endswith(".safetensors"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(f"{INDEX} is damaged", where=where) from error
    faults = [f"{INDEX} names {name!r}, which is no weight file of this folder" for name in outside]
    faults += [f"the weight file {name} is missing" for name in sorted(shards) if not (folder / name).is_file()]
    faults += [_stray(name) for name in stray_shards(folder, shards)]
    _raise_any(faults, where)


def check_kinds(folder: Path, model: PreTrainedModel, *, where: str) -> None:
    """Refuse weights that are no floating-point numbers in the files.

    Args:
        folder: of the model.
        model: as the library opened it.
        where: its name, for messages.

    Raises:
        IntegrityError: with the files and the tensors.
    """
    if getattr(model.config, "quantization_config", None) is None:
        _raise_any(other_than_numbers(folder, model, prefix=f"{model.base_model_prefix}."), where)


def check_loaded(
    model: PreTrainedModel,
    *,
    missing: Iterable[str],
    mismatched: Iterable[Any],
    body: str,
    new_head: bool,
    where: str,
) -> None:
    """Refuse incomplete weights: only a new head, or a pooler beneath it, may be initialised at random.

    Args:
        model: as the library opened it.
        missing: names of parameters that the files lack.
        mismatched: ``(name, shape in the files, shape in the model)`` of those that do not fit.
        body: prefix of the names of the body's parameters; empty: all of them are the body's.
        new_head: True if the head will be initialised anew, so that it need not fit.
        where: the model's name, for messages.

    Raises:
        IntegrityError: with the parameters that are missing, do not fit or are not finite.
    """
    faults = [f"the weights lack {name}" for name in sorted(missing) if name.startswith(body) and "pooler" not in name]
    faults += [
        f"{name} has the shape {list(found)} in the weights and {list(needed)} in the configuration"
        for name, found, needed in mismatched
        if name.startswith(body) or not new_head
    ]
    _raise_any([*faults, *_not_finite(model)], where)


def check_finite(model: PreTrainedModel, *, where: str) -> None:
    """Refuse weights that are no numbers.

    Raises:
        IntegrityError: with the parameters that are not finite.
    """
    _raise_any(_not_finite(model), where)


def _not_finite(model: PreTrainedModel) -> list[str]:
    return [
        f"{name} holds numbers that are not finite"
        for name, tensor in model.state_dict().items()
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all())
    ]


def check_tokenizer_files(tokenizer: PreTrainedTokenizerBase, folder: Path, *, where: str) -> None:
    """Refuse an empty tokenizer that the library made because its files are missing.

    Raises:
        IntegrityError: if none of the files that hold the vocabulary of this kind of tokenizer exists.
    """
    names = {"tokenizer.json", *tokenizer.vocab_files_names.values()}
    if tokenizer.vocab_files_names and not any((folder / name).is_file() for name in names):
        raise IntegrityError(f"it has no tokenizer: none of {', '.join(sorted(names))} is there", where=where)


def _raise_any(faults: list[str], where: str) -> None:
    if faults:
        more = [f"and {len(faults) - _FAULTS_SHOWN} more such faults"] if len(faults) > _FAULTS_SHOWN else []
        raise IntegrityError(*(Fault(message, where) for message in [*faults[:_FAULTS_SHOWN], *more]))
