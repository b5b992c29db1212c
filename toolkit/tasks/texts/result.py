"""The honest result of a task whose output is text: each metric with its interval, and rows to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics.bleu_chrf import Bleu
from toolkit.evaluation.metrics.bleu_tokenizer import CHARACTERS, DEFAULT, bleu_tokenizer
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.evaluation.metrics.measure_texts import measure_texts
from toolkit.evaluation.metrics.rouge import Rouge
from toolkit.evaluation.metrics.text_metric import TextRows
from toolkit.evaluation.metrics.texts import TEXT_METRICS, signature
from toolkit.tasks.text_classification.class_result import MetricValue, metrics_to_json

_RANDOM_SEED = 0  # of the samples: the same rows for every model, unless they are among its worst


@dataclass(frozen=True)
class Sample:
    """One row to look at.

    Attributes:
        id: of the row.
        text: what was read.
        reference: the right text, None where the data has none.
        prediction: what the model wrote.
        chrf: of this row alone, 0 to 100; None without a reference.
        worst: whether it was chosen for its low chrF; else it was drawn at random.
    """

    id: int | str
    text: str
    reference: str | None
    prediction: str
    chrf: float | None
    worst: bool


@dataclass(frozen=True, eq=False)
class TextEvaluation:
    """What came out on one split.

    Attributes:
        rows: evaluated rows.
        metrics: in the order asked for.
        signatures: the settings of those metrics that have some.
        chosen: the worst rows, and then some drawn at random in the order of the data.
        warnings: what makes the numbers less than they seem, one line each.
    """

    rows: int
    metrics: dict[str, MetricValue]
    signatures: dict[str, str] = field(default_factory=dict)
    chosen: tuple[Sample, ...] = ()
    warnings: tuple[str, ...] = ()

    def samples(self) -> list[dict[str, Any]]:
        """Return the rows to look at."""
        return [asdict(sample) for sample in self.chosen]

    def to_json(self) -> dict[str, Any]:
        """Return the split's entry in metrics.json.

        ``{"rows", "metrics": {name: {"value", "ci95"}}}``, with ``"signature"`` beside them for metrics with settings.
        """
        metrics = metrics_to_json(self.metrics)
        for name, settings in self.signatures.items():
            metrics[name]["signature"] = settings
        return {"rows": self.rows, "metrics": metrics}


def evaluate_texts(
    names: Sequence[str],
    *,
    predictions: TextPredictions | None = None,
    likelihoods: Likelihoods | None = None,
    cut: ArrayLike | None = None,
    seed: int = 0,
) -> TextEvaluation:
    """Evaluate what a model wrote, or how probable it finds what others wrote, or both.

    Args:
        names: keys of `toolkit.evaluation.metrics.texts.TEXT_METRICS`.
        predictions: with references where a metric compares with them. ``[rows]``
        likelihoods: where a metric needs them. ``[rows]``
        cut: True where a prediction ended at the longest length allowed and not by itself. ``[rows]``
        seed: of the intervals' resamples.

    Raises:
        RecipeError: the name of a metric is unknown.
        ValueError: there are no rows, their numbers differ, or what a metric needs is missing.
    """
    written = None if predictions is None else predictions.predictions
    references = None if predictions is None else predictions.references
    metrics = measure_texts(
        names,
        predictions=written,
        references=references,
        likelihoods=likelihoods,
        sources=None if predictions is None else predictions.texts,
        seed=seed,
    )
    signatures = {name: signature(name, references or []) for name in names}
    return TextEvaluation(
        rows=len(TextRows(written, references, likelihoods)),
        metrics=metrics,
        signatures={name: settings for name, settings in signatures.items() if settings is not None},
        chosen=() if predictions is None else choose_samples(predictions),
        warnings=() if predictions is None else _warnings(names, predictions, cut),
    )


def choose_samples(predictions: TextPredictions, *, n_worst: int = 5, n_random: int = 5) -> tuple[Sample, ...]:
    """Return the rows with the lowest chrF, and others drawn at random.

    Without references all are drawn at random.
    """
    n_rows, references = len(predictions), predictions.references
    scores: list[float] | None = None
    worst: list[int] = []
    if references is not None and n_rows:
        chrf = TEXT_METRICS["chrf"]
        of_rows = chrf.value(chrf.statistics(TextRows(predictions.predictions, references)))
        worst = np.argsort(of_rows, kind="stable")[:n_worst].tolist()
        scores = of_rows.tolist()
    drawn = np.random.default_rng(_RANDOM_SEED).permutation(n_rows).tolist()
    others = sorted([row for row in drawn if row not in worst][:n_random])
    return tuple(
        Sample(
            id=predictions.ids[row],
            text=predictions.texts[row],
            reference=None if references is None else references[row],
            prediction=predictions.predictions[row],
            chrf=None if scores is None else scores[row],
            worst=position < len(worst),
        )
        for position, row in enumerate([*worst, *others])
    )


def _warnings(names: Sequence[str], predictions: TextPredictions, cut: ArrayLike | None) -> tuple[str, ...]:
    n_rows, references = len(predictions), predictions.references
    n_cut = 0 if cut is None else np.count_nonzero(cut)
    counts = {
        "predictions are empty": sum(not text.strip() for text in predictions.predictions),
        "references are empty: no prediction can match them": sum(not text.strip() for text in references or ()),
        "predictions ended at the longest length allowed, perhaps in the middle": n_cut,
    }
    warnings = [f"{count} of {n_rows} {what}" for what, count in counts.items() if count]
    tokenizer = DEFAULT if references is None else bleu_tokenizer(references)
    by_characters = (("BLEU", Bleu, tokenizer == CHARACTERS), ("ROUGE", Rouge, tokenizer != DEFAULT))
    for name, kind, counts_characters in by_characters:
        if counts_characters and any(isinstance(TEXT_METRICS[metric], kind) for metric in names):
            warnings.append(f"{name} counts characters, not words, and cannot be compared with {name} of words")
    return tuple(warnings)
