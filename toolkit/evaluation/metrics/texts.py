"""The metrics of translation, generation and fill-mask by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from toolkit.errors import RecipeError, explain
from toolkit.evaluation.metrics.answers import AnswerF1, AnswerMatch
from toolkit.evaluation.metrics.bleu_chrf import Bleu, Chrf
from toolkit.evaluation.metrics.rouge import RougeL, RougeLsum, RougeN
from toolkit.evaluation.metrics.text_metric import Quotient, TextMetric, TextRows
from toolkit.evaluation.metrics.written import Copied, ExactMatch, LengthRatio, Repeated


@dataclass(frozen=True)
class LikelihoodMetric(Quotient):
    """A quotient of two sums of fields of `Likelihoods`: ``[rows, 2]``.

    Attributes:
        total: the field of the numerator.
        units: the field of the denominator.
        finish: a function of the quotient.
    """

    total: str = "negative_log_likelihood"
    units: str = "tokens"
    finish: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.asarray

    def statistics(self, rows: TextRows) -> NDArray[np.float64]:
        """Return the numerator and the denominator of each row; see `TextMetric.statistics`."""
        total = getattr(rows.likelihoods, self.total, None)
        if total is None:
            raise ValueError(f"{self.name} needs likelihoods with {self.total}")
        return np.stack([total, getattr(rows.likelihoods, self.units)], axis=-1).astype(np.float64)

    def value(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the metric from both sums; see `TextMetric.value`."""
        with np.errstate(over="ignore"):
            return self.finish(super().value(sums))


TEXT_METRICS: dict[str, TextMetric] = {
    metric.name: metric
    for metric in (
        Bleu("bleu"),
        Bleu("bleu_lowercase", lowercase=True),
        Chrf("chrf"),
        RougeN("rouge1", n=1),
        RougeN("rouge2", n=2),
        RougeL("rougeL"),
        RougeLsum("rougeLsum"),
        ExactMatch("exact_match"),
        AnswerMatch("squad_exact_match"),
        AnswerF1("squad_f1"),
        LengthRatio("length_ratio", greater_is_better=None, undefined="the references have no words"),
        Copied("copied_4grams", greater_is_better=None, undefined="no prediction has four words"),
        Repeated("repeated_4grams", greater_is_better=False, undefined="no prediction has four words"),
        LikelihoodMetric(
            "perplexity",
            greater_is_better=False,
            undefined="there are no tokens, or the number is too large",
            finish=np.exp,
        ),
        LikelihoodMetric(
            "bits_per_character",
            greater_is_better=False,
            undefined="there are no characters",
            units="characters",
            finish=lambda nats: nats / np.log(2),
        ),
        LikelihoodMetric("masked_accuracy", undefined="there are no masked tokens", total="correct"),
    )
}


def text_metrics(names: Sequence[str]) -> dict[str, TextMetric]:
    """Return the metrics of these names, in their order.

    Raises:
        RecipeError: with all unknown names.
    """
    unknown = [name for name in names if name not in TEXT_METRICS]
    if unknown:
        allowed = tuple(TEXT_METRICS)
        raise RecipeError(*(explain(f"unknown metric {name!r}", allowed=allowed, name=name) for name in unknown))
    return {name: TEXT_METRICS[name] for name in names}


def signature(name: str, references: Sequence[str]) -> str | None:
    """Return the settings of a metric on these references, see `TextMetric.signature`; None without settings.

    Raises:
        RecipeError: if the name is unknown.
    """
    return text_metrics([name])[name].signature(references)
