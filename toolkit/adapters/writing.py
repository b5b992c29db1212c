"""What a pretrained model is told before it learns to write: prompt, chat template, how it generates.

All of it is kept where the library keeps it, in the files of the tokenizer and in ``generation_config.json``, so that
whoever opens the model later does the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasets import Dataset
from transformers import GenerationConfig, PreTrainedTokenizerBase, StopStringCriteria

from toolkit.adapters.layouts import PROMPT, READS, TASK, first_of_targets
from toolkit.adapters.opened import OpenedModel
from toolkit.data.chat_template import PLAIN_TEMPLATE, ChatTemplate
from toolkit.data.encode import Frame
from toolkit.data.messages import USER, ChatError, Message
from toolkit.errors import RecipeError, explain
from toolkit.names import Family, Task
from toolkit.progress import warn
from toolkit.transformer import TransformerConfig

SEED = "seed"
"""The key of ``generation_config.json`` by which texts are drawn; the library keeps keys that it does not know."""

WITHOUT_THOUGHTS = "{%- set enable_thinking = false -%}"

SAMPLED_ROWS = 2_000
"""Training rows whose targets are counted, to know how long a text to write may become."""


def settle_reading(opened: OpenedModel, task: Task, reads: str, prompt: str | None) -> None:
    """Keep what a model is for, and how it reads a row.

    Args:
        opened: its tokenizer is changed.
        task: that it learns.
        reads: the column of its input, ``text``, ``source`` or ``messages``, or those of a prompt with commas between.
        prompt: what is made of a row, with gaps; None takes that of an earlier training, if any.
    """
    kept = opened.tokenizer.init_kwargs
    kept[TASK] = task.value
    if reads != "text" or not isinstance(opened.model.config, TransformerConfig):
        kept[READS] = reads  # without it our own Transformer goes on with texts, which begin with its first token
    if prompt is not None:
        kept[PROMPT] = prompt


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


def stops_of(opened: OpenedModel) -> tuple[str, ...]:
    """Return the texts at which a text that the model writes stops."""
    known = _generation(opened).stop_strings or ()
    return (known,) if isinstance(known, str) else tuple(known)


def seed_of(opened: OpenedModel) -> int:
    """Return the seed by which a model draws its texts: that of the recipe it learnt by, else 0."""
    return int(getattr(_generation(opened), SEED, 0))


def settle_generation(opened: OpenedModel, wanted: Mapping[str, Any], *, longest_target: int | None, seed: int) -> None:
    """Settle how a model generates; it is saved with it.

    Args:
        opened: its generation settings are changed.
        wanted: fields of the library's ``GenerationConfig``, from the recipe.
        longest_target: tokens that a text may have where the recipe has no limit; None leaves the model's own.
        seed: of the recipe.

    Raises:
        RecipeError: as `update_generation`.
    """
    settings, tokenizer = _generation(opened), opened.tokenizer
    settings.pad_token_id = tokenizer.pad_token_id
    if longest_target is not None:
        settings.max_length, settings.max_new_tokens = None, longest_target
    if opened.family is Family.ENCODER_DECODER:
        start = first_of_targets(opened.model, name=opened.name)
        settings.decoder_start_token_id = tokenizer(text_target="a")["input_ids"][-1] if start is None else start
        before = Frame.of(tokenizer, argument="text_target").before
        settings.forced_bos_token_id = before[0] if before else None
    update_generation(settings, wanted, seed=seed)
    settings.do_sample = bool(settings.do_sample)  # where nothing is said, the library's pipeline draws
    check_stops(opened)


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


def check_stops(opened: OpenedModel) -> None:
    """Refuse stop strings where the library cannot tell them by the tokens of the model.

    Raises:
        RecipeError: it cannot; it needs a tokenizer that takes a made-up word apart and puts it together again.
    """
    stops = list(stops_of(opened))
    if not stops:
        return
    try:
        StopStringCriteria(opened.tokenizer, stops)
    except ValueError as error:
        found = f"the library cannot find stops among the tokens of {opened.name}, which lack plain letters"
        raise RecipeError(explain(found, fix="take it out"), where="evaluation.generation.stop_strings") from error


def update_generation(settings: Any, wanted: Mapping[str, Any], *, seed: int) -> None:
    """Take over what a recipe says about generation.

    Args:
        settings: the ``GenerationConfig`` of a model, which is changed.
        wanted: fields of the library's ``GenerationConfig``.
        seed: kept beside them where texts are drawn.

    Raises:
        RecipeError: the library does not know a setting, or texts are to be drawn along beams.
    """
    if unknown := settings.update(**wanted):
        raise RecipeError(f"the library does not know {', '.join(unknown)}", where="evaluation.generation")
    if settings.do_sample:
        if wanted.get("do_sample") and (settings.num_beams or 1) > 1:
            found = f"the model's own settings have num_beams: {settings.num_beams}, which go without do_sample"
            raise RecipeError(explain(found, fix="add num_beams: 1"), where="evaluation.generation.do_sample")
        setattr(settings, SEED, seed)
        settings._from_model_config = False  # else the library would drop keys that it does not know


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
