"""How a pretrained model is to read and write the rows of a recipe."""

from __future__ import annotations

from toolkit.adapters import OpenedModel
from toolkit.adapters.writing import settle_generation, settle_languages, settle_reading, settle_template
from toolkit.errors import RecipeError, explain
from toolkit.names import Family
from toolkit.recipe import Recipe
from toolkit.recipe.schema import PAIR
from toolkit.tasks.interfaces import TaskData

SAMPLED_ROWS = 2_000
"""Training rows whose targets are counted, to know how long a text to write may become."""


def settle_writing(opened: OpenedModel, recipe: Recipe, data: TaskData) -> None:
    """Tell a pretrained model how it reads and writes; all of it is saved with it.

    Args:
        opened: its tokenizer and its generation settings are changed.
        recipe: checked.
        data: its rows.

    Raises:
        RecipeError: the model cannot read such rows, or not in this way.
    """
    columns = data.train.column_names
    section, is_pair = recipe.data, opened.family is Family.ENCODER_DECODER
    if is_pair and "source" not in columns:
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
    settle_reading(opened, recipe.task, recipe.text_columns[0], section.prompt)
    settle_languages(opened, section.source_language, section.target_language)
    if not is_pair and "text" not in columns:
        settle_template(opened, section.chat_template)
    settle_generation(opened, recipe.evaluation.generation, longest_target=_longest_target(opened, data))


def _longest_target(opened: OpenedModel, data: TaskData) -> int | None:
    """Return how many tokens a text to write may have: those of the longest one learnt, and a quarter more."""
    if "text" in data.train.column_names:
        return None
    rows = data.train.select(range(0, len(data.train), -(-len(data.train) // SAMPLED_ROWS)))
    targets = opened.tokenizer(text_target=list(rows["target"]), verbose=False)["input_ids"]
    longest = max(len(ids) for ids in targets)
    return min(opened.max_length, longest + longest // 4 + 8)
