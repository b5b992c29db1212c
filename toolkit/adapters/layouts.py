"""By which layout a model reads rows, and what its tokenizer keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.json_files import read_object
from toolkit.adapters.opened import OpenedModel
from toolkit.data.answer_layout import AnswerLayout
from toolkit.data.row_layouts import CausalLayout, Layout, Seq2SeqLayout, layout_of
from toolkit.errors import IntegrityError
from toolkit.names import Family
from toolkit.transformer import TransformerConfig

PROMPT, READS, TASK = "prompt", "reads", "task"
"""Keys of ``tokenizer_config.json``: the prompt, the columns that are read, the task that was learnt."""


def layout_for(opened: OpenedModel, columns: Sequence[str]) -> Layout:
    """Return the layout by which a model reads rows.

    Args:
        opened: with its language head.
        columns: of the rows.

    Raises:
        IntegrityError: the library shifts targets in a way that nobody knows.
        ValueError: the model has no language head.
    """
    model, prompt = opened.model, prompt_of(opened.tokenizer)
    if opened.family is Family.DECODER and "text" not in columns:
        return AnswerLayout(prompt)
    if opened.family is Family.ENCODER_DECODER:
        return Seq2SeqLayout(first_of_targets(model, name=opened.name), prompt)
    return layout_of(model) if isinstance(model.config, TransformerConfig) else CausalLayout(by_tokenizer=True)


def prompt_of(tokenizer: PreTrainedTokenizerBase) -> str | None:
    """Return what is made of a source before it is read; None: the source itself."""
    kept = tokenizer.init_kwargs.get(PROMPT)
    return kept if isinstance(kept, str) else None


def kept_word(folder: Path, key: str) -> str | None:
    """Return what a model's folder says of itself under a key; None where it says nothing.

    Args:
        folder: of the model, or of an adapter.
        key: `READS` or `TASK`.
    """
    try:
        kept = read_object(folder / "tokenizer_config.json").get(key)
    except (OSError, ValueError):
        return None  # whoever opens the model says what is wrong with the file
    return kept if isinstance(kept, str) else None


def first_of_targets(model: PreTrainedModel, *, name: str) -> int | None:
    """Return the token from which the first token of a target is predicted; None: the target's own last token.

    The model is asked to shift a target, since each type has its own way.

    Raises:
        IntegrityError: it shifts in another way than to the right.
    """
    shift: Any = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    start = getattr(model.config, "decoder_start_token_id", None)
    if shift is None:
        if start is None:
            raise IntegrityError("config.json has no decoder_start_token_id, so no target can begin", where=name)
        return int(start)
    taken = {start, model.config.pad_token_id, model.config.eos_token_id}
    target = [token for token in range(3, 10) if token not in taken][:3]
    first, *others = shift(torch.tensor([target]))[0].tolist()
    if others != target[:-1]:
        raise IntegrityError(f"{type(model).__name__} does not shift targets by one token", where=f"model {name}")
    return None if first == target[-1] else int(first)
