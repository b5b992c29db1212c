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
        greater_is_better: else less is; None where neither is.
        scale: the end of its scale, which charts show; None where it has none, or none that is ever reached.
        sentence: a value in running text.
        about: what it counts, a sentence; empty for metrics that everybody knows.
        by_sacrebleu: whether its signature is sacreBLEU's.
        hub: the hub's name for it and others of its kind; empty where it is the metric's own.
    """

    name: str
    places: int = 3
    greater_is_better: bool | None = True
    scale: float | None = 1.0
    sentence: str = "{name} {value}"
    about: str = ""
    by_sacrebleu: bool = False
    hub: str = ""

    @property
    def heading(self) -> str:
        """Return the name for a column, which says where less is better, or neither is."""
        directions = {True: "", False: ", less is better", None: ", neither is better"}
        return f"{self.name}{directions[self.greater_is_better]}"

    def number(self, value: float, *, more_places: int = 0) -> str:
        """Write a value, or a difference of two; what is nothing to these places has no sign."""
        text = f"{value:.3g}" if abs(value) >= _LARGE else f"{value:,.{self.places + more_places}f}"
        return text if text.strip("-0.") else text.removeprefix("-")


_WORDS = {
    "f1": MetricWords("macro F1"),
    "precision": MetricWords("macro precision"),
    "recall": MetricWords("macro recall"),
    "f1_micro": MetricWords("micro F1"),
    "exact_match": MetricWords("exact match"),
    "squad_exact_match": MetricWords("exact match of answers (SQuAD)"),
    "squad_f1": MetricWords("F1 of answers (SQuAD)"),
    "entity_f1": MetricWords("entity F1"),
    "pearson": MetricWords("Pearson correlation"),
    "spearman": MetricWords("Spearman correlation"),
    "mse": MetricWords("mean squared error", greater_is_better=False, scale=None),
    "mae": MetricWords("mean absolute error", greater_is_better=False, scale=None),
    "matthews_correlation": MetricWords("Matthews correlation"),
    "bleu": MetricWords("BLEU", places=1, scale=None, by_sacrebleu=True),
    "bleu_lowercase": MetricWords("BLEU lowercased", places=1, scale=None, by_sacrebleu=True),
    "chrf": MetricWords("chrF", places=1, scale=None, by_sacrebleu=True),
    "rouge1": MetricWords("ROUGE-1", hub="rouge"),
    "rouge2": MetricWords("ROUGE-2", hub="rouge"),
    "rougeL": MetricWords("ROUGE-L", hub="rouge"),
    "rougeLsum": MetricWords("ROUGE-Lsum", hub="rouge"),
    "length_ratio": MetricWords(
        "length ratio",
        greater_is_better=None,
        scale=None,
        about="The length ratio is 1 where the texts are together as long as their references.",
    ),
    "copied_4grams": MetricWords(
        "copied 4-grams",
        greater_is_better=None,
        about="Copied 4-grams are the share of four words (Korean: syllables) in a row that the source has, too.",
    ),
    "repeated_4grams": MetricWords(
        "repeated 4-grams",
        greater_is_better=False,
        about="Repeated 4-grams are the share of four words (Korean: syllables) in a row that the text had before.",
    ),
    "perplexity": MetricWords("perplexity", places=2, greater_is_better=False, scale=None),
    "bits_per_character": MetricWords(
        "bits per character", greater_is_better=False, scale=None, sentence="{value} {name}"
    ),
    "masked_accuracy": MetricWords("accuracy on masked words", sentence="accuracy {value} on masked words"),
}


def metric_of(kind: str, name: str) -> str:
    """Return the metric of an entry in a card's metadata.

    Args:
        kind: the hub's name of the metric, or of several.
        name: in words.
    """
    return next((metric for metric, words in _WORDS.items() if (words.hub, words.name) == (kind, name)), kind)


def metric_words(name: str) -> MetricWords:
    """Return the words for a metric; an unknown one is written like a share of 1."""
    return _WORDS.get(name) or MetricWords(name.replace("_", " "))
