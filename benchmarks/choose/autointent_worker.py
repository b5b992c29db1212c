"""AutoIntent's classic-light preset with MiniLM as its embedder; runs where the package autointent is installed.

    python benchmarks/choose/autointent_worker.py MODEL_FOLDER TRAIN.csv TEST.csv OUTPUT.json

Writes the accuracy on the test examples; an example that it takes for out of scope counts as wrong.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Fit a pipeline by its preset, refit it on all training examples, and answer the test examples."""
    from autointent import Dataset, Pipeline
    from autointent.configs import LoggingConfig, SentenceTransformerEmbeddingConfig

    model, train, test, output = sys.argv[1:]
    splits = {"train": read(Path(train)), "test": read(Path(test))}
    names = sorted({label for _, label in splits["train"]})
    rows = {
        split: [{"utterance": text, "label": names.index(label)} for text, label in pairs]
        for split, pairs in splits.items()
    }
    pipeline = Pipeline.from_preset("classic-light")
    pipeline.set_config(SentenceTransformerEmbeddingConfig(model_name=model, device="cpu"))
    with tempfile.TemporaryDirectory() as folder:
        pipeline.set_config(LoggingConfig(project_dir=folder))
        pipeline.fit(Dataset.from_dict(rows), refit_after=True)
        answers = pipeline.predict([text for text, _ in splits["test"]])
    right = [answer == row["label"] for answer, row in zip(answers, rows["test"], strict=True)]
    Path(output).write_text(json.dumps({"accuracy": sum(right) / len(right), "right": right}), encoding="utf-8")


def read(file: Path) -> list[tuple[str, str]]:
    """Read the examples of a csv file with the columns text and label."""
    with file.open(encoding="utf-8", newline="") as stream:
        return [(row["text"], row["label"]) for row in csv.DictReader(stream)]


if __name__ == "__main__":
    main()
