r"""Train our own translator further on a shifted domain, beside the model as it is and a random start on the same rows.

Two shifts: German in lower case without umlauts and punctuation, and the other direction. The base is a run of
`translate-multi30k` (an hour on two cores). Multi30K's files are text files, a sentence a line:

    toolkit fine-tune translate-multi30k --output-dir runs/base
    python benchmarks/shifted_domain.py runs/base --data data/multi30k_en_de --output runs/shifted
"""

from __future__ import annotations

import argparse
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import toolkit

N_PAIRS = 5000
FURTHER, FROM_RANDOM = 5e-4, 1.5e-3
"""Learning rates."""


def main() -> None:
    """Train all six and print what they reach on the test rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path, help="the folder of a finished run of translate-multi30k")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    _write_shifted(arguments.data, arguments.output / "data")
    for shift, source, target in (("lower", "lower.de", "en"), ("other", "en", "de")):
        for method in ("zero-shot", "full", "scratch"):
            recipe = recipe_of(
                method, base=arguments.base / "model", data=arguments.output / "data", sides=(source, target)
            )
            toolkit.fine_tune(recipe, output_dir=arguments.output / f"{shift}-{method}")
            metrics = json.loads((arguments.output / f"{shift}-{method}" / "metrics.json").read_text(encoding="utf-8"))
            bleu = metrics["splits"]["test"]["metrics"]["bleu"]
            print(
                f"{shift} {method}: BLEU {bleu['value']:.1f} ({bleu['ci95'][0]:.1f}-{bleu['ci95'][1]:.1f})", flush=True
            )


def shifted(text: str) -> str:
    """Return a text in lower case, without accents and punctuation."""
    letters = "".join(each for each in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(each))
    return " ".join(re.sub(r"[^\w\s]", "", letters).split())


def recipe_of(method: str, *, base: Path, data: Path, sides: tuple[str, str]) -> dict[str, Any]:
    """Return the recipe of a method; all but the start and the learning rate is the same."""
    recipe: dict[str, Any] = {
        "task": "translation",
        "method": method,
        "data": {
            **{
                split: {"source": str(data / f"{split}.{sides[0]}"), "target": str(data / f"{split}.{sides[1]}")}
                for split in ("train", "validation", "test")
            },
            "max_length": 128,
        },
        "evaluation": {
            "metrics": ["bleu", "bleu_lowercase", "chrf"],
            "generation": {"num_beams": 5, "max_new_tokens": 128},
        },
        "seed": 0,
    }
    if method == "scratch":
        recipe["model"] = {"config": {"preset": "small", "norm": "pre", "dropout": 0.2}}
        recipe["tokenizer"] = {"train": "bpe", "vocab_size": 6000}
    else:
        recipe["model"] = {"name": str(base)}
    if method != "zero-shot":
        recipe["training"] = {
            "learning_rate": FROM_RANDOM if method == "scratch" else FURTHER,
            "lr_scheduler_type": "cosine",
            "warmup_steps": 0.05,
            "adam_beta2": 0.98,
            "label_smoothing_factor": 0.1,
            "num_train_epochs": 12,
            "tokens_per_batch": 2600,
        }
    return recipe


def _write_shifted(data: Path, folder: Path) -> None:
    """Write the first pairs of the training set and all of the others, German also in the shifted form."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
    for split, name in names.items():
        for language in ("de", "en"):
            lines = (data / f"{name}.{language}").read_text(encoding="utf-8").splitlines()
            kept = lines[:N_PAIRS] if split == "train" else lines
            _write(folder / f"{split}.{language}", kept)
            if language == "de":
                _write(folder / f"{split}.lower.de", [shifted(line) for line in kept])


def _write(path: Path, lines: list[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
