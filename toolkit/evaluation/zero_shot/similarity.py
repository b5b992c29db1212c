"""Zero-shot by similarity: which label's embedding is nearest to the text's, for encoders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from datasets import Dataset

from toolkit.adapters import OpenedBody
from toolkit.adapters.features import pooled_features
from toolkit.evaluation.inference.device import inference_device
from toolkit.evaluation.zero_shot.calibration import Scores, log_softmax
from toolkit.evaluation.zero_shot.templates import Template

TEMPERATURE = 0.05
"""What cosines are divided by before the softmax: the inverse of 20, with which sentence encoders are trained
(Reimers & Gurevych 2019; sentence-transformers' ``MultipleNegativesRankingLoss``). It changes no label."""


def similarity_scores(
    opened: OpenedBody,
    templates: Sequence[Template],
    rows: Sequence[Mapping[str, str]],
    *,
    words: Sequence[str],
    labels: Scores | None = None,
) -> tuple[list[Scores], int]:
    """Log-probabilities of the labels for each template, ``[rows, labels]``, and how many texts were cut.

    They are a softmax over the cosines of mean-pooled states, divided by `TEMPERATURE`.

    Args:
        opened: a body that was trained to give like texts like vectors.
        templates: what each says besides the text is the label's prompt.
        rows: the texts, which are embedded as they are.
        words: what stands for each label.
        labels: their vectors as `label_directions` gives them; None: they are computed.
    """
    texts = [row["text"] for row in rows]
    lengths = [len(ids) for ids in opened.tokenizer(texts, verbose=False)["input_ids"]]
    cosines = _directions(opened, texts) @ (label_directions(opened, templates, words) if labels is None else labels).T
    of_templates = np.split(cosines / TEMPERATURE, len(templates), axis=1)
    return [log_softmax(scores) for scores in of_templates], sum(length > opened.max_length for length in lengths)


def label_directions(opened: OpenedBody, templates: Sequence[Template], words: Sequence[str]) -> Scores:
    """The vectors that all texts are compared with, ``[templates * labels, dim]``."""
    return _directions(opened, [template.about(word) for template in templates for word in words])


def _directions(opened: OpenedBody, texts: Sequence[str]) -> Scores:
    """Vectors of length 1, ``[texts, dim]``."""
    rows = Dataset.from_dict({"text": list(texts)})
    vectors = pooled_features(opened, rows, device=inference_device()).astype(np.float64)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
