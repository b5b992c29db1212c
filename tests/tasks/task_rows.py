"""Rows for any task: values by the name of a column, in sentences of the tiny models' words."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tiny_models import WORDS

from toolkit.names import Problem

CLASSES = ("bad", "good")
CLASS_SET = ("bad", "good", "dull")
SPLITS = {"train": range(16), "validation": range(16, 24), "test": range(24, 32)}


def sentence(i: int) -> str:
    """Return 3 to 9 words, of which some stand for things and places."""
    drawn = random.Random(i)
    words = [word for word in WORDS.split() if word not in ",.!"]
    return " ".join(["film", *drawn.choices(words, k=2 + i % 7)])


def spans(i: int) -> list[dict[str, Any]]:
    """Return the single letters of a sentence as places, and the films as things."""
    found = re.finditer(r"\bfilm\b|\b[a-h]\b|영화", sentence(i))
    return [
        {"start": each.start(), "end": each.end(), "label": "thing" if len(each[0]) > 1 else "place"} for each in found
    ]


def tags(i: int) -> list[str]:
    """Return the same as IOB2 tags of the words."""
    labels = {span["start"]: f"B-{span['label']}" for span in spans(i)}
    return [labels.get(word.start(), "O") for word in re.finditer(r"\S+", sentence(i))]


VALUES: Mapping[str, Callable[[int], Any]] = {
    "text": sentence,
    "text_pair": lambda i: sentence(1000 + i),
    "label": lambda i: CLASSES[i % 2],
    "labels": lambda i: [name for bit, name in enumerate(CLASS_SET) if (i + 1) >> bit & 1],
    "source": sentence,
    "context": sentence,
    "question": lambda i: sentence(2000 + i)[:12],
    "messages": lambda i: [
        {"role": "user", "content": sentence(i)},
        {"role": "assistant", "content": " ".join(reversed(sentence(i).split()))},
    ],
    "target": lambda i: " ".join(reversed(sentence(i).split())),
    "tokens": lambda i: sentence(i).split(),
    "tags": tags,
    "spans": spans,
}
"""The value of each column in row i; a column that is not listed here needs a line."""

SCORES: Mapping[str, Callable[[int], Any]] = {**VALUES, "label": lambda i: i % 5 / 2}
"""The same where the label is a number."""


def write_splits(columns: Sequence[str], problem: Problem | None, folder: Path) -> dict[str, str]:
    """Write a file for each split; return their paths by the keys of a recipe's section ``data``."""
    values = SCORES if problem is Problem.REGRESSION else VALUES
    paths = {}
    for split, numbers in SPLITS.items():
        path = folder / f"{split}.jsonl"
        rows = [{name: values[name](i) for name in columns} for i in numbers]
        path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", encoding="utf-8")
        paths[split] = str(path)
    return paths
