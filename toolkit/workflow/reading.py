"""What a pretrained model's tokenizer does to the rows that it is to learn from, told before any training."""

from __future__ import annotations

from dataclasses import replace

from datasets import Dataset

from toolkit.adapters import family_of, locate_model, open_config, open_tokenizer
from toolkit.data.doctor_tokens import examine_tokens
from toolkit.data.several_inputs import INPUTS
from toolkit.data.tokenizer_losses import find_losses, reading_warnings
from toolkit.evaluation.inference.generate import texts_of
from toolkit.names import Method
from toolkit.progress import warn
from toolkit.recipe import Recipe
from toolkit.tasks.room import TaskRoom

SAMPLED_ROWS = 2_000
"""Training rows that are tokenised, evenly spaced: enough to know a share to two percent, in a second."""


def warn_of_reading(room: TaskRoom, recipe: Recipe, rows: Dataset) -> None:
    """Warn of what a pretrained model cannot read of its training rows; a tokenizer that is learnt from them reads all.

    Args:
        room: of the task.
        recipe: checked.
        rows: to learn from.
    """
    if recipe.model.config is not None:
        return
    located = locate_model(recipe.model.label)
    tokenizer, length = open_tokenizer(located, max_length=recipe.data.max_length)
    if room.reads_in_parts(family_of(open_config(located))):
        length = tokenizer.model_max_length = 10**9
    some = rows.select(range(0, len(rows), -(-len(rows) // SAMPLED_ROWS)))
    texts, *pairs = (list(some[name]) for name in room.text_columns if name in some.column_names)
    if INPUTS in some.column_names:
        texts = texts_of(some)
    second = pairs[0] if pairs and "text_pair" in some.column_names else None
    report = examine_tokens(texts, tokenizer, length, pairs=second)
    if recipe.way is not Method.ZERO_SHOT:  # others count the texts that are cut, all of them
        report = replace(report, truncation_rate=0.0)
    for line in reading_warnings(report, find_losses([*texts, *(second or ())], tokenizer)):
        warn(f"{recipe.model.label}: {line}")
