"""Conversion of a GGUF file, llama.cpp's format for inference, to a plain model folder that can be trained.

The library opens GGUF files, but marks the model as quantised, so that it can be neither saved nor trained
(docs/design.md, section 4.6, fact 6). Here its weights are copied once into a clean model of the same class, as
float32: values of quantised blocks are products with a half-precision scale, which no shorter format holds exactly.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import torch
from tokenizers import pre_tokenizers
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSeq2SeqLM,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from toolkit.adapters.model_cache import made_once
from toolkit.adapters.quiet import quiet_library
from toolkit.cache import file_digest
from toolkit.errors import HubError, IntegrityError

SUFFIX = ".gguf"
_FORM = 1  # version of the converted folders; a higher number converts them again
_NO_LIMIT = 10**9

# Vocabularies whose merges were learnt with every digit as a word (src/llama-vocab.cpp of llama.cpp).
_DIGITS_APART = frozenset({"codeshell", "command-r", "exaone", "minerva-7b", "refact", "smollm", "starcoder"})

DIGITS_APART = pre_tokenizers.Sequence(
    [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
)
"""How they split a text."""


def converted_gguf(path: Path, *, name: str) -> Path:
    """Return the folder of a GGUF file's model in Hugging Face layout; convert it the first time.

    Args:
        path: the GGUF file.
        name: of the model, for messages.

    Raises:
        HubError: if there is no such file.
        IntegrityError: if the file is truncated or damaged, or transformers cannot convert its kind of model.
        ResourceError: if the cache folder cannot be written.
    """
    try:
        digest = file_digest(path)
    except FileNotFoundError as error:
        raise HubError("there is no such GGUF file", where=f"model {name}") from error
    except OSError as error:
        raise IntegrityError(f"the GGUF file cannot be read: {error.strerror}", where=f"model {name}") from error
    return made_once(
        f"gguf-{digest}-{_FORM}",
        lambda folder: _convert(path, folder, name=name),
        doing=f"converting {name} from GGUF",
    )


def _convert(path: Path, folder: Path, *, name: str) -> None:
    where = f"model {name}"
    fields = _header(path, where=where)
    try:
        tokenizer = read_tokenizer(path, splitting=fields["tokenizer.ggml.pre"])
        model = _clean_model(path, architecture=fields["general.architecture"])
    except Exception as error:  # the library raises errors of every kind for an unexpected file
        first_line = (str(error).strip() or type(error).__name__).split("\n")[0]
        raise IntegrityError(f"transformers cannot convert this GGUF file: {first_line}", where=where) from error
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and tokenizer.model_max_length > _NO_LIMIT:
        tokenizer.model_max_length = positions
    with quiet_library():
        model.save_pretrained(str(folder))
        tokenizer.save_pretrained(str(folder))


def _header(path: Path, *, where: str) -> dict[str, str]:
    """Read the header of a GGUF file, after checking that the file holds all of its tensors."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
        names = ("general.architecture", "tokenizer.ggml.pre")
        found = {name: reader.fields[name].contents() for name in names if name in reader.fields}
        return {"tokenizer.ggml.pre": "", "general.architecture": "", **found}
    except Exception as error:  # the reader fails in many ways at the end of a truncated file
        raise IntegrityError("this is no whole GGUF file: it is cut short or damaged", where=where) from error


def _clean_model(path: Path, *, architecture: str) -> PreTrainedModel:
    """Load the file's model in float32, in its own class and without the marks of a quantised model."""
    opened: Any = read_model(path, AutoModelForSeq2SeqLM if "t5" in architecture else AutoModelForCausalLM)
    settings = opened.config.to_dict()
    for left_out in ("quantization_config", "_model_name_or_path", "_name_or_path"):
        settings.pop(left_out, None)
    with torch.device("meta"):
        clean = type(opened)(type(opened.config).from_dict(settings))
    clean.load_state_dict(opened.state_dict(), assign=True)
    clean.tie_weights()
    clean.generation_config = opened.generation_config
    model: PreTrainedModel = clean
    return model


def read_model(path: Path, auto: Any, config: PreTrainedConfig | None = None) -> PreTrainedModel:
    """Load the file's model in float32, as the library does: marked as quantised.

    Args:
        path: the GGUF file.
        auto: the library's class that opens such models.
        config: of the model; None takes what the library reads in the file, which is less than there is.
    """
    known = {} if config is None else {"config": config}
    with quiet_library(), contextlib.redirect_stderr(io.StringIO()):  # the library's bar cannot be turned off
        model: PreTrainedModel = auto.from_pretrained(
            str(path.parent), gguf_file=path.name, dtype=torch.float32, trust_remote_code=False, **known
        )
    return model


def read_tokenizer(path: Path, *, splitting: str) -> PreTrainedTokenizerFast:
    """Load the file's tokenizer with its chat template and special tokens.

    Args:
        path: the GGUF file.
        splitting: the file's name for its pre-tokenizer.
    """
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(str(path.parent), gguf_file=path.name)
    if splitting in _DIGITS_APART:  # which the library ignores
        tokenizer.backend_tokenizer.pre_tokenizer = DIGITS_APART
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer
