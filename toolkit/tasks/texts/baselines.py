"""The free baselines of tasks whose output is text, measured like the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from datasets import Dataset

from toolkit.data import TextData
from toolkit.evaluation.baselines.ngram import ngram_baseline
from toolkit.evaluation.baselines.texts import copy_source, first_sentences, nearest_neighbour
from toolkit.evaluation.inference.generate import texts_of
from toolkit.evaluation.metrics.measure_texts import measure_texts
from toolkit.evaluation.metrics.texts import LikelihoodMetric, text_metrics
from toolkit.tasks.interfaces import MeasuredBaseline
from toolkit.tasks.texts.answers import likelihood_columns

Writer: TypeAlias = Callable[[Dataset, Dataset], list[str]]
"""A baseline of pairs: learns from the first rows and writes a text for each of the second."""


def _copies(_: Dataset, rows: Dataset) -> list[str]:
    return copy_source(texts_of(rows))


def _first(train: Dataset, rows: Dataset) -> list[str]:
    return first_sentences(texts_of(rows), list(train["target"]))


def _nearest(train: Dataset, rows: Dataset) -> list[str]:
    return nearest_neighbour(texts_of(train), list(train["target"]), test_sources=texts_of(rows))


PAIRS: Mapping[str, Writer] = {"copy-source": _copies, "nearest-neighbour": _nearest}
"""Baselines of any pairs."""

SUMMARIES: Mapping[str, Writer] = {"first-sentences": _first, **PAIRS}
"""Baselines of texts with their summaries."""


def measure_text_baselines(
    data: TextData, *, metrics: Sequence[str], writers: Mapping[str, Writer] = PAIRS
) -> dict[str, MeasuredBaseline]:
    """Measure baselines that learn from the same training rows on the same test rows.

    For pairs: what the writers write. For texts: a model that counts runs of five characters, of which only the bits a
    character can be compared, since it has no tokens.

    Args:
        data: its splits.
        metrics: keys of `toolkit.evaluation.metrics.texts.TEXT_METRICS`.
        writers: `PAIRS`, or `SUMMARIES`.
    """
    if "text" not in data.train.column_names:
        comparing = [n for n, metric in text_metrics(metrics).items() if not isinstance(metric, LikelihoodMetric)]
        if not comparing:
            return {}
        sources, references = texts_of(data.test), list(data.test["target"])
        written = {name: write(data.train, data.test) for name, write in writers.items()}
        return {
            name: MeasuredBaseline(
                measure_texts(comparing, predictions=texts, references=references, sources=sources),
                {"prediction": texts},
            )
            for name, texts in written.items()
        }
    if "bits_per_character" not in metrics:
        return {}
    likelihoods = ngram_baseline(list(data.train["text"]), list(data.test["text"]))
    columns = likelihood_columns(likelihoods)
    return {
        "character-5-gram": MeasuredBaseline(measure_texts(["bits_per_character"], likelihoods=likelihoods), columns)
    }
