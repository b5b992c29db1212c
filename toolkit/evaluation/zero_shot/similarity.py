"""Zero-shot by the similarity of the embeddings of text and label, for encoders."""

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
"""Temperature of the softmax over cosines: the inverse of 20, the scale with which sentence encoders are trained
(``MultipleNegativesRankingLoss`` of sentence-transformers; Reimers & Gurevych 2019, https://arxiv.org/abs/1908.10084).
It changes no predicted label."""


def similarity_scores(
    opened: OpenedBody,
    templates: Sequence[Template],
    rows: Sequence[Mapping[str, str]],
    *,
    words: Sequence[str],
    labels: Scores | None = None,
) -> tuple[list[Scores], int]:
    """Return log-probabilities of the labels for each template, ``[rows, labels]``, and the number of cut texts.

    They are a softmax over the cosines of mean-pooled states, divided by `TEMPERATURE`.

    Args:
        opened: a body trained to give similar texts similar embeddings.
        templates: their text without the gap of the text is the prompt of a label.
        rows: the texts, which are embedded as they are.
        words: the verbalizer of each label.
        labels: embeddings of `label_directions`; None: they are computed.
    """
    texts = [row["text"] for row in rows]
    lengths = [len(ids) for ids in opened.tokenizer(texts, verbose=False)["input_ids"]]
    cosines = _directions(opened, texts) @ (label_directions(opened, templates, words) if labels is None else labels).T
    of_templates = np.split(cosines / TEMPERATURE, len(templates), axis=1)
    return [log_softmax(scores) for scores in of_templates], sum(length > opened.max_length for length in lengths)


def label_directions(opened: OpenedBody, templates: Sequence[Template], words: Sequence[str]) -> Scores:
    """Return the normalised embeddings of the labels, ``[templates * labels, dim]``."""
    return _directions(opened, [template.about(word) for template in templates for word in words])


def _directions(opened: OpenedBody, texts: Sequence[str]) -> Scores:
    """Return embeddings of length 1, ``[texts, dim]``."""
    rows = Dataset.from_dict({"text": list(texts)})
    vectors = pooled_features(opened, rows, device=inference_device()).astype(np.float64)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
