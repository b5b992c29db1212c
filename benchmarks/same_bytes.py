"""Compare what two commits of the toolkit leave on disk, byte by byte.

A redesign must not change a result. This script carries out the same recipes with the code of two commits, each in a
fresh folder with a cache of its own, and compares the model files, predictions.parquet, golden.json and metrics.json
(without ``cost``) of every run. Python files that travel with a model are the redesigned code itself: they are counted
by themselves.

    python benchmarks/same_bytes.py --data ../shared/data BEFORE AFTER
    python benchmarks/same_bytes.py --data ../shared/data BEFORE AFTER --only movie-sentiment lora-decoder

A commit is a git revision, or ``.`` for the working tree. Runs that are there already are not repeated.
One thread for each, so that the two may run side by side. Needs about 25 minutes a commit on one core.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
MOST_COMMON = 200  # rows that a word of an intent has at least, to be a label of the set with several labels

RUNS: dict[str, list[str]] = {
    "movie-sentiment": ["movie-sentiment"],
    "intents-features": [
        "intents-features",
        "data.train={data}/banking77/train.csv",
        "data.test={data}/banking77/test.csv",
    ],
    "similarity-score": [
        "similarity-score",
        "model.name=packaged:minilm",
        "data.train={data}/kor_sts/sts-train.tsv",
        "data.validation={data}/kor_sts/sts-dev.tsv",
        "data.test={data}/kor_sts/sts-test.tsv",
        "training.max_steps=60",
    ],
    "emotions-like": [
        "emotions-multi-label",
        "model.name=packaged:minilm",
        "data.train={work}/several.train.jsonl",
        "data.test={work}/several.test.jsonl",
        "data.validation=null",
        "data.subset=null",
        "training.max_steps=60",
    ],
    "zero-shot-smollm2": ["movie-decoder-zero-shot", "model.name=packaged:smollm2", "data.test_size=200"],
    "translate-multi30k": [
        "translate-multi30k",
        *(
            f"data.{split}={{source: {{data}}/multi30k_en_de/{stem}.de, target: {{data}}/multi30k_en_de/{stem}.en}}"
            for split, stem in (("train", "train"), ("validation", "val"), ("test", "test_2016_flickr"))
        ),
        "training.max_steps=200",
    ],
    "small-language-model": ["small-language-model", "training.max_steps=200"],
    "lora-decoder": [
        "movie-decoder-lora",
        "model.name=packaged:smollm2",
        "data.test_size=200",
        "data.validation_size=200",
        "training.max_steps=12",
    ],
    "fill-mask": ["pretrain-masked-language", "training.max_steps=30", "training.eval_steps=15"],
    "chatbot-korean": ["chatbot-korean", "training.max_steps=40"],
}
COMPARED = ("predictions.parquet", "golden.json", "metrics.json")


def main() -> int:
    """Run what is missing, compare, print a table; exit 1 where a byte differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commits", nargs="+", help="one commit is only run, two are compared")
    parser.add_argument("--data", type=Path, required=True, help="folder with banking77, kor_sts and multi30k_en_de")
    parser.add_argument("--work", type=Path, default=REPOSITORY / "runs" / "same-bytes", help="keeps code and runs")
    parser.add_argument("--only", nargs="+", choices=sorted(RUNS), default=list(RUNS))
    arguments = parser.parse_args()
    work, data = arguments.work.resolve(), arguments.data.resolve()
    work.mkdir(parents=True, exist_ok=True)
    write_several_labels(data / "banking77", work)
    folders = [folder_of(commit, work) for commit in arguments.commits]
    with ThreadPoolExecutor(len(folders)) as pool:
        list(pool.map(lambda folder: carry_out(folder, arguments.only, data=data, work=work), folders))
    return compare(*folders, names=arguments.only) if len(folders) == 2 else 0


def folder_of(commit: str, work: Path) -> Path:
    """Return the folder of a commit's code and runs; the code is written there once."""
    if commit == ".":
        listed = git("ls-files", "--cached", "--others", "--exclude-standard").split("\n")
        state = hashlib.sha256(b"".join(file_bytes(REPOSITORY / name) for name in sorted(listed) if name))
        folder = work / f"tree-{state.hexdigest()[:8]}"
        files = [name for name in listed if name and (REPOSITORY / name).is_file()]
        if not (folder / "code").is_dir():
            for name in files:
                target = folder / "code" / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes((REPOSITORY / name).read_bytes())
        return folder
    folder = work / git("rev-parse", "--short=12", commit)
    if not (folder / "code").is_dir():
        (folder / "code").mkdir(parents=True)
        archive = subprocess.run(["git", "archive", commit], cwd=REPOSITORY, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", str(folder / "code")], input=archive, check=True)
    return folder


def file_bytes(path: Path) -> bytes:
    """Return a file's content, nothing for one that was deleted."""
    return path.read_bytes() if path.is_file() else b""


def git(*arguments: str) -> str:
    """Return what git prints."""
    return subprocess.run(
        ["git", *arguments], cwd=REPOSITORY, capture_output=True, check=True, text=True
    ).stdout.strip()


def write_several_labels(banking77: Path, work: Path) -> None:
    """Write a set with several labels a text: the common words of banking77's intents."""
    rows = {}
    for split in ("train", "test"):
        with (banking77 / f"{split}.csv").open(encoding="utf-8", newline="") as file:
            rows[split] = [(row["text"], row["category"].lower().split("_")) for row in csv.DictReader(file)]
    counts = Counter(word for _, words in rows["train"] for word in set(words))
    common = {word for word, count in counts.items() if count >= MOST_COMMON}
    for split, pairs in rows.items():
        lines = (
            json.dumps({"text": text, "labels": sorted(common.intersection(words))}, ensure_ascii=False)
            for text, words in pairs[::2]
        )
        (work / f"several.{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def carry_out(folder: Path, names: list[str], *, data: Path, work: Path) -> None:
    """Carry out the recipes with a commit's code."""
    # Bytes of safetensors and parquet do not depend on the machine's name; caches may, so each commit has its own.
    environment = os.environ | {
        "PYTHONPATH": str(folder / "code"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",  # peft writes the set of target modules in the order that it has in memory
        "TOKENIZERS_PARALLELISM": "false",
    }
    for name in names:
        recipe, *overrides = (word.replace("{data}", str(data)).replace("{work}", str(work)) for word in RUNS[name])
        started = time.monotonic()
        command = [sys.executable, "-m", "toolkit", "fine-tune", recipe, *overrides, "--output-dir", f"runs/{name}"]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        (folder / f"{name}.log").write_text(done.stdout + done.stderr, encoding="utf-8")
        print(f"{folder.name} {name}: exit {done.returncode}, {time.monotonic() - started:.0f} s", flush=True)


def compare(before: Path, after: Path, *, names: list[str]) -> int:
    """Print a table of the files of both; return 1 where one differs or is missing."""
    differing = 0
    print("| run | files compared | differing | Python files of the model that differ |\n|---|---|---|---|")
    for name in names:
        found = [digests(folder / "runs" / name) for folder in (before, after)]
        files = sorted({*found[0], *found[1]})
        changed = [file for file in files if found[0].get(file) != found[1].get(file)]
        code = [file for file in files if file.endswith(".py")]
        wrong = [file for file in changed if file not in code]
        missing = not found[0] or not found[1]
        differing += missing or bool(wrong)
        told = "a run is missing" if missing else ", ".join(wrong) or "none"
        print(f"| {name} | {len(files) - len(code)} | {told} | {len(set(changed) & set(code))} of {len(code)} |")
    return int(bool(differing))


def digests(run: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a run that has to be the same."""
    if not (run / "metrics.json").is_file():
        return {}
    files = sorted(file for folder in ("model", "adapter") for file in (run / folder).rglob("*") if file.is_file())
    files += [run / name for name in COMPARED if (run / name).is_file()]
    return {file.relative_to(run).as_posix(): hashlib.sha256(content(file)).hexdigest() for file in files}


def content(file: Path) -> bytes:
    """Return a file's bytes; of metrics.json those without ``cost``."""
    if file.name != "metrics.json":
        return file.read_bytes()
    metrics: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    metrics.pop("cost", None)
    return json.dumps(metrics, ensure_ascii=False, indent=1).encode()


if __name__ == "__main__":
    raise SystemExit(main())
