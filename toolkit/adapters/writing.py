"""What a pretrained model is told before it learns to write: prompt, chat template, languages, how it generates.

All of it is kept where the library keeps it, in the files of the tokenizer and in ``generation_config.json``, so that
whoever opens the model later does the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Dataset
from transformers import GenerationConfig, PreTrainedTokenizerBase

from toolkit.adapters.layouts import PROMPT, READS, TASK, first_of_targets
from toolkit.adapters.opened import OpenedModel
from toolkit.data.chat_template import PLAIN_TEMPLATE, ChatTemplate
from toolkit.data.messages import USER, ChatError, Message
from toolkit.errors import RecipeError, explain
from toolkit.names import Family, Task
from toolkit.progress import warn

WITHOUT_THOUGHTS = "{%- set enable_thinking = false -%}"

_CODE = re.compile("[a-z]{2,3}_[A-Za-z]{2,4}")
"""A language as the tokenizers of mBART and NLLB write it: ``de_DE``, ``deu_Latn``."""

SAMPLED_ROWS = 2_000
"""Training rows whose targets are counted, to know how long a text to write may become."""

_LANGUAGES = {"data.source_language": "src_lang", "data.target_language": "tgt_lang"}


def settle_reading(opened: OpenedModel, task: Task, reads: str, prompt: str | None) -> None:
    """Keep what a model is for, and how it reads a row.

    Args:
        opened: its tokenizer is changed.
        task: that it learns.
        reads: the column of its input, ``text``, ``source`` or ``messages``, or those of a prompt with commas between.
        prompt: what is made of a row, with gaps; None takes that of an earlier training, if any.
    """
    kept = opened.tokenizer.init_kwargs
    kept |= {TASK: task.value, READS: reads}
    if prompt is not None:
        kept[PROMPT] = prompt


def settle_languages(opened: OpenedModel, source: str | None, target: str | None) -> None:
    """Tell a tokenizer for several languages which ones it reads and writes.

    Args:
        opened: its tokenizer is changed.
        source, target: the codes of the tokenizer, such as ``deu_Latn``; or, where only one code begins so, ``de``.

    Raises:
        RecipeError: the tokenizer has no such language, or knows none; with those that are near.
    """
    tokenizer: Any = opened.tokenizer
    for (where, attribute), wanted in zip(_LANGUAGES.items(), (source, target), strict=True):
        if wanted is not None:
            code = _code_of(tokenizer, wanted, where=where)
            setattr(tokenizer, attribute, code)
            tokenizer.init_kwargs[attribute] = code  # what is saved


def settle_template(opened: OpenedModel, template: str | None) -> None:
    """Give a decoder the chat template by which it reads sources and chats.

    Args:
        opened: its tokenizer is changed.
        template: Jinja; None takes the tokenizer's own, or else a plain one, a message a line.

    Raises:
        RecipeError: answers do not stand in what the template makes of a chat.
    """
    tokenizer = opened.tokenizer
    if template is not None:
        tokenizer.chat_template = template
    elif not tokenizer.chat_template:
        tokenizer.chat_template = PLAIN_TEMPLATE
    try:
        ends = _agreeing(tokenizer).ends
    except ChatError as error:
        raise RecipeError(explain(str(error), fix="name another one"), where="data.chat_template") from error
    every = sorted(ends | ends_of(opened))
    _generation(opened).eos_token_id = every[0] if len(every) == 1 else every


def ends_of(opened: OpenedModel) -> set[int]:
    """Return the tokens at which a text that the model writes ends."""
    known = _generation(opened).eos_token_id
    listed = known if isinstance(known, list) else [known, opened.tokenizer.eos_token_id]
    return {int(token) for token in listed if token is not None}


def settle_generation(opened: OpenedModel, wanted: Mapping[str, Any], *, longest_target: int | None) -> None:
    """Settle how a model generates; it is saved with it.

    Args:
        opened: its generation settings are changed.
        wanted: fields of the library's ``GenerationConfig``, from the recipe.
        longest_target: tokens that a text may have where the recipe has no limit; None leaves the model's own.

    Raises:
        RecipeError: the library does not know a setting.
    """
    settings, tokenizer = _generation(opened), opened.tokenizer
    settings.pad_token_id = tokenizer.pad_token_id
    if longest_target is not None:
        settings.max_length, settings.max_new_tokens = None, longest_target
    if opened.family is Family.ENCODER_DECODER:
        target = tokenizer(text_target="a")["input_ids"]
        start = first_of_targets(opened.model, name=opened.name)
        settings.decoder_start_token_id = int(target[-1]) if start is None else start
        is_special = target[0] in tokenizer.all_special_ids
        settings.forced_bos_token_id = int(target[0]) if is_special and len(target) > 1 else None
    if unknown := settings.update(**wanted):  # type: ignore[no-untyped-call]
        raise RecipeError(f"the library does not know {', '.join(unknown)}", where="evaluation.generation")


def longest_target(tokenizer: PreTrainedTokenizerBase, examples: Dataset) -> int:
    """Return how many tokens a text to write may have: those of the longest one learnt, and a quarter more.

    Args:
        tokenizer: the model's own.
        examples: with the column ``target``.
    """
    rows = examples.select(range(0, len(examples), -(-len(examples) // SAMPLED_ROWS)))
    targets = tokenizer(text_target=list(rows["target"]), verbose=False)["input_ids"]
    longest = max(len(ids) for ids in targets)
    return longest + longest // 4 + 8


def _agreeing(tokenizer: PreTrainedTokenizerBase) -> ChatTemplate:
    """Return a template that asks for an answer as it is learnt, also where the library or a server applies it.

    Templates of models that think before they answer, such as Qwen 3's, ask for thoughts and show answers without any.
    """
    asked = [Message(role=USER, content="a")]
    found = ChatTemplate(tokenizer)
    if not found.differs_elsewhere(asked):
        return found
    usual = tokenizer.chat_template
    tokenizer.chat_template = f"{WITHOUT_THOUGHTS}{usual}"
    without = ChatTemplate(tokenizer)
    if not without.differs_elsewhere(asked):
        return without
    tokenizer.chat_template = usual
    warn("the chat template asks for an answer in another way than it shows one; other programs will ask otherwise")
    return found


def _generation(opened: OpenedModel) -> GenerationConfig:
    model: Any = opened.model
    settings: GenerationConfig = model.generation_config
    return settings


def _code_of(tokenizer: PreTrainedTokenizerBase, wanted: str, *, where: str) -> str:
    codes = _codes(tokenizer)
    if not codes:
        raise RecipeError(explain("the tokenizer knows no languages", fix="take it out"), where=where)
    if wanted in codes:
        return wanted
    beginning = [code for code in codes if code.split("_")[0][:2] == wanted.lower()[:2]]
    if len(beginning) == 1:
        return beginning[0]
    found = f"the tokenizer has no language {wanted!r}"
    raise RecipeError(explain(found, allowed=beginning or codes, name=wanted), where=where)


def _codes(tokenizer: PreTrainedTokenizerBase) -> Sequence[str]:
    """Return the codes of the languages that a tokenizer knows."""
    if not hasattr(tokenizer, "src_lang"):
        return []
    by_token = getattr(tokenizer, "lang_code_to_token", None)
    return list(by_token or filter(_CODE.fullmatch, tokenizer.all_special_tokens))
