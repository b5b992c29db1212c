"""How a pretrained model is to read and write the rows of a recipe."""

from __future__ import annotations

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.adapters.languages import settle_languages
from toolkit.adapters.layouts import prompt_of
from toolkit.adapters.writing import longest_target, settle_generation, settle_reading, settle_template
from toolkit.data.encode import asked_texts, prompted
from toolkit.data.messages import ASSISTANT, CHAT, USER, Message, to_cell
from toolkit.data.several_inputs import INPUTS
from toolkit.errors import RecipeError, explain
from toolkit.names import Family
from toolkit.recipe import Recipe
from toolkit.recipe.schema import PAIR


def settle_writing(opened: OpenedModel, recipe: Recipe, *, prompt: str | None, examples: Dataset | None) -> None:
    """Tell a pretrained model how it reads and writes; all of it is saved with it.

    Args:
        opened: its tokenizer and its generation settings are changed.
        recipe: checked.
        prompt: what is made of a source; None: the source itself, or what the model was taught to read.
        examples: whose targets tell how long a text may become; None: no more than the recipe and the model say.

    Raises:
        RecipeError: the model cannot read such rows, or not in this way.
    """
    _check_readable(opened, recipe)
    columns, section = recipe.text_columns, recipe.data
    settle_reading(opened, recipe.task, recipe.reads, prompt)
    settle_languages(opened, section.source_language, section.target_language)
    if columns == PAIR:
        _check_room(opened)
    if opened.family is Family.DECODER and columns != ("text",):
        settle_template(opened, section.chat_template)
    longest = None
    if examples is not None and columns != ("text",):
        longest = min(opened.max_length, longest_target(opened.tokenizer, examples))
    settle_generation(opened, recipe.evaluation.generation, longest_target=longest, seed=recipe.seed)


def _check_readable(opened: OpenedModel, recipe: Recipe) -> None:
    """Refuse rows, or a way to read them, that are not for the model's family.

    Raises:
        RecipeError: with what to write instead.
    """
    columns, section, is_pair = recipe.text_columns, recipe.data, opened.family is Family.ENCODER_DECODER
    if is_pair and columns != PAIR and not recipe.inputs:
        fix = f"name {' and '.join(PAIR)} in data.columns, or take a decoder"
        raise RecipeError(
            explain(f"{opened.name} is an encoder-decoder, which answers sources", fix=fix), where="data.columns"
        )
    if not is_pair:
        for key in ("source_language", "target_language"):
            if getattr(section, key) is not None:
                fix = "take it out, and name the language in data.prompt"
                raise RecipeError(explain(f"{opened.name} is a decoder", fix=fix), where=f"data.{key}")
    elif section.chat_template is not None:
        raise RecipeError(explain(f"{opened.name} reads no chats", fix="take it out"), where="data.chat_template")
    if recipe.zero_shot.shots and (is_pair or columns[0] in ("text", CHAT)):
        found = "examples stand before sources that a decoder answers"
        raise RecipeError(explain(found, fix="take it out"), where="zero_shot.shots")


def with_shots(rows: Dataset, examples: Dataset, *, n_shots: int, prompt: str | None) -> Dataset:
    """Return rows as chats in which other rows are answered first (Brown et al. 2020, https://arxiv.org/abs/2005.14165).

    Args:
        rows: columns ``source`` or ``inputs``, and ``target``.
        examples: of the same columns; the first ones are shown.
        n_shots: how many.
        prompt: what is made of a source.
    """
    shown = examples.select(range(min(n_shots, len(examples))))
    before: list[Message] = []
    for text, target in zip(asked_texts(shown[:], prompt), shown["target"], strict=True):
        before += [{"role": USER, "content": text}, {"role": ASSISTANT, "content": target}]
    if INPUTS in rows.column_names:  # a prompt is put around them where it is known how much of them fits
        return rows.add_column(CHAT, [to_cell(before)] * len(rows))
    chats = [[*before, {"role": USER, "content": text}] for text in asked_texts(rows[:], prompt)]
    return rows.remove_columns("source").add_column(CHAT, list(map(to_cell, chats)))


def _check_room(opened: OpenedModel) -> None:
    """Refuse a prompt that leaves no token for a source, so that all rows would read alike.

    Raises:
        RecipeError: with the tokens of the prompt.
    """
    n_tokens = len(opened.tokenizer(prompted("", prompt_of(opened.tokenizer)), verbose=False)["input_ids"])
    if n_tokens >= opened.max_length:
        found = f"the prompt has {n_tokens} tokens, and {opened.name} reads {opened.max_length}"
        raise RecipeError(explain(found, fix="shorten it, so that a source has room"), where="data.prompt")
