"""TransformerRanker's scores of the study's candidates; runs where the package transformer-ranker is installed.

    python benchmarks/choose/ranker.py RANKER.json        # {"data": {name: [csv files]}, "models": {name: folder}}

Writes the scores into the same file, under ``scores``, with its own defaults: the H-score of the mean of all layers.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

import toolkit.transformer  # noqa: F401  so that the library's AutoModel knows our own Transformer

WORDS = 48


def main() -> None:
    """Score every model on every data set."""
    from datasets import Dataset
    from transformer_ranker import TransformerRanker

    path = Path(sys.argv[1])
    asked = json.loads(path.read_text(encoding="utf-8"))
    scores: dict[str, dict[str, Any]] = {}
    for data, files in asked["data"].items():
        rows = [row for file in files for row in read(Path(file))]
        names = sorted({row["label"] for row in rows})
        table = {"text": [cut(row["text"]) for row in rows], "label": [names.index(row["label"]) for row in rows]}
        ranker = TransformerRanker(
            Dataset.from_dict(table), text_column="text", label_column="label", dataset_downsample=1.0
        )
        scores[data] = {}
        for name, folder in asked["models"].items():
            started = time.monotonic()
            try:
                result = ranker.run(models=[folder], batch_size=32)
                score: float | None = float(next(iter(result.scores.values())))
            except Exception as error:  # a model that it cannot score is part of the result
                print(f"{data}, {name}: {type(error).__name__}: {error}", file=sys.stderr)
                score = None
            scores[data][name] = {"score": score, "seconds": time.monotonic() - started}
            path.write_text(json.dumps({**asked, "scores": scores}, indent=1), encoding="utf-8")


def cut(text: str) -> str:
    """Return the beginning of a text, about 64 tokens as in the study; the ranker has no setting for it."""
    return " ".join(text.split()[:WORDS])


def read(file: Path) -> list[dict[str, str]]:
    """Read the examples of a csv file."""
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


if __name__ == "__main__":
    main()
