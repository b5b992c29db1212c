"""The one place that turns whatever the library raises while it opens a model into one line with the file and the key.

The library reads damaged settings until something breaks, in any way: a `ZeroDivisionError` for no attention heads, a
plain `Exception` from the tokenizers, an `ImportError` for a quantization. The key at fault is found by experiment.
"""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import torch
import transformers
from transformers import AutoConfig, AutoModel, AutoTokenizer

from toolkit.adapters.json_files import read_object
from toolkit.adapters.locate import LocatedModel
from toolkit.adapters.quiet import quiet_library
from toolkit.errors import IntegrityError, ToolkitError
from toolkit.shortage import is_full_disk, is_out_of_memory

P = ParamSpec("P")
R = TypeVar("R")

_SHOWN = 60


def told(opens: Callable[Concatenate[LocatedModel, P], R]) -> Callable[Concatenate[LocatedModel, P], R]:
    """Let a function that opens a model raise an `IntegrityError` with the file and the key, whatever was raised."""

    @functools.wraps(opens)
    def opening(located: LocatedModel, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return opens(located, *args, **kwargs)
        except ToolkitError:
            raise
        except Exception as error:
            if is_out_of_memory(error) or is_full_disk(error):
                raise
            found = (
                _blamed(located.folder) or f"the model cannot be opened: {in_a_line(error)}{_in_bits(located.folder)}"
            )
            raise IntegrityError(found, where=f"model {located.name}") from error

    return opening


@contextmanager
def in_use(located: LocatedModel) -> Iterator[None]:
    """Tell an error of the block, which uses an opened model, as damage of the model if it is that.

    Some damage shows only then. The blame is found by experiment: the library alone, without the toolkit, cannot use
    the model either. Every other error passes.

    Raises:
        IntegrityError: the model cannot be used.
    """
    try:
        yield
    except ToolkitError:
        raise
    except Exception as error:
        if is_out_of_memory(error) or is_full_disk(error):
            raise
        other = _error_of(_use, located.folder)
        if other is None:
            raise
        found = _blamed(located.folder) or f"the model cannot be used: {in_a_line(other)}"
        raise IntegrityError(found, where=f"model {located.name}") from error


def in_a_line(error: BaseException) -> str:
    """Return what an error of the library says, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    if not lines:
        return type(error).__name__
    # Validation errors say what they are about in the first line and what is wrong in the second.
    line = f"{lines[0]} {lines[1]}" if lines[0].endswith(":") and len(lines) > 1 else lines[0]
    plain = isinstance(error, (ValueError, OSError, RuntimeError, ImportError)) or type(error) is Exception
    return line if plain else f"{type(error).__name__}: {line}"


def _in_bits(folder: Path) -> str:
    """Return what the configuration says of quantized weights, as an addition to a message, or an empty text."""
    try:
        method = read_object(folder / "config.json")["quantization_config"]["quant_method"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return f"; config.json says that its weights are quantized ({method}): take the model that they were made from"


def _blamed(folder: Path) -> str | None:
    """Return the file that cannot be opened by itself, with its key where one can be told."""
    for name, opens in _PARTS.items():
        error = _error_of(opens, folder)
        if error is not None:
            return f"{name}: {_key(folder, name, opens, error)}{in_a_line(error)}"
    return None


def _key(folder: Path, name: str, opens: Callable[[Path], None], error: Exception) -> str:
    """Return the key at fault with its value, or an empty text.

    It is the first key without which the file opens, or else the only one without which the error is another.
    """
    try:
        content = read_object(folder / name)
    except (OSError, ValueError):
        return ""
    changing = []
    with tempfile.TemporaryDirectory() as scratch:
        for file in folder.iterdir():
            if file.is_file() and file.name != name and file.suffix != ".safetensors":
                (Path(scratch) / file.name).symlink_to(file.resolve())
        for key, value in content.items():
            rest = {other: kept for other, kept in content.items() if other != key}
            (Path(scratch) / name).write_text(json.dumps(rest), encoding="utf-8")
            found = f"{key} is {json.dumps(value, ensure_ascii=False)[:_SHOWN]}: "
            other_error = _error_of(opens, Path(scratch))
            if other_error is None:
                return found
            if str(other_error) != str(error) and key != "model_type":  # without which nothing opens
                changing.append(found)
    return changing[0] if len(changing) == 1 else ""


def _error_of(opens: Callable[[Path], None], folder: Path) -> Exception | None:
    try:
        with quiet_library():
            opens(folder)
    except Exception as error:  # of any kind, see above
        return error
    return None


def _open_settings(folder: Path) -> None:
    """Build a model without weights from its configuration."""
    config = AutoConfig.from_pretrained(str(folder), trust_remote_code=False)
    config._attn_implementation = None
    with torch.device("meta"):
        AutoModel.from_config(config, trust_remote_code=False)  # type: ignore[no-untyped-call]


def _open_rust(folder: Path) -> None:
    from tokenizers import Tokenizer

    if (folder / "tokenizer.json").is_file():
        Tokenizer.from_file(str(folder / "tokenizer.json"))


def _open_tokenizer(folder: Path) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False)
    tokenizer("a")


_ALL_SORTS = "a film, 영화 1 \U0001f3a5 \u00e9\ue000"


def _use(folder: Path) -> None:
    """Read a text, of characters that few vocabularies have, with a model as it was saved."""
    encoded = AutoTokenizer.from_pretrained(str(folder), trust_remote_code=False)(_ALL_SORTS, return_tensors="pt")
    config = AutoConfig.from_pretrained(str(folder), trust_remote_code=False)
    config._attn_implementation = None
    factory: Any = getattr(transformers, config.architectures[0], None) if config.architectures else AutoModel
    if factory is None:  # a class of ours: nothing can be told without the toolkit
        return
    model = factory.from_pretrained(str(folder), config=config, dtype=torch.float32, use_safetensors=True).eval()
    inputs = {"input_ids": encoded["input_ids"][:, :8], "attention_mask": encoded["attention_mask"][:, :8]}
    if config.is_encoder_decoder:
        inputs |= {"decoder_input_ids": inputs["input_ids"]}
    with torch.no_grad():
        numbers = model(**inputs)[0]
    if not bool(torch.isfinite(numbers).all()):
        raise ValueError("its answers are not finite")


_PARTS: dict[str, Callable[[Path], None]] = {
    "config.json": _open_settings,
    "tokenizer.json": _open_rust,
    "tokenizer_config.json": _open_tokenizer,
}
