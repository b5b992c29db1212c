"""The free baselines of tasks whose output is text, measured like the model."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.data import TextData
from toolkit.evaluation.baselines.ngram import ngram_baseline
from toolkit.evaluation.baselines.texts import copy_source, nearest_neighbour
from toolkit.evaluation.inference.generate import texts_of
from toolkit.evaluation.metrics.measure_texts import measure_texts
from toolkit.evaluation.metrics.texts import LikelihoodMetric, text_metrics
from toolkit.tasks.text_classification.class_result import MetricValue


def measure_text_baselines(data: TextData, *, metrics: Sequence[str]) -> dict[str, dict[str, MetricValue]]:
    """Measure baselines that learn from the same training rows on the same test rows.

    For pairs: the source as it is, and the answer of the most similar source. For texts: a model that counts
    runs of five characters, of which only the bits a character can be compared, since it has no tokens.

    Args:
        data: its splits.
        metrics: keys of `toolkit.evaluation.metrics.texts.TEXT_METRICS`.
    """
    if "text" not in data.train.column_names:
        comparing = [n for n, metric in text_metrics(metrics).items() if not isinstance(metric, LikelihoodMetric)]
        if not comparing:
            return {}
        sources, references = texts_of(data.test), list(data.test["target"])
        written = {
            "copy-source": copy_source(sources),
            "nearest-neighbour": nearest_neighbour(
                texts_of(data.train), list(data.train["target"]), test_sources=sources
            ),
        }
        return {
            name: measure_texts(comparing, predictions=texts, references=references) for name, texts in written.items()
        }
    if "bits_per_character" not in metrics:
        return {}
    likelihoods = ngram_baseline(list(data.train["text"]), list(data.test["text"]))
    return {"character-5-gram": measure_texts(["bits_per_character"], likelihoods=likelihoods)}
