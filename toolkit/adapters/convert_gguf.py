"""A GGUF file as a plain model folder: llama.cpp's format for running becomes one for training.

The library opens GGUF files, but marks the model as quantised, so that it can be neither saved nor trained
(DESIGN.md 4.6, fact 6). Here its weights go into a clean model of the same class, once, as float32: the numbers
behind quantised blocks are products of a half-precision scale, which no shorter format holds without loss.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import torch
from tokenizers import pre_tokenizers
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM, PreTrainedModel, PreTrainedTokenizerFast

from toolkit.adapters.model_cache import made_once
from toolkit.adapters.quiet import quiet_library
from toolkit.cache import file_digest
from toolkit.errors import HubError, IntegrityError

SUFFIX = ".gguf"
_FORM = 1  # of the folders made here; a higher number makes them anew
_NO_LIMIT = 10**9

# Vocabularies whose merges were learnt with every digit apart (src/llama-vocab.cpp of llama.cpp).
_DIGITS_APART = frozenset({"codeshell", "command-r", "exaone", "minerva-7b", "refact", "smollm", "starcoder"})


def converted_gguf(path: Path, *, name: str) -> Path:
    """The folder of a GGUF file's model in Hugging Face layout, converted the first time that it is asked for.

    Args:
        path: the GGUF file.
        name: the model's, for messages.

    Raises:
        HubError: there is no such file.
        IntegrityError: the file is cut short or damaged, or transformers cannot convert its kind of model.
        ResourceError: the cache folder cannot be written.
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
        tokenizer = _tokenizer(path, splitting=fields["tokenizer.ggml.pre"])
        model = _clean_model(path, architecture=fields["general.architecture"])
    except Exception as error:  # the library raises errors of every kind where a file is not what it expects
        first_line = (str(error).strip() or type(error).__name__).split("\n")[0]
        raise IntegrityError(f"transformers cannot convert this GGUF file: {first_line}", where=where) from error
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions and tokenizer.model_max_length > _NO_LIMIT:
        tokenizer.model_max_length = positions
    with quiet_library():
        model.save_pretrained(str(folder))
        tokenizer.save_pretrained(str(folder))


def _header(path: Path, *, where: str) -> dict[str, str]:
    """What a GGUF file says about itself, once all of its tensors are known to be inside of it."""
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
        names = ("general.architecture", "tokenizer.ggml.pre")
        found = {name: reader.fields[name].contents() for name in names if name in reader.fields}
        return {"tokenizer.ggml.pre": "", "general.architecture": "", **found}
    except Exception as error:  # the reader walks off the end of a file in many ways
        raise IntegrityError("this is no whole GGUF file: it is cut short or damaged", where=where) from error


def _clean_model(path: Path, *, architecture: str) -> PreTrainedModel:
    """The file's model in float32, of its own class, with nothing about it that says it came from GGUF."""
    auto: Any = AutoModelForSeq2SeqLM if "t5" in architecture else AutoModelForCausalLM
    with quiet_library(), contextlib.redirect_stderr(io.StringIO()):  # the library's bar knows no way to be off
        opened = auto.from_pretrained(
            str(path.parent), gguf_file=path.name, dtype=torch.float32, trust_remote_code=False
        )
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


def _tokenizer(path: Path, *, splitting: str) -> PreTrainedTokenizerFast:
    """The file's tokenizer with its chat template and special tokens.

    Args:
        path: the GGUF file.
        splitting: the file's name for how text is cut before merges are applied.
    """
    tokenizer: PreTrainedTokenizerFast = PreTrainedTokenizerFast.from_pretrained(str(path.parent), gguf_file=path.name)
    if splitting in _DIGITS_APART:  # which the library leaves out
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    return tokenizer
