"""The judge of tasks whose output is text: how likely a model finds the reference texts, in bits a character."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedModel
from toolkit.evaluation.baselines.ngram import ngram_baseline
from toolkit.evaluation.inference.likelihood import measure_likelihoods
from toolkit.evaluation.metrics.likelihoods import count_characters
from toolkit.evaluation.metrics.paired import Metric
from toolkit.evaluation.metrics.texts import LikelihoodMetric, text_metrics
from toolkit.tasks.judge import BaselineAnswers, Judge
from toolkit.tasks.texts.baselines import Writer


def judge_texts(rows: Dataset, *, metrics: Sequence[str], writers: Mapping[str, Writer]) -> Judge:
    """Return the judge of some examples.

    Args:
        rows: columns ``text``, or ``source`` and ``target``.
        metrics: of the task; the first one that is of written texts compares these.
        writers: the baselines that write.
    """
    judge = LikelihoodJudge(count_characters(targets_of(rows)).tolist())
    if "target" in rows.column_names:
        known = text_metrics(metrics)
        judge.written_metric = next(name for name in metrics if not isinstance(known[name], LikelihoodMetric))
        judge.writers = dict(writers)
    return judge


def targets_of(rows: Dataset) -> list[str]:
    """Return the texts that a model is to write, ``[examples]``."""
    return list(rows["target" if "target" in rows.column_names else "text"])


class LikelihoodJudge(Judge):
    """Texts, compared by bits a character; an answer is the bits that a model pays for a text.

    Args:
        references: the characters of each text. ``[examples]``
    """

    metric = "bits_per_character"
    lower_is_better = True
    generates = True
    writers: Mapping[str, Writer] = MappingProxyType({})
    run_metrics = ("perplexity",)  # others would have the run write a text for each example

    def answers_by(self, opened: OpenedModel, rows: Dataset) -> list[float]:
        """Score the texts with a trained model, as `Judge.answers_by`."""
        scored = measure_likelihoods(opened, rows)
        return self._bits(scored.negative_log_likelihood, scored.characters)

    def answers_in(self, columns: Mapping[str, Sequence[Any]]) -> list[float]:
        """Read the likelihoods that a run has written, as `Judge.answers_in`."""
        nats, characters = (np.array(columns[name]) for name in ("negative_log_likelihood", "n_characters"))
        return self._bits(nats, characters)

    def baselines(self, train: Dataset, rows: Dataset, *, key: str) -> list[BaselineAnswers]:
        """Score the texts with a model that counts characters, as `Judge.baselines`."""
        scored = ngram_baseline(targets_of(train), targets_of(rows))
        bits = scored.negative_log_likelihood / np.log(2)
        return [BaselineAnswers("character-5-gram", bits.tolist())]

    def baseline_texts(self, train: Dataset, rows: Dataset) -> dict[str, list[str]]:
        """Return what the writers write, as `Judge.baseline_texts`."""
        return {name: write(train, rows) for name, write in self.writers.items()}

    def resampled(self, answers: Sequence[Any], references: Sequence[Any]) -> Metric:
        """Return minus the bits a character on resamples, as `Judge.resampled`."""
        bits, characters = (np.asarray(values, dtype=np.float64) for values in (answers, references))
        return lambda drawn: np.asarray(-(drawn @ bits) / np.maximum(drawn @ characters, 1.0))

    def _bits(self, nats: NDArray[np.floating[Any]], characters: NDArray[np.integer[Any]]) -> list[float]:
        """Return the bits of each whole text, ``[examples]``.

        A text of which only the beginning was scored is charged the same bits a character for the rest.

        Args:
            nats: of what was scored. ``[examples]``
            characters: that were scored. ``[examples]``
        """
        whole = np.array(self.references)
        bits = nats / math.log(2) * np.where(characters < whole, whole / np.maximum(characters, 1), 1.0)
        return [float(of_text) for of_text in bits]
