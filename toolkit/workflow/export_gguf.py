"""A model as a GGUF file, and that file in the place of the model, so that it can be asked like one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from gguf import GGMLQuantizationType
from transformers import AutoModelForCausalLM

from toolkit.adapters import OpenedModel
from toolkit.adapters.convert_gguf import read_model, read_tokenizer
from toolkit.adapters.gguf_tokens import check_byte_level
from toolkit.adapters.layouts import PROMPT, READS, TASK, prompt_of
from toolkit.adapters.write_gguf import write_gguf

FILE = "model.gguf"
_VERSION = "transformers_version"


def write(opened: OpenedModel, folder: Path, weights: str) -> None:
    """Write ``model.gguf``.

    Args:
        opened: what `toolkit.adapters.write_gguf.check_llama_like` lets pass.
        folder: exists.
        weights: ``f32``, ``f16`` or ``q8_0``.
    """
    write_gguf(opened, folder / FILE, weights=GGMLQuantizationType[weights.upper()])


def opened_gguf(opened: OpenedModel, folder: Path) -> OpenedModel:
    """Return the same model with weights, tokenizer and chat template out of the file.

    Hyperparameters are the model's own, of which the library reads some in such files and not others.

    Args:
        opened: whose file it is.
        folder: with the file.
    """
    path, usual = folder / FILE, opened.tokenizer.init_kwargs
    tokenizer = read_tokenizer(path, splitting=check_byte_level(opened.tokenizer, name=opened.name))
    tokenizer.init_kwargs |= {name: usual[name] for name in (PROMPT, READS, TASK) if name in usual}
    before: Any = opened.model
    model: Any = read_model(path, AutoModelForCausalLM, before.config)
    model.generation_config = before.generation_config
    return replace(opened, model=model.eval(), tokenizer=tokenizer, folder=folder)


def use(opened: OpenedModel) -> str:
    """Return how the file is used, and what of the model it cannot hold."""
    generation: Any = opened.model.generation_config
    settings = generation.to_diff_dict()
    told = {name: settings[name] for name in sorted(settings) if not name.endswith("_id") and name != _VERSION}
    prompt = prompt_of(opened.tokenizer)
    asked = "" if prompt is None else f"\n\nIt learnt to read texts in this prompt:\n\n{_indented(prompt)}"
    return f"""`{FILE}` holds weights, tokenizer and chat template, for llama.cpp and what is built on it:

    llama-cli -m {FILE}

A GGUF file says nothing of how texts are drawn. The model was measured with: {json.dumps(told)}.{asked}"""


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
