"""Words for each metric: its name, its decimal places, and which of two values is better."""

from __future__ import annotations

from dataclasses import dataclass

_LARGE = 1e6  # beyond it, places behind the point say nothing


@dataclass(frozen=True)
class MetricWords:
    """A metric for people.

    Attributes:
        name: in words.
        places: behind the point; as many as its intervals usually leave certain.
        greater_is_better: else less is.
        scale: the end of its scale, which charts show; None where it has none, or none that is ever reached.
        sentence: a value in running text.
    """

    name: str
    places: int = 3
    greater_is_better: bool = True
    scale: float | None = 1.0
    sentence: str = "{name} {value}"

    @property
    def heading(self) -> str:
        """Return the name for a column, which says where less is better."""
        return self.name if self.greater_is_better else f"{self.name}, less is better"

    def number(self, value: float, *, more_places: int = 0) -> str:
        """Write a value, or a difference of two."""
        return f"{value:.3g}" if abs(value) >= _LARGE else f"{value:,.{self.places + more_places}f}"


_WORDS = {
    "f1": MetricWords("macro F1"),
    "precision": MetricWords("macro precision"),
    "recall": MetricWords("macro recall"),
    "f1_micro": MetricWords("micro F1"),
    "exact_match": MetricWords("exact match"),
    "entity_f1": MetricWords("entity F1"),
    "pearson": MetricWords("Pearson correlation"),
    "spearman": MetricWords("Spearman correlation"),
    "mse": MetricWords("mean squared error", greater_is_better=False, scale=None),
    "mae": MetricWords("mean absolute error", greater_is_better=False, scale=None),
    "matthews_correlation": MetricWords("Matthews correlation"),
    "bleu": MetricWords("BLEU", places=1, scale=None),
    "bleu_lowercase": MetricWords("BLEU lowercased", places=1, scale=None),
    "chrf": MetricWords("chrF", places=1, scale=None),
    "perplexity": MetricWords("perplexity", places=2, greater_is_better=False, scale=None),
    "bits_per_character": MetricWords(
        "bits per character", greater_is_better=False, scale=None, sentence="{value} {name}"
    ),
    "masked_accuracy": MetricWords("accuracy on masked words", sentence="accuracy {value} on masked words"),
}


def metric_words(name: str) -> MetricWords:
    """Return the words for a metric; an unknown one is written like a share of 1."""
    return _WORDS.get(name) or MetricWords(name.replace("_", " "))
