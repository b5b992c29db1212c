"""Tiny tagged data, and recipes that learn from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.recipe import Recipe, build_recipe

SENTENCES = [
    ("the film is good", "B-A I-A O O"),
    ("the film is very bad", "B-A I-A O O O"),
    ("was the film dull", "O B-A I-A O"),
    ("그 영화 는 좋다", "O B-B O O"),
    ("그 film is bright", "O B-B O O"),
    ("not a good film !", "O O O B-A O"),
] * 3


def write_sentences(folder: Path) -> Path:
    """Write the sentences as lists of words and tags."""
    path = folder / "tagged.jsonl"
    rows = [{"tokens": words.split(), "tags": tags.split()} for words, tags in SENTENCES]
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def recipe_for(model: Mapping[str, Any], data: Path, **sections: Any) -> Recipe:
    """Return a recipe of two steps."""
    method = sections.pop("method", "full")
    training = {} if method == "features" else {"training": {"max_steps": 2, "per_device_train_batch_size": 4}}
    return build_recipe(
        {
            "task": "token-classification",
            "model": dict(model),
            "data": {"source": str(data), "test_size": 4, "validation_size": 2, **sections.pop("data", {})},
            "method": method,
            **training,
            **sections,
        }
    )
