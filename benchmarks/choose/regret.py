"""What `toolkit choose` recommends, beside the best of all candidates and methods trained in full: the regret.

    python benchmarks/choose/regret.py [--shared ../shared/data] [--more NAME=FILE] [--only NAME,NAME]

All methods of all candidates are carried out in full, each a kept run, so that the same command goes on where it was
interrupted. Then `choose` gets a fifth of the time that they took, on the same rows, and what it recommends is compared
in pairs with the best of them on the same test rows. Which one is best is known from these rows themselves, so that the
regret is rather too large than too small.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from candidates import columns, largest, packaged

from toolkit.choose.choose import choose
from toolkit.choose.look.candidates import SCRATCH, Candidate, find_candidates
from toolkit.choose.look.first_look import divided
from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.recipes import file_stem, recipe_tree, training_methods, training_section
from toolkit.errors import RecipeError
from toolkit.files import read_json, write_json_atomically
from toolkit.names import Method, Task
from toolkit.recipe import build_recipe, load_recipe
from toolkit.tasks.judge import Answered
from toolkit.workflow.fine_tune import fine_tune

N_TRAIN, N_VALIDATION, N_TEST = 800, 200, 600
LONGEST = 64  # tokens
MODELS = ("packaged:minilm", "packaged:smollm2", SCRATCH)
AS_IT_IS = ("packaged:smollm2",)
"""Models that are read and asked but not trained: an epoch of SmolLM2 takes as long as all the rest."""

EPOCHS = 6
SHARE, LEAST_SECONDS = 0.2, 45.0
"""Of the time of carrying out everything, which `choose` gets; and the shortest budget."""

Examples = Iterable[tuple[str, ...]]


def main() -> None:
    """Measure every data set, and print and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("runs/regret"))
    parser.add_argument("--shared", type=Path, help="a folder with banking77, kor_chatbot and kor_sts")
    parser.add_argument("--more", action="append", default=[], help="NAME=FILE, a csv file with text and label")
    parser.add_argument("--only", help="names of data sets, with commas between them")
    given = parser.parse_args()
    sources = _sources(given.shared, dict(each.split("=", 1) for each in given.more))
    names = list(sources) if given.only is None else given.only.split(",")
    lines = [_regret(given.work, name, sources[name]) for name in names]
    print("| data | recommended | best of all | regret | choose, of carrying out all |\n|---|---|---|---|---|")
    for line in lines:
        print(_row(line))


def _sources(shared: Path | None, more: Mapping[str, str]) -> dict[str, Examples]:
    """Return the examples of every data set at hand: texts, and a label behind them."""
    found: dict[str, Examples] = {"rotten-tomatoes": packaged("packaged:rotten-tomatoes")}
    if shared is None:
        found["imdb"] = packaged("packaged:imdb")
    else:
        found["banking20"] = largest(columns(shared / "banking77" / "train.csv", "text", "category"), n_classes=20)
        found["kor_chatbot"] = columns(shared / "kor_chatbot" / "ChatbotData.csv", "Q", "label")
        found["kor_sts-pairs"] = _pairs(shared / "kor_sts" / "sts-train.tsv")
    return found | {name: columns(Path(file), "text", "label") for name, file in more.items()}


def _pairs(file: Path) -> Examples:
    """Return pairs of sentences, of which those with a score of at least 3 mean the same."""
    for line in file.read_text(encoding="utf-8").splitlines()[1:]:
        *_, score, first, second = line.split("\t")
        yield first, second, "same" if float(score) >= 3 else "other"


def _regret(work: Path, name: str, source: Examples) -> dict[str, Any]:
    """Carry out everything, let `choose` recommend, and compare."""
    section = _section(work / "data" / name, source)
    rows = divided(Task.TEXT_CLASSIFICATION, section, None)
    os.environ["XDG_CACHE_HOME"] = str((work / "cache").resolve())
    candidates = find_candidates(MODELS, task=Task.TEXT_CLASSIFICATION)
    carried_out = {_name(*way): _carried_out(work, name, rows, *way) for way in _ways(candidates)}
    done = {way: run for way, run in carried_out.items() if run is not None}
    judge = rows.judge_of(rows.test)
    answers = {way: run["answers"] for way, run in done.items()}
    free = judge.baselines(rows.data.train, rows.test, key=f"regret-{rows.digest}")
    answers |= {baseline.name: list(baseline.values) for baseline in free}
    seconds = sum(run["seconds"] for run in done.values())
    chosen = _chosen(work, name, section, budget=max(LEAST_SECONDS, SHARE * seconds))
    answers["recommended"] = answers[chosen["name"]] if chosen["answers"] is None else chosen["answers"]
    values = {way: judge.value(Answered(given)) for way, given in answers.items()}
    best = max((way for way in values if way != "recommended"), key=lambda way: values[way] or 0.0)
    difference = judge.difference(Answered(answers[best]), Answered(answers["recommended"]))
    line = {
        "data": name,
        "metric": judge.metric,
        "recommended": chosen["name"],
        "best": best,
        "values": values,
        "regret": None if difference is None else difference.to_json(),
        "seconds": {"choose": chosen["seconds"], "budget": chosen["budget"], "all": seconds},
    }
    write_json_atomically(work / f"{name}.json", line)
    print(json.dumps(line), flush=True)
    return line


def _section(folder: Path, source: Examples) -> dict[str, Any]:
    """Write the files of a data set, once, and return the recipe's ``data``."""
    if not folder.is_dir():
        rows = list(source)
        random.Random(0).shuffle(rows)
        folder.mkdir(parents=True)
        cuts = (0, N_TRAIN, N_TRAIN + N_VALIDATION, N_TRAIN + N_VALIDATION + N_TEST)
        header = ("text", "text_pair", "label") if len(rows[0]) == 3 else ("text", "label")
        for split, start, end in zip(("train", "validation", "test"), cuts, cuts[1:], strict=False):
            with (folder / f"{split}.csv").open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream).writerows([header, *rows[start:end]])
    with (folder / "train.csv").open(encoding="utf-8", newline="") as stream:
        names = next(csv.reader(stream))
    files = {split: str(folder / f"{split}.csv") for split in ("train", "validation", "test")}
    return {**files, "columns": {name: name for name in names}, "max_length": LONGEST}


def _ways(candidates: Iterable[Candidate]) -> list[tuple[Candidate, str]]:
    return [
        (candidate, method)
        for candidate in candidates
        for method in (
            *(each.value for each in (Method.ZERO_SHOT, Method.FEATURES) if each in candidate.methods),
            *(() if candidate.name in AS_IT_IS else training_methods(candidate)),
        )
    ]


def _name(candidate: Candidate, method: str) -> str:
    return method if candidate.name == method else f"{candidate.name}, {method}"


def _carried_out(work: Path, name: str, rows: Rows, candidate: Candidate, method: str) -> dict[str, Any] | None:
    """Carry out a method in full; return its answers to the test rows, and the seconds of the whole run.

    None where these rows cannot be given to it, as pairs to a model that compares texts with labels.
    """
    kept = work / "full" / f"{name}-{file_stem(candidate.name)}-{method}.json"
    if not kept.is_file():
        is_trained = method not in (Method.ZERO_SHOT, Method.FEATURES)
        parts = {"training": training_section(candidate, method, epochs=EPOCHS, generates=False)} if is_trained else {}
        started = time.monotonic()
        recipe = build_recipe(recipe_tree(rows, candidate, method, parts=parts))
        try:
            run = fine_tune(recipe, name=kept.stem, output_dir=kept.with_suffix(""), ledger=work / "trials.jsonl")
        except RecipeError as refused:
            print(f"{name}: {candidate.name}, {method}: {refused}", flush=True)
            return None
        write_json_atomically(kept, {"seconds": time.monotonic() - started, "answers": _answers(rows, run.folder)})
    found: dict[str, Any] = read_json(kept)
    print(f"{name}: {candidate.name}, {method}: {found['seconds']:.0f} s", flush=True)
    return found


def _answers(rows: Rows, run: Path) -> list[Any]:
    return rows.judge_of(rows.test).answers_in(pq.read_table(run / "predictions.parquet").to_pydict())


def _chosen(work: Path, name: str, section: Mapping[str, Any], *, budget: float) -> dict[str, Any]:
    """Return what `choose` recommends, and what its recipe answers; None where it is a baseline."""
    kept = work / "choose" / f"{name}.json"
    if not kept.is_file():
        # What was read above shall not make it faster; a model that is converted once is converted before.
        os.environ["XDG_CACHE_HOME"] = str((work / "cache-of-choose").resolve())
        find_candidates(MODELS, task=Task.TEXT_CLASSIFICATION)
        folder, started = kept.with_suffix(""), time.monotonic()
        choice = choose(
            Task.TEXT_CLASSIFICATION,
            section,
            models=MODELS,
            budget=Budget(budget),
            output_dir=folder,
            ledger=work / "trials.jsonl",
        )
        seconds, chosen = time.monotonic() - started, choice.decision.recommended
        recipe, answers = choice.recipes.of(chosen), None
        if recipe is not None:
            run = fine_tune(
                load_recipe(recipe), name=recipe.stem, output_dir=folder / "recipe", ledger=work / "t.jsonl"
            )
            answers = _answers(choice.rows, run.folder)
        free = choice.decision.baseline or choice.decision.constant
        if chosen is None and free is None:
            raise SystemExit(f"{name}: nothing is recommended")
        result = {"name": (chosen or free).name, "seconds": seconds, "budget": budget, "answers": answers}
        write_json_atomically(kept, result)
    found: dict[str, Any] = read_json(kept)
    return found


def _row(line: Mapping[str, Any]) -> str:
    values, regret, seconds = line["values"], line["regret"], line["seconds"]
    low, high = regret["ci95"]
    shown = f"{regret['value']:.3f} ({low:+.3f} to {high:+.3f})"
    share = f"{seconds['choose']:.0f} of {seconds['all']:.0f} s, {seconds['choose'] / seconds['all']:.0%}"
    one, other = (
        f"{line[key]}: {values[way]:.3f}" for key, way in (("recommended", "recommended"), ("best", line["best"]))
    )
    return f"| {line['data']} | {one} | {other} | {shown} | {share} |"


if __name__ == "__main__":
    main()
