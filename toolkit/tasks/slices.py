"""Where a model does better and worse: the test rows by length, by script, and by what its tokenizer does not know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from toolkit.data.scripts import script_of
from toolkit.tasks.interfaces import Answers
from toolkit.tasks.parts_of_answers import take_answers
from toolkit.tasks.room import TaskRoom

FEWEST_ROWS = 20
"""A slice of fewer rows says nothing, and is left out."""

Slice: TypeAlias = tuple[dict[str, Any], NDArray[np.bool_]]

_LENGTHS = 3


def measure_slices(
    room: TaskRoom,
    answers: Answers,
    *,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None,
    metrics: Sequence[str],
) -> dict[str, Any]:
    """Measure the test rows by length, script and unknown tokens.

    Args:
        room: of the task, which measures the parts.
        answers: with references.
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
    encoded = tokenizer(answers.texts, getattr(answers, "pairs", None), verbose=False)["input_ids"]
    lengths = np.array([len(ids) for ids in encoded])
    unknown_id = tokenizer.unk_token_id
    unknown = np.array([0 if unknown_id is None else list(ids).count(unknown_id) for ids in encoded])
    cut = lengths > (np.inf if max_length is None else max_length)
    metric = room.slice_metric(answers, metrics)
    scripts = np.array([script_of(text) for text in answers.texts])
    groups = (_by_length(lengths), _yes_no("cut", cut), _by_script(scripts), _yes_no("unknown", unknown > 0))
    measured = [_measured(room, answers, group, metric) for group in groups]
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


def _by_length(lengths: NDArray[np.int_]) -> list[Slice]:
    """Divide the rows into thirds by length; texts of one length stay together."""
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


def _measured(room: TaskRoom, answers: Answers, group: Sequence[Slice], metric: str) -> list[dict[str, Any]]:
    large = [(words, chosen) for words, chosen in group if chosen.sum() >= FEWEST_ROWS]
    if len(large) < 2:
        return []
    values = [room.measure(take_answers(answers, chosen), [metric]).metrics[metric] for _, chosen in large]
    return [
        {**words, "rows": int(chosen.sum()), **value.to_json()}
        for (words, chosen), value in zip(large, values, strict=True)
    ]
