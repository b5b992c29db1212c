"""The room of fill-mask."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from peft import TaskType
from transformers import AutoModelForMaskedLM

from toolkit.adapters import Head, LocatedModel, OpenedModel, open_config
from toolkit.errors import RecipeError
from toolkit.evaluation.inference.fill_masks import fill_masks
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.proof.golden import plain_ids
from toolkit.evaluation.proof.golden_rows import rows_to_dataset
from toolkit.names import SPECS, Family, Task
from toolkit.tasks.fill_mask.pages import FillMaskPages
from toolkit.tasks.interfaces import Answers
from toolkit.tasks.texts.golden import chosen_texts
from toolkit.tasks.texts.room import TextsRoom
from toolkit.transformer import TransformerConfig


class FillMask(TextsRoom):
    """Masked language models."""

    spec = SPECS[Task.FILL_MASK]
    head = Head(Task.FILL_MASK, {Family.ENCODER: AutoModelForMaskedLM}, {Family.ENCODER: TaskType.FEATURE_EXTRACTION})
    class_endings = ("ForMaskedLM",)
    pages = FillMaskPages()
    compares = False

    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return ``text``."""
        return ("text",)

    def open(self, located: LocatedModel) -> OpenedModel:
        """Open a model of our own Transformer: in packed rows, others would see the texts before their own.

        Raises:
            RecipeError: it is another type of model.
        """
        config = open_config(located)
        if not isinstance(config, TransformerConfig):
            raise RecipeError(
                f"{self.spec.task} works with our own Transformer in this version, found a model of the type "
                f"{config.model_type!r}",
                where=f"model {located.name}",
            )
        return super().open(located)

    def reads_in_parts(self, family: Family) -> bool:
        """Return True: a long text is read in parts."""
        return True

    def write(self, opened: OpenedModel, rows: Dataset) -> tuple[TextPredictions, NDArray[np.bool_]]:
        """Fill in the masks of every text; nothing is cut."""
        return fill_masks(opened, rows), np.zeros(len(rows), dtype=np.bool_)

    def golden_rows(
        self, opened: OpenedModel, rows: Dataset, *, answers: Answers | None = None, most: int
    ) -> list[dict[str, Any]]:
        """Choose texts, each with one word masked."""
        _, texts = chosen_texts(rows, most=most)
        return [{"text": _with_mask(opened, text)} for text in texts]

    def golden_answers(self, opened: OpenedModel, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return rows with the filled text and the log-likelihood of the masked token."""
        written = fill_masks(opened, rows_to_dataset(rows, {"text": "text"}))
        probabilities = [] if written.probabilities is None else written.probabilities.tolist()
        return [
            {"text": row["text"], "prediction": text, "log_likelihood": math.log(probability), "tokens": 1}
            for row, text, probability in zip(rows, written.predictions, probabilities, strict=True)
        ]

    def golden_facts(self, opened: OpenedModel) -> dict[str, Any]:
        """Return nothing: neither labels nor generation."""
        return {"problem": None, "generation": None}


def _with_mask(opened: OpenedModel, text: str) -> str:
    """Mask a word near the middle of a text, or as far before it as the model reads."""
    words, mask = text.split(), str(opened.tokenizer.mask_token)
    position = len(words) // 2
    while True:
        masked = " ".join([*words[:position], mask, *words[position + 1 :]])
        if position == 0 or opened.tokenizer.mask_token_id in plain_ids(opened, {"text": masked}):
            return masked
        position //= 2


ROOM = FillMask()
