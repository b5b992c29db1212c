"""Where a model does better and worse: rows by length, script, unknown tokens, label, and the values of columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedTokenizerBase

from toolkit.data.scripts import script_of
from toolkit.data.value_columns import Values
from toolkit.tasks.interfaces import Answers
from toolkit.tasks.parts_of_answers import take_answers
from toolkit.tasks.room import TaskRoom

FEWEST_ROWS = 30
"""A slice of fewer rows is too small to judge: it is named, and not measured."""

MOST_SLICES = 12
"""Slices of one kind that are looked at, those of the most rows: the more there are, the more seem odd by chance."""

_THIRDS = 3

Slice: TypeAlias = tuple[dict[str, Any], NDArray[np.int64]]
"""What is told of a slice, and its rows."""


@dataclass(frozen=True, eq=False)
class Group:
    """Slices of one kind.

    Attributes:
        by: the words that all of them have, such as ``{"by": "script"}``.
        slices: what is told of each besides, and its rows.
    """

    by: Mapping[str, Any]
    slices: Sequence[Slice]


def measure_slices(
    room: TaskRoom,
    answers: Answers,
    *,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int | None,
    metrics: Sequence[str],
    values: Values | None = None,
) -> dict[str, Any]:
    """Measure the test rows by length, script, unknown tokens, label, and the values of columns.

    Args:
        room: of the task, which measures the parts.
        answers: with references.
        tokenizer: the model's.
        max_length: tokens beyond which a text is cut; None where longer ones are read in parts, as language models
            and models that fill masks read them.
        metrics: those of the recipe.
        values: of columns that the user names; None: of no column.

    Returns:
        For metrics.json: ``{"tokens": {"median", "p95", "max"}, "limit", "cut_rows", "unknown": {"rows", "share"},
        "scripts": {name: rows}, "metric", "slices": [{"by", …, "rows", "value", "ci95"}], "whole": {"value", "ci95"},
        "too_small": [{"by", …, "rows"}], "left_out": [{"by", …, "slices", "rows"}]}``. Slices are ``by`` ``length``
        (``low`` and ``high`` in tokens), ``cut`` or ``unknown`` (``has``: whether such texts), ``script`` or ``label``
        (``name``), or ``column`` (its name as ``column``; ``name``, None for blank cells, or ``low`` and ``high`` of
        numbers); of each kind two at least, or none. Beyond `MOST_SLICES` of a kind they are left out.
    """
    encoded = tokenizer(answers.texts, getattr(answers, "pairs", None), verbose=False)["input_ids"]
    lengths = np.array([len(ids) for ids in encoded])
    unknown_id = tokenizer.unk_token_id
    unknown = np.array([0 if unknown_id is None else list(ids).count(unknown_id) for ids in encoded])
    cut = lengths > (np.inf if max_length is None else max_length)
    metric = room.slice_metric(answers, metrics)
    scripts = np.array([script_of(text) for text in answers.texts])
    groups = [
        Group({"by": "length"}, _thirds(lengths)),
        Group({"by": "cut"}, _yes_no(cut)),
        Group({"by": "script"}, _by_value(scripts.tolist())),
        Group({"by": "unknown"}, _yes_no(unknown > 0)),
        Group({"by": "label"}, [({"name": name}, rows) for name, rows in room.label_slices(answers).items()]),
        *(Group({"by": "column", "column": name}, _of_column(cells)) for name, cells in (values or {}).items()),
    ]
    found: dict[str, list[dict[str, Any]]] = {"slices": [], "too_small": [], "left_out": []}
    for group in groups:
        for key, entries in _measured(room, answers, group, metric).items():
            found[key] += entries
    return {
        "tokens": {
            "median": float(np.median(lengths)),
            "p95": float(np.percentile(lengths, 95)),
            "max": int(lengths.max()),
        },
        "limit": max_length,
        "cut_rows": int(cut.sum()),
        "unknown": {"rows": int((unknown > 0).sum()), "share": float(unknown.sum() / max(1, lengths.sum()))},
        "scripts": dict(Counter(scripts.tolist()).most_common()),
        "metric": metric,
        **found,
        "whole": room.measure(answers, [metric]).metrics[metric].to_json(),
    }


def _thirds(numbers: NDArray[Any]) -> list[Slice]:
    """Divide the rows into thirds by a number; rows of one number stay together, and those of NaN are in none."""
    known = numbers[~np.isnan(numbers)]
    ends = np.unique(np.quantile(known, np.arange(1, _THIRDS + 1) / _THIRDS, method="lower"))
    slices = []
    after = -np.inf
    for end in ends:
        rows = np.flatnonzero((numbers > after) & (numbers <= end))
        if len(rows):
            slices.append(({"low": numbers[rows].min().item(), "high": end.item()}, rows))
        after = end
    return slices


def _of_column(cells: Sequence[str | None]) -> list[Slice]:
    """Divide rows by the values of a column, which are numbers if there are many and all can be read as one."""
    distinct = set(cells)
    if len(distinct) > MOST_SLICES:
        numbers = np.array([_number(cell) for cell in cells])
        if np.isfinite([_number(cell) for cell in distinct if cell is not None]).all():
            return [*_thirds(numbers), ({"name": None}, np.flatnonzero(np.isnan(numbers)))]
    return _by_value(cells)


def _number(cell: str | None) -> float:
    try:
        return np.nan if cell is None else float(cell)
    except ValueError:
        return np.inf


def _by_value(cells: Sequence[str | None]) -> list[Slice]:
    places = {name: place for place, (name, _) in enumerate(Counter(cells).most_common())}
    codes = np.array([places[cell] for cell in cells])
    rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    return [({"name": name}, of_value) for name, of_value in zip(places, rows, strict=True)]


def _yes_no(has: NDArray[np.bool_]) -> list[Slice]:
    return [({"has": False}, np.flatnonzero(~has)), ({"has": True}, np.flatnonzero(has))]


def _measured(room: TaskRoom, answers: Answers, group: Group, metric: str) -> dict[str, list[dict[str, Any]]]:
    """Return the slices of a group that are measured, too small, or too many."""
    there = [({**group.by, **words}, rows) for words, rows in group.slices if len(rows)]
    by_rows = sorted(range(len(there)), key=lambda place: -len(there[place][1]))
    looked_at = [there[place] for place in sorted(by_rows[:MOST_SLICES])]
    others = [there[place][1] for place in by_rows[MOST_SLICES:]]
    large = [each for each in looked_at if len(each[1]) >= FEWEST_ROWS]
    n_others = sum(map(len, others))
    return {
        "slices": [
            {**words, "rows": len(rows), **_value(room, answers, rows, metric)}
            for words, rows in (large if len(large) > 1 else [])
        ],
        "too_small": [
            {**words, "rows": len(rows)}
            for words, rows in (looked_at if len(there) > 1 else [])
            if len(rows) < FEWEST_ROWS
        ],
        "left_out": [{**group.by, "slices": len(others), "rows": n_others}] if others else [],
    }


def _value(room: TaskRoom, answers: Answers, rows: NDArray[np.int64], metric: str) -> dict[str, Any]:
    chosen = np.zeros(len(answers.texts), dtype=bool)
    chosen[rows] = True
    return room.measure(take_answers(answers, chosen), [metric]).metrics[metric].to_json()
