"""Fine-tune an encoder on the sets of build.py, and put its F1 beside that of both baselines.

    python benchmarks/entities/measure.py FOLDER [--model packaged:minilm] [--epochs 4]

Writes the runs to ``FOLDER/runs`` and prints a table, with 95 % intervals over the test sentences.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from toolkit.recipe import load_recipe
from toolkit.workflow.fine_tune import fine_tune

RECIPE = Path(__file__).parents[2] / "recipes" / "encoder" / "entities.yaml"
COLUMNS = {"english": "{tokens: tokens, tags: tags}", "korean": "{text: text, spans: spans}"}


def main() -> None:
    """Measure each language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="packaged:minilm")
    parser.add_argument("--epochs", type=int, default=4)
    arguments = parser.parse_args()
    for language, columns in COLUMNS.items():
        overrides = [
            f"data.train={arguments.folder / language}-train.jsonl",
            f"data.test={arguments.folder / language}-test.jsonl",
            f"data.columns={columns}",
            f"model.name={arguments.model}",
            f"training.num_train_epochs={arguments.epochs}",
        ]
        runs = arguments.folder / "runs"
        run = fine_tune(load_recipe(RECIPE, overrides), name=f"entities-{language}", output_dir=runs / language)
        print(f"\n{language}, entity F1")
        metrics: dict[str, Any] = run.result.to_json()
        print(_line(arguments.model, metrics["splits"]["test"]["metrics"]))
        for name, baseline in metrics["baselines"].items():
            print(_line(name, baseline["metrics"]))


def _line(name: str, metrics: dict[str, Any]) -> str:
    found = metrics["entity_f1"]
    low, high = found["ci95"]
    return f"  {name:20} {found['value']:.3f}  ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
