"""Compare the ranking of models by `toolkit choose` with that by full fine-tuning: Kendall's tau.

    python benchmarks/choose/truth.py --work runs/study --shared ../shared/data      # first, it takes an hour
    python benchmarks/choose/study.py --work runs/study --shared ../shared/data --ranker PYTHON

TransformerRanker is measured beside it. `choose` gets a fifth of the time that fine-tuning all candidates once took, on
the same training and validation examples. Pairs of models whose accuracies on the test examples tie after full
fine-tuning (their paired interval contains zero) are left out.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from candidates import LONGEST, make_data, make_models, study_arguments

from toolkit.adapters import locate_model
from toolkit.choose.choose import choose
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.measurement import Stage
from toolkit.choose.show.lines import choice_json
from toolkit.evaluation.metrics.difference import is_tie
from toolkit.evaluation.metrics.paired import paired_difference
from toolkit.names import Task

SHARE = 0.2
Scores = dict[str, float]


def main() -> None:
    """Rank the models by each method, compare and print."""
    parser = study_arguments(__doc__)
    parser.add_argument("--ranker", help="a Python with transformer-ranker; none: it is left out")
    parser.add_argument("--data", help="one data set, for which toolkit choose is asked, and no more")
    given = parser.parse_args()
    models = make_models(given.work / "models", own=given.own)
    folders = make_data(given.work / "data", shared=given.shared)
    truth = json.loads((given.work / "truth.json").read_text(encoding="utf-8"))
    if given.data is not None:
        chosen(given.work, given.data, folders[given.data], models, truth)
        return
    orders = {"choose": {name: chosen(given.work, name, folder, models, truth) for name, folder in folders.items()}}
    if given.ranker:
        orders["TransformerRanker"] = ranked(given.work, folders, models, python=given.ranker)
    report(orders, truth, given.work)


def chosen(work: Path, data: str, folder: Path, models: Mapping[str, str], truth: list[dict[str, Any]]) -> Scores:
    """Return the scores by which `choose` ranks the models; computed once, and kept in a file."""
    path = work / "choose" / f"{data}.json"
    if not path.is_file():
        path.parent.mkdir(exist_ok=True)
        seconds = SHARE * sum(row["seconds"] for row in truth if row["data"] == data)
        path.write_text(json.dumps(_choose(folder, models, seconds, output=path.with_suffix(""))), encoding="utf-8")
    kept = json.loads(path.read_text(encoding="utf-8"))
    print(f"{data}: choose took {kept['seconds']:.0f} of {kept['budget']:.0f} s")
    scores: Scores = kept["scores"]
    return scores


def _choose(folder: Path, models: Mapping[str, str], seconds: float, *, output: Path) -> dict[str, Any]:
    section = {split: str(folder / f"{split}.csv") for split in ("train", "validation", "test")}
    choice = choose(
        Task.TEXT_CLASSIFICATION,
        {**section, "columns": {"text": "text", "label": "label"}, "max_length": LONGEST},
        models=list(models.values()),
        budget=Budget(seconds),
        output_dir=output,
        ledger=output.with_name("trials.jsonl"),
    )
    names = {place: name for name, place in models.items()}
    scores = {names[one["model"]]: -one["mean_place"] for one in choice_json(choice)["promise"]}
    values = {names[made.candidate]: made.value for made in choice.measured if made.stage is Stage.FEATURES}
    return {"budget": seconds, "seconds": choice.seconds, "scores": scores, "accuracy of features": values}


def ranked(work: Path, data: Mapping[str, Path], models: Mapping[str, str], *, python: str) -> dict[str, Scores]:
    """Return TransformerRanker's scores, computed in a process of its own."""
    path = work / "ranker.json"
    if not path.is_file() or "scores" not in json.loads(path.read_text(encoding="utf-8")):
        asked = {
            "data": {
                name: [str(folder / f"{part}.csv") for part in ("train", "validation")] for name, folder in data.items()
            },
            "models": {name: str(locate_model(place).folder) for name, place in models.items()},
        }
        path.write_text(json.dumps(asked), encoding="utf-8")
        worker = Path(__file__).with_name("ranker.py")
        subprocess.run([python, str(worker), str(path)], check=True, env={**os.environ, "HF_HUB_OFFLINE": "1"})
    scores = json.loads(path.read_text(encoding="utf-8"))["scores"]
    for name, of_data in scores.items():
        print(f"{name}: TransformerRanker took {sum(one['seconds'] for one in of_data.values()):.0f} s")
    return {
        name: {model: one["score"] for model, one in of_data.items() if one["score"] is not None}
        for name, of_data in scores.items()
    }


def report(orders: Mapping[str, Mapping[str, Scores]], truth: list[dict[str, Any]], work: Path) -> None:
    """Print every ranking, and tau with its interval over the pairs that every method has scored."""
    pairs = decided_pairs(truth)
    for way, of_data in orders.items():
        for data, scores in of_data.items():
            order = sorted(scores, key=lambda name: -scores[name])
            print(f"{way:18} {data:16} {', '.join(f'{name} {scores[name]:.3f}' for name in order)}")
    shared = [
        pair
        for pair in pairs
        if all({pair[1], pair[2]} <= set(of_data.get(pair[0], {})) for of_data in orders.values())
    ]
    result = {}
    for way, of_data in orders.items():
        signs = np.array([np.sign(of_data[data][better] - of_data[data][worse]) for data, better, worse in shared])
        low, high = interval(shared, signs)
        result[way] = {"tau": float(signs.mean()), "ci95": [low, high], "pairs": len(shared)}
        print(f"{way:18} tau {signs.mean():.3f} ({low:.3f} to {high:.3f}) over {len(shared)} pairs of {len(pairs)}")
    (work / "study.json").write_text(json.dumps(result, indent=1), encoding="utf-8")


def decided_pairs(truth: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Return ``(data, better, worse)`` for each pair of models that differs after full fine-tuning."""
    found = []
    for data in dict.fromkeys(row["data"] for row in truth):
        right = {row["model"]: _right(Path(row["run"])) for row in truth if row["data"] == data}
        for one, other in itertools.combinations(right, 2):
            difference = paired_difference(right[one], right[other])
            if not is_tie(difference):
                found.append((data, one, other) if difference.value > 0 else (data, other, one))
    return found


def _right(run: Path) -> np.ndarray[Any, Any]:
    columns = pq.read_table(run / "predictions.parquet").to_pydict()
    return np.array(columns["prediction"]) == np.array(columns["reference"])


def interval(pairs: list[tuple[str, str, str]], signs: np.ndarray[Any, Any], *, n: int = 2000) -> tuple[float, float]:
    """Return the 95 % interval of tau over other candidates: a bootstrap over the models of each data set."""
    models = sorted({(data, name) for data, *names in pairs for name in names})
    place = {model: number for number, model in enumerate(models)}
    ends = np.array([[place[data, one], place[data, other]] for data, one, other in pairs])
    random = np.random.default_rng(0)
    taus = []
    for _ in range(n):
        drawn = np.bincount(random.integers(0, len(models), len(models)), minlength=len(models))
        weights = drawn[ends[:, 0]] * drawn[ends[:, 1]]
        if weights.sum():
            taus.append(float((weights * signs).sum() / weights.sum()))
    low, high = np.percentile(taus, [2.5, 97.5])
    return float(low), float(high)


if __name__ == "__main__":
    main()
