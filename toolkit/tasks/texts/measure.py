"""A saved model of ours measured on texts: what it writes, how probable it finds what others wrote, or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.evaluation.inference.generate import references_of, write_texts
from toolkit.evaluation.inference.likelihood import measure_likelihoods
from toolkit.evaluation.inference.rows import write_rows
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.evaluation.metrics.texts import LikelihoodMetric, text_metrics
from toolkit.tasks.texts.result import TextEvaluation, evaluate_texts


@dataclass(frozen=True, eq=False)
class ScoredTexts:
    """How probable a model finds each text.

    Attributes:
        ids: of the rows.
        texts: what was read.
        likelihoods: of them.
    """

    ids: list[int | str]
    texts: list[str]
    likelihoods: Likelihoods

    def columns(self) -> dict[str, list[Any]]:
        """Columns ``id``, ``text``, ``negative_log_likelihood`` in nats, ``n_tokens`` and ``n_characters``."""
        return {
            "id": self.ids,
            "text": self.texts,
            "negative_log_likelihood": self.likelihoods.negative_log_likelihood.tolist(),
            "n_tokens": self.likelihoods.tokens.tolist(),
            "n_characters": self.likelihoods.characters.tolist(),
        }

    def write(self, path: str | Path) -> None:
        """Write the rows, atomically, in the format that the path's suffix names."""
        write_rows(self.columns(), path)


def evaluate_on_texts(
    opened: OpenedModel, rows: Dataset, *, metrics: Sequence[str]
) -> tuple[TextPredictions | ScoredTexts, TextEvaluation]:
    """Measure a model on texts.

    Args:
        opened: with the head that it was trained with.
        rows: columns ``id`` and ``text``, or ``source`` and ``target`` (or ``reference``).
        metrics: keys of `toolkit.evaluation.metrics.texts.TEXT_METRICS`; they decide what has to be done.

    Returns:
        What the model wrote, or else its scores, row by row; and the metrics.
    """
    wanted = text_metrics(metrics).values()
    likelihoods = predictions = cut = None
    if any(isinstance(metric, LikelihoodMetric) for metric in wanted):
        likelihoods = measure_likelihoods(opened, _with_target(rows))
    if any(not isinstance(metric, LikelihoodMetric) for metric in wanted):
        predictions, cut = write_texts(opened, rows)
    evaluation = evaluate_texts(metrics, predictions=predictions, likelihoods=likelihoods, cut=cut)
    if predictions is not None:
        return predictions, evaluation
    if likelihoods is None:
        raise ValueError("no metric is asked for")
    column = "source" if "source" in rows.column_names else "text"
    return ScoredTexts(list(rows["id"]), list(rows[column]), likelihoods), evaluation


def _with_target(rows: Dataset) -> Dataset:
    if "source" not in rows.column_names or "target" in rows.column_names:
        return rows
    references = references_of(rows)
    if references is None:
        raise ValueError("targets are needed to measure how probable they are")
    return rows.add_column("target", references)
