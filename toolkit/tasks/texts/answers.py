"""What a model gave for texts: what it wrote, how probable it finds what others wrote, or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.evaluation.inference.generate import references_of, texts_of
from toolkit.evaluation.inference.likelihood import measure_likelihoods
from toolkit.evaluation.inference.rows import RowPredictions
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.evaluation.metrics.texts import LikelihoodMetric, text_metrics

Write: TypeAlias = Callable[[OpenedModel, Dataset], tuple[TextPredictions, NDArray[np.bool_]]]


@dataclass(frozen=True, eq=False)
class TextAnswers(RowPredictions):
    """Generated texts, likelihoods of given texts, or both.

    Attributes:
        ids: of the rows. ``[rows]``
        texts: what was read. ``[rows]``
        predictions: what the model wrote; None where it was not asked to write.
        likelihoods: of the given texts; None where they were not scored.
        cut: True where a prediction ended at the longest length allowed and not by itself. ``[rows]``
    """

    ids: list[int | str]
    texts: list[str]
    predictions: TextPredictions | None = None
    likelihoods: Likelihoods | None = None
    cut: NDArray[np.bool_] | None = None

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of the predictions, or else those of the scores.

        Scores have the columns ``id``, ``text``, ``negative_log_likelihood`` in nats, ``n_tokens``, ``n_characters``.
        """
        if self.predictions is not None:
            return self.predictions.columns()
        columns: dict[str, list[Any]] = {"id": self.ids, "text": self.texts}
        if self.likelihoods is not None:
            columns |= likelihood_columns(self.likelihoods)
        return columns


def likelihood_columns(likelihoods: Likelihoods) -> dict[str, list[Any]]:
    """Return likelihoods as columns of ``predictions.parquet``."""
    return {
        "negative_log_likelihood": likelihoods.negative_log_likelihood.tolist(),
        "n_tokens": likelihoods.tokens.tolist(),
        "n_characters": likelihoods.characters.tolist(),
    }


def answer_texts(opened: OpenedModel, rows: Dataset, metrics: Sequence[str], *, write: Write) -> TextAnswers:
    """Let a model write texts, or score given ones, as the metrics need.

    Args:
        opened: with the head that it was trained with.
        rows: columns ``id`` and ``text``, or ``source`` and ``target`` (or ``reference``).
        metrics: keys of `toolkit.evaluation.metrics.texts.TEXT_METRICS`; without any the model writes.
        write: writes texts, and says of each whether it was cut.
    """
    wanted = text_metrics(metrics).values()
    likelihoods = predictions = cut = None
    if any(isinstance(metric, LikelihoodMetric) for metric in wanted):
        likelihoods = measure_likelihoods(opened, _with_target(rows))
    if not wanted or any(not isinstance(metric, LikelihoodMetric) for metric in wanted):
        predictions, cut = write(opened, rows)
    return TextAnswers(list(rows["id"]), texts_of(rows), predictions, likelihoods, cut)


def _with_target(rows: Dataset) -> Dataset:
    if "text" in rows.column_names or "target" in rows.column_names:
        return rows
    references = references_of(rows)
    if references is None:
        raise ValueError("targets are needed to measure how probable they are")
    return rows.add_column("target", references)
