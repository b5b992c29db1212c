"""Kept answers of tasks whose output is text: what was written, or how probable given texts are."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.evaluation.metrics.paired import Metric
from toolkit.evaluation.metrics.text_metric import TextRows
from toolkit.evaluation.metrics.texts import TEXT_METRICS, LikelihoodMetric
from toolkit.tasks.kept_answers import Columns, KeptAnswers


class KeptTexts(KeptAnswers):
    """Texts, or their likelihoods; a run keeps the likelihoods only where it wrote nothing."""

    def again(self, columns: Columns) -> Self:
        """Return other rows, as `KeptAnswers.again`."""
        return type(self)(columns)

    def metric(self, name: str, counts: NDArray[np.int64]) -> Metric | None:
        """Return a metric; None where it needs what is not kept, as `KeptAnswers.metric`."""
        metric = TEXT_METRICS[name]
        try:
            statistics = metric.statistics(self._rows())
        except ValueError:
            return None
        return lambda drawn: metric.value(drawn @ statistics)

    def unlike(self, other: Self, name: str) -> str | None:
        """Return that perplexity is of other tokens, as `KeptAnswers.unlike`."""
        metric = TEXT_METRICS[name]
        if not isinstance(metric, LikelihoodMetric) or metric.units != "tokens":
            return None
        ours, theirs = (np.asarray(each.columns.get("n_tokens", ())) for each in (self, other))
        return None if np.array_equal(ours, theirs) else "it is counted over the tokens of different tokenizers"

    def goodness(self) -> NDArray[np.float64]:
        """Return chrF of each text, or minus its bits a character, as `KeptAnswers.goodness`."""
        rows = self._rows()
        if rows.likelihoods is not None:
            return -TEXT_METRICS["bits_per_character"].value(TEXT_METRICS["bits_per_character"].statistics(rows))
        return TEXT_METRICS["chrf"].value(TEXT_METRICS["chrf"].statistics(rows))

    def shown(self, row: int) -> str:
        """Return what was written, or what was paid for the text, as `KeptAnswers.shown`."""
        if "prediction" in self.columns:
            return str(self.columns["prediction"][row])
        return f"{self.columns['negative_log_likelihood'][row]:.1f} nats"

    def _rows(self) -> TextRows:
        columns = self.columns
        likelihoods = None
        if "negative_log_likelihood" in columns:
            names = ("negative_log_likelihood", "n_tokens", "n_characters")
            likelihoods = Likelihoods(*(np.asarray(columns[name]) for name in names))
        return TextRows(columns.get("prediction"), columns.get("reference"), likelihoods, columns["text"])
