"""Fine-tune every candidate in full on every data set, as the truth of the study.

    python benchmarks/choose/truth.py --work runs/study --shared ../shared/data [--own FOLDER] [--data NAME]

The validation examples choose one of two learning rates. Finished runs are not repeated, so that several processes can
work on one data set each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from candidates import LONGEST, make_data, make_models, study_arguments

from toolkit.recipe import build_recipe
from toolkit.workflow.fine_tune import fine_tune

RATES, EPOCHS = (1e-4, 3e-4), 3
OTHERS = {"banking20": ((3e-4, 1e-3), 6), "kor_chatbot": (RATES, 6)}
"""Learning rates and epochs of data sets with 20 classes, or in a script that the models have hardly seen. After 3
epochs the models were worse there than a linear head on their own frozen features."""


def main() -> None:
    """Fine-tune the candidates and write truth.json."""
    parser = study_arguments(__doc__)
    parser.add_argument("--data", help="one data set; without it all of them, and truth.json")
    parser.add_argument("--models", help="some models, with commas between them")
    given = parser.parse_args()
    models = make_models(given.work / "models", own=given.own)
    folders = make_data(given.work / "data", shared=given.shared)
    wanted = folders if given.data is None else {given.data: folders[given.data]}
    results = [
        fine_tuned(given.work, data, folder, name, model)
        for data, folder in wanted.items()
        for name, model in models.items()
        if given.models is None or name in given.models.split(",")
    ]
    if given.data is None and given.models is None:
        (given.work / "truth.json").write_text(json.dumps(results, indent=1), encoding="utf-8")


def fine_tuned(work: Path, data: str, folder: Path, name: str, model: str) -> dict[str, Any]:
    """Return the better of two runs by the validation examples, with the seconds of the faster one."""
    rates, epochs = OTHERS.get(data, (RATES, EPOCHS))
    runs = [measured(work, data, folder, name, model, rate=rate, epochs=epochs) for rate in rates]
    seconds = min(run["seconds"] for run in runs)
    best = {**max(runs, key=lambda run: run["validation"]), "data": data, "model": name, "seconds": seconds}
    print(f"{data:16} {name:14} {best['accuracy']:.3f} (rate {best['rate']}, {seconds:.0f} s)", flush=True)
    return best


def measured(work: Path, data: str, folder: Path, name: str, model: str, *, rate: float, epochs: int) -> dict[str, Any]:
    """Train once, and return the accuracies on validation and test examples, the seconds and the folder."""
    tree = {
        "task": "text-classification",
        "model": {"name": model},
        "data": {split: str(folder / f"{split}.csv") for split in ("train", "validation", "test")}
        | {"columns": {"text": "text", "label": "label"}, "max_length": LONGEST},
        "method": "full",
        "training": {
            "learning_rate": rate,
            "num_train_epochs": epochs,
            "per_device_train_batch_size": 32,
            "train_sampling_strategy": "group_by_length",
        },
        "evaluation": {"metrics": ["accuracy"]},
    }
    output = work / "full" / f"{data}-{name}-{rate}"
    run = fine_tune(build_recipe(tree), name=output.name, output_dir=output, ledger=work / "trials.jsonl")
    curve = list(run.result.training.curve)
    return {
        "run": str(run.folder),
        "rate": rate,
        "accuracy": run.result.test.metrics["accuracy"].value,
        "validation": max(point["accuracy"] for point in curve),
        "seconds": run.result.cost["train_seconds"],
    }


if __name__ == "__main__":
    main()
