"""Make a work from beginning to end on real rows, failures among it, and pictures of all that tells of it.

    python benchmarks/story.py --data FOLDER [--work story] [--pictures docs/story]

FOLDER has ``train.csv`` and ``test.csv`` with the columns ``text`` and ``category``, as Banking77 is published
(https://huggingface.co/datasets/PolyAI/banking77, CC BY 4.0). Some of its labels are taken. It chooses, fine-tunes,
lets a training diverge, another run out of memory and a third be interrupted, notes what was learnt, compares, and
writes the page and both kinds of slides in both languages. Then Chromium and LibreOffice open them. What is there is
not made again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from story_tools import refuse_missing

N_LABELS, N_TRAIN, N_TEST = 12, 50, 40
LITTLE_MEMORY = 2_500 * 2**20
LANGUAGES = ("en", "ko")
RECIPE = """task: text-classification
model: {name: packaged:minilm}
data:
  train: train.csv
  test: test.csv
  columns: {text: text, label: category}
  validation_size: 100
method: full
training: {learning_rate: 5.0e-5, num_train_epochs: 3, per_device_train_batch_size: 16}
evaluation: {metrics: [accuracy, f1]}
seed: 0
"""

RUNS: Mapping[str, tuple[str, Sequence[str]]] = {
    "full": ("done", ["--note", "all weights, the usual rate"]),
    "lora": (
        "done",
        ["method=lora", "training.learning_rate=1e-3", "--note", "an adapter may be enough for so few rows"],
    ),
    "high-rate": ("diverged", ["training.learning_rate=1e4", "--note", "a higher rate may learn in fewer steps"]),
    "large-batch": (
        "out-of-memory",
        ["training.per_device_train_batch_size=600", "--note", "one large batch may be as good"],
    ),
    "long": ("interrupted", ["training.num_train_epochs=200", "--note", "longer may be better"]),
}
"""How each run has to end, and its changes of the recipe."""

LESSONS = {
    "diverged": "A rate of 1e4 leaves the range of numbers at once; 5e-5 is right for this model.",
    "out-of-memory": "600 texts at once do not fit this machine; 16 do.",
    "interrupted": "200 epochs take too long; the validation rows chose a step of the third one.",
}


def main() -> None:
    """Carry all of it out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("story"))
    parser.add_argument("--pictures", type=Path, default=Path("docs/story"))
    given = parser.parse_args()
    refuse_missing()
    begun = time.monotonic()
    given.work.mkdir(exist_ok=True)
    write_rows(given.data, given.work)
    choose(given.work)
    for name, (end, arguments) in RUNS.items():
        fine_tune(given.work, name, arguments, end=end)
    note(given.work)
    tell(given.work)
    print(f"The work took {time.monotonic() - begun:.0f} s.", flush=True)
    from story_pictures import take_pictures

    take_pictures(given.work, given.pictures)


def write_rows(data: Path, work: Path) -> None:
    """Take the first rows of the most frequent labels."""
    labels: list[str] = []
    for name, n_rows in (("train.csv", N_TRAIN), ("test.csv", N_TEST)):
        with (data / name).open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        labels = labels or [label for label, _ in Counter(row["category"] for row in rows).most_common(N_LABELS)]
        taken: Counter[str] = Counter()
        with (work / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["text", "category"])
            writer.writeheader()
            for row in rows:
                if row["category"] in labels and taken[row["category"]] < n_rows:
                    taken[row["category"]] += 1
                    writer.writerow(row)
    (work / "intents.yaml").write_text(RECIPE, encoding="utf-8")


def toolkit(work: Path, *arguments: str, memory: int | None = None, stop_after: Path | None = None) -> int:
    """Run a command; return its exit code.

    Args:
        work: where it runs.
        arguments: of the command.
        memory: bytes that the process may have.
        stop_after: a file; once it is there, Ctrl-C is sent.
    """
    print("toolkit", *arguments, flush=True)

    def limit() -> None:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))

    process = subprocess.Popen(
        [sys.executable, "-m", "toolkit", *arguments],
        cwd=work,
        env=os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
        preexec_fn=limit,
    )
    while stop_after is not None and process.poll() is None:
        time.sleep(1)
        if stop_after.exists() and stop_after.stat().st_size:
            process.send_signal(signal.SIGINT)
            break
    return process.wait()


def choose(work: Path) -> None:
    """Measure candidates."""
    if (work / "choice" / "choose.json").exists():
        return
    data = ["--data", "train.csv", "--text-column", "text", "--label-column", "category"]
    models = ["--models", "packaged:minilm", "--budget", "180s", "--output-dir", "choice"]
    if toolkit(work, "choose", "--task", "text-classification", *data, *models):
        sys.exit("nothing was chosen; the same command tries it again")


def trials(work: Path) -> list[dict[str, Any]]:
    """Return the lines of the ledger."""
    ledger = work / "runs" / "trials.jsonl"
    return [json.loads(line) for line in ledger.read_text(encoding="utf-8").splitlines()] if ledger.exists() else []


def ended(work: Path, name: str, *, end: str) -> bool:
    """Return whether a run has ended as it has to."""
    return any(each.get("output_dir") == f"runs/{name}" and each["status"] == end for each in trials(work))


def fine_tune(work: Path, name: str, arguments: Sequence[str], *, end: str) -> None:
    """Carry out the recipe with some changes, unless the ledger has it; one that was stopped before goes on."""
    if ended(work, name, end=end):
        return
    unfinished = work / "runs" / f"{name}.unfinished"
    code = toolkit(
        work,
        "fine-tune",
        "intents.yaml",
        *arguments,
        "--output-dir",
        f"runs/{name}",
        memory=LITTLE_MEMORY if name == "large-batch" else None,
        stop_after=unfinished / "log.jsonl" if name == "long" else None,
    )
    print(f"{name}: exit code {code}", flush=True)
    if not ended(work, name, end=end):
        sys.exit(f"{name} has not ended as {end}, which the story tells of; the same command tries it again")


def note(work: Path) -> None:
    """Note what was learnt of each failure."""
    entries = trials(work)
    told = {f"runs/{name}" for name in RUNS}
    noted = {entry["note_of"] for entry in entries if "note_of" in entry}
    for trial in entries:
        lesson = LESSONS.get(trial.get("status", ""))
        if lesson and trial["id"] not in noted and trial["output_dir"] in told:
            toolkit(work, "trials", "note", trial["id"], lesson)


def tell(work: Path) -> None:
    """Compare, and write the page and the slides."""
    toolkit(work, "compare", "runs/full", "runs/lora")
    for language in LANGUAGES:
        for ending in ("pptx", "html"):
            slides = ["--slides", f"slides-{language}.{ending}", "--output", f"page-{language}.html"]
            if toolkit(work, "report", "--language", language, *slides):
                sys.exit("the story was not told")


if __name__ == "__main__":
    main()
