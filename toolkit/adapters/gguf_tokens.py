"""Byte-level BPE tokenizers in GGUF files, and how texts are split before they are merged.

A GGUF file has no rules for splitting, but a name for them, which llama.cpp knows (src/llama-vocab.cpp).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gguf import GGUFWriter, TokenType
from tokenizers import Regex
from tokenizers.pre_tokenizers import ByteLevel, PreTokenizer, Sequence, Split
from transformers import PreTrainedTokenizerBase

from toolkit.adapters.convert_gguf import DIGITS_APART
from toolkit.errors import RecipeError

_SHOWN = (
    "It's 12345 o'clock,  isn't IT?\n\n\tfoo_barBaz(x) == 'ABCdef' ... e\u0301te\u0301 Ünï  서울에서 3월 10일!\r\n"
    "漢字かな🙂 \u0661\u0662\u0663 a/b//c \n  x"
)
"""A text that each two ways of splitting divide differently."""


def splittings() -> Mapping[str, PreTokenizer]:
    """Return the ways of splitting that have a name which transformers reads, too."""
    from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

    by_pattern = {
        name: Sequence([Split(Regex(pattern), behavior="isolated"), ByteLevel(add_prefix_space=False, use_regex=False)])
        for name, pattern in GGUF_PRE_TOKENIZER_SPLITS.items()
    }
    return {"gpt-2": ByteLevel(add_prefix_space=False), "smollm": DIGITS_APART, **by_pattern}


def check_byte_level(tokenizer: PreTrainedTokenizerBase, *, name: str) -> str:
    """Return the name of a tokenizer's splitting.

    Args:
        tokenizer: of the model.
        name: of the model, for the message.

    Raises:
        RecipeError: it is no byte-level BPE, changes texts before it splits them, or splits them in another way.
    """
    backend: Any = getattr(tokenizer, "backend_tokenizer", None)
    parts: dict[str, Any] = {} if backend is None else json.loads(backend.to_str())
    model, normalizer = parts.get("model") or {}, parts.get("normalizer") or {"type": "NFC"}
    affixes = any(model.get(key) for key in ("continuing_subword_prefix", "end_of_word_suffix", "byte_fallback"))
    if model.get("type") != "BPE" or affixes or normalizer["type"] != "NFC" or backend.pre_tokenizer is None:
        raise RecipeError(
            "gguf is for tokenizers that merge bytes (byte-level BPE), as those of Llama 3, Qwen and SmolLM do; "
            "this one does not",
            where=f"model {name}",
        )
    pieces = backend.pre_tokenizer.pre_tokenize_str(_SHOWN)
    for splitting, splitter in splittings().items():
        if splitter.pre_tokenize_str(_SHOWN) == pieces:
            return splitting
    raise RecipeError(
        f"its tokenizer splits texts in a way that GGUF has no name for; it has: {', '.join(splittings())}",
        where=f"model {name}",
    )


def write_tokenizer(writer: GGUFWriter, tokenizer: PreTrainedTokenizerBase, *, splitting: str, n_rows: int) -> None:
    """Write vocabulary, merges, special tokens and chat template.

    Args:
        writer: of the file.
        tokenizer: a byte-level BPE.
        splitting: its name, from `check_byte_level`.
        n_rows: of the embeddings; those without a token get one that is never used.
    """
    backend: Any = getattr(tokenizer, "backend_tokenizer", None)
    tokens = [f"[PAD{index}]" for index in range(n_rows)]
    kinds = [TokenType.UNUSED] * n_rows
    for token, index in tokenizer.get_vocab().items():
        tokens[index], kinds[index] = token, TokenType.NORMAL
    for index, added in tokenizer.added_tokens_decoder.items():
        kinds[index] = TokenType.CONTROL if added.special else TokenType.USER_DEFINED
    merges = json.loads(backend.to_str())["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(splitting)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    known = {
        writer.add_bos_token_id: tokenizer.bos_token_id,
        writer.add_eos_token_id: tokenizer.eos_token_id,
        writer.add_unk_token_id: tokenizer.unk_token_id,
        writer.add_pad_token_id: tokenizer.pad_token_id,
    }
    for add, index in known.items():
        if index is not None:
            add(index)
    framed = tokenizer("a")["input_ids"]
    writer.add_add_bos_token(framed[0] == tokenizer.bos_token_id)
    writer.add_add_eos_token(framed[-1] == tokenizer.eos_token_id)
    writer.add_add_space_prefix(False)
    if isinstance(tokenizer.chat_template, str):
        writer.add_chat_template(tokenizer.chat_template)
