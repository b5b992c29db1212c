"""Where a model does better and worse: the test rows by length, by script, and by what its tokenizer does not know."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any, TypeAlias, TypeVar

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from toolkit.evaluation.inference.label_set_predictions import LabelSetPredictions
from toolkit.evaluation.inference.number_predictions import NumberPredictions
from toolkit.evaluation.inference.predict import LabelPredictions
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.evaluation.metrics.likelihoods import Likelihoods
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import Problem
from toolkit.tasks.measured import evaluate_labels
from toolkit.tasks.texts.measure import ScoredTexts
from toolkit.tasks.texts.result import evaluate_texts

FEWEST_ROWS = 20
"""A slice of fewer rows says nothing, and is left out."""

NO_LETTERS = "none"

AnyPredictions: TypeAlias = LabelPredictions | TextPredictions | ScoredTexts
_Rows = TypeVar("_Rows", bound=AnyPredictions | Likelihoods)
Slice: TypeAlias = tuple[dict[str, Any], NDArray[np.bool_]]

_SLICE_METRICS: dict[type, str] = {
    Predictions: "accuracy",
    LabelSetPredictions: "f1_micro",
    NumberPredictions: "mae",
    TextPredictions: "chrf",
}
"""What can be compared between slices: averages over labels would count those that a slice does not have, and BLEU
counts words or characters, as the language wants. Of scored texts it is the first metric of the recipe."""

_SCRIPTS = {"Cjk": "Han", "Hiragana": "Kana", "Katakana": "Kana", "Katakana-hiragana": "Kana"}
_WIDTHS = frozenset({"FULLWIDTH", "HALFWIDTH"})
_LENGTHS = 3


def measure_slices(
    predictions: AnyPredictions,
    *,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None,
    metrics: Sequence[str],
) -> dict[str, Any]:
    """How long the read texts are, what of them the model cannot read, and what came out on each kind of them.

    Args:
        predictions: with references.
        tokenizer: the model's.
        max_length: tokens beyond which a text is cut; None where longer ones are read in parts, as language models
            and models that fill masks read them.
        metrics: those of the recipe.

    Returns:
        For metrics.json: ``{"tokens": {"median", "p95", "max"}, "limit", "cut_rows", "unknown": {"rows", "share"},
        "scripts": {name: rows}, "metric", "slices": [{"by", …, "rows", "value", "ci95"}]}``. Slices are ``by``
        ``length`` (``low`` and ``high`` in tokens), ``cut`` or ``unknown`` (``has``: whether such texts), or ``script``
        (``name``); of each kind two at least, or none.
    """
    encoded = tokenizer(predictions.texts, getattr(predictions, "pairs", None), verbose=False)["input_ids"]
    lengths = np.array([len(ids) for ids in encoded])
    unknown_id = tokenizer.unk_token_id
    unknown = np.array([0 if unknown_id is None else list(ids).count(unknown_id) for ids in encoded])
    cut = lengths > (np.inf if max_length is None else max_length)
    metric = _SLICE_METRICS.get(type(predictions), metrics[0])
    scripts = np.array([script_of(text) for text in predictions.texts])
    groups = (_by_length(lengths), _yes_no("cut", cut), _by_script(scripts), _yes_no("unknown", unknown > 0))
    measured = [_measured(predictions, group, metric) for group in groups]
    return {
        "tokens": {
            "median": float(np.median(lengths)),
            "p95": float(np.percentile(lengths, 95)),
            "max": int(lengths.max()),
        },
        "limit": max_length,
        "cut_rows": int(cut.sum()),
        "unknown": {"rows": int((unknown > 0).sum()), "share": float(unknown.sum() / lengths.sum())},
        "scripts": dict(Counter(scripts.tolist()).most_common()),
        "metric": metric,
        "slices": [entry for group in measured for entry in group],
    }


def count_labels(rows: Dataset, *, problem: Problem, labels: Sequence[str]) -> dict[str, Any]:
    """What the labels of a split are, for its entry in metrics.json.

    Args:
        rows: as `toolkit.data.prepare_classification` gives them.
        problem: what the labels are.
        labels: those of the training rows.

    Returns:
        ``{"labels": {name: rows}}``, in the order of `labels`, or of numbers ``{"scores": {"min", "mean", "sd",
        "max"}}``.
    """
    if problem is Problem.REGRESSION:
        scores = np.asarray(rows["label"], dtype=np.float64)
        if not len(scores):
            return {}
        spread = {"min": scores.min(), "mean": scores.mean(), "sd": scores.std(), "max": scores.max()}
        return {"scores": {name: float(value) for name, value in spread.items()}}
    several = problem is Problem.MULTI_LABEL
    counts = Counter(name for names in rows["label_names"] for name in names) if several else Counter(rows["reference"])
    return {"labels": {name: counts[name] for name in labels}}


def script_of(text: str) -> str:
    """The script that most letters of a text are of, such as ``Latin``, ``Hangul``, ``Han``, ``Kana`` or `NO_LETTERS`.

    It is the first word of a letter's name in Unicode; of equally many, the one that comes first.
    """
    counts: Counter[str] = Counter()
    for character, n in Counter(text).items():
        if character.isalpha():
            counts[_script_of_letter(character)] += n
    return counts.most_common(1)[0][0] if counts else NO_LETTERS


@cache
def _script_of_letter(character: str) -> str:
    words = unicodedata.name(character, "OTHER").split()
    name = words[1] if words[0] in _WIDTHS and len(words) > 1 else words[0]
    return _SCRIPTS.get(name.capitalize(), name.capitalize())


def _by_length(lengths: NDArray[np.int_]) -> list[Slice]:
    """Thirds of the rows, as far as texts of one length stay together."""
    ends = np.unique(np.quantile(lengths, np.arange(1, _LENGTHS + 1) / _LENGTHS, method="lower"))
    slices = []
    after = -1
    for end in ends:
        chosen = (lengths > after) & (lengths <= end)
        if chosen.any():
            slices.append(({"by": "length", "low": int(lengths[chosen].min()), "high": int(end)}, chosen))
        after = end
    return slices


def _by_script(scripts: NDArray[np.str_]) -> list[Slice]:
    by_size = Counter(scripts.tolist()).most_common()
    return [({"by": "script", "name": name}, scripts == name) for name, _ in by_size]


def _yes_no(by: str, has: NDArray[np.bool_]) -> list[Slice]:
    return [({"by": by, "has": False}, ~has), ({"by": by, "has": True}, has)]


def _measured(predictions: AnyPredictions, group: Sequence[Slice], metric: str) -> list[dict[str, Any]]:
    large = [(words, chosen) for words, chosen in group if chosen.sum() >= FEWEST_ROWS]
    if len(large) < 2:
        return []
    return [
        {**words, "rows": int(chosen.sum()), **_value(_taken(predictions, chosen), metric).to_json()}
        for words, chosen in large
    ]


def _value(predictions: AnyPredictions, metric: str) -> MetricValue:
    if isinstance(predictions, TextPredictions):
        return evaluate_texts([metric], predictions=predictions).metrics[metric]
    if isinstance(predictions, ScoredTexts):
        return evaluate_texts([metric], likelihoods=predictions.likelihoods).metrics[metric]
    return evaluate_labels(predictions, metrics=[metric]).metrics[metric]


def _taken(predictions: _Rows, chosen: NDArray[np.bool_]) -> _Rows:
    """The predictions of some rows."""
    return replace(predictions, **dict(_taken_fields(predictions, chosen)))


def _taken_fields(predictions: AnyPredictions | Likelihoods, chosen: NDArray[np.bool_]) -> Iterator[tuple[str, Any]]:
    for field in fields(predictions):
        value = getattr(predictions, field.name)
        if field.name == "labels" or value is None:
            continue
        if isinstance(value, Likelihoods):
            yield field.name, _taken(value, chosen)
        elif isinstance(value, np.ndarray):
            yield field.name, value[chosen]
        else:
            yield field.name, [value[row] for row in np.flatnonzero(chosen)]
