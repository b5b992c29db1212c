"""Zero-shot by similarity: which label's embedding is nearest to the text's, for encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn.functional import normalize

from toolkit.adapters import OpenedBody, adapter_of
from toolkit.evaluation.zero_shot.calibration import Scores, log_softmax
from toolkit.evaluation.zero_shot.encoded import computed, encoded_texts
from toolkit.evaluation.zero_shot.templates import Template
from toolkit.exported.pooling import pool

TEMPERATURE = 0.05
"""What cosines are divided by before the softmax: the inverse of 20, with which sentence encoders are trained
(Reimers & Gurevych 2019; sentence-transformers' ``MultipleNegativesRankingLoss``). It changes no label."""


def similarity_scores(
    opened: OpenedBody,
    templates: Sequence[Template],
    rows: Sequence[Mapping[str, str]],
    *,
    words: Sequence[str],
) -> tuple[list[Scores], int]:
    """Log-probabilities of the labels for each template, ``[rows, labels]``, and how many texts were cut.

    They are a softmax over the cosines of mean-pooled states, divided by `TEMPERATURE`.

    Args:
        opened: a body that was trained to give like texts like vectors.
        templates: what each says besides the text is the label's prompt.
        rows: the texts, which are embedded as they are.
        words: what stands for each label.
    """
    prompts = [template.about(word) for template in templates for word in words]
    vectors, n_cut = _embedded(opened, [row["text"] for row in rows])
    of_labels, _ = _embedded(opened, prompts)
    cosines = vectors @ of_labels.T
    return [log_softmax(part / TEMPERATURE) for part in np.split(cosines, len(templates), axis=1)], n_cut


def _embedded(opened: OpenedBody, texts: Sequence[str]) -> tuple[Scores, int]:
    """Vectors of length 1, ``[texts, dim]``, and how many texts were cut."""
    adapter = adapter_of(opened.family)
    inputs, is_cut = encoded_texts(opened, texts)

    def vectors(batch: dict[str, Any]) -> Tensor:
        (states,) = adapter.states(opened.model, batch, [-1])
        return normalize(pool(states, batch["attention_mask"], how="mean").float(), dim=-1)

    return computed(opened, inputs, vectors, doing="embedding"), sum(is_cut)
