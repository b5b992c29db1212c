"""Zero-shot by entailment (Yin et al. 2019): does it follow from the text that it is about the label?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from toolkit.adapters import OpenedModel, entailment_index
from toolkit.evaluation.zero_shot.calibration import Scores, log_softmax
from toolkit.evaluation.zero_shot.encoded import computed, encoded_texts
from toolkit.evaluation.zero_shot.templates import Template


def entailment_scores(
    opened: OpenedModel,
    template: Template,
    rows: Sequence[Mapping[str, str]],
    *,
    words: Sequence[str],
) -> tuple[Scores, int]:
    """Log-probabilities of the labels, ``[rows, labels]``, and how many texts were too long and cut.

    They are a softmax over the labels of how strongly each hypothesis is entailed, the logit of that class.

    Args:
        opened: a classifier trained on natural language inference.
        template: what it says besides the text is the hypothesis.
        rows: the text is the premise.
        words: what stands for each label.

    Raises:
        RecipeError: if the model cannot take the hypothesis.
    """
    hypotheses = [template.about(word) for word in words]
    premises = [row["text"] for row in rows for _ in words]
    inputs, is_cut = encoded_texts(opened, premises, hypotheses * len(rows))
    entailed = entailment_index(opened.labels)

    def logits(batch: dict[str, Any]) -> Tensor:
        given: Tensor = opened.model(**batch).logits[:, entailed]
        return given

    scores = computed(opened, inputs, logits, doing="inferring")
    by_row = np.array(is_cut).reshape(len(rows), len(words))
    return log_softmax(scores.reshape(len(rows), len(words))), int(by_row.any(axis=1).sum())
