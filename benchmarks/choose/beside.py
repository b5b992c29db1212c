"""Compare `toolkit choose` with AutoIntent on the same rows and model: accuracy, seconds, peak memory.

    python benchmarks/choose/beside.py --data FOLDER --autointent PYTHON [--only NAME,NAME] [--rounds 2]

FOLDER holds NAME_train.csv and NAME_test.csv with the columns text and label. Both are whole commands, one core each,
from an empty cache, the test examples measured; ours leaves the recommended model on disk. They take turns, so that
other work on the machine meets both alike. AutoIntent's packages clash with the toolkit's, so that it needs a Python of
its own (``pip install "autointent[sentence-transformers]==0.4.0"``).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from toolkit.adapters import locate_model
from toolkit.evaluation.metrics.paired import paired_difference

_LOOKS = 0.25  # seconds between two looks at the memory


def main() -> None:
    """Measure both on every data set, in turns, and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--autointent", required=True, help="a Python with autointent")
    parser.add_argument("--only", help="names of data sets, with commas between them")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--output", type=Path, default=Path("runs/beside.jsonl"))
    given = parser.parse_args()
    names = [path.name.removesuffix("_train.csv") for path in sorted(given.data.glob("*_train.csv"))]
    for name in names if given.only is None else given.only.split(","):
        for _ in range(given.rounds):
            line = compared(given.data.resolve(), name, python=given.autointent)
            given.output.parent.mkdir(parents=True, exist_ok=True)
            with given.output.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)


def compared(folder: Path, name: str, *, python: str) -> dict[str, Any]:
    """Measure both once on a data set."""
    train, test = (str(folder / f"{name}_{part}.csv") for part in ("train", "test"))
    with tempfile.TemporaryDirectory() as scratch:
        theirs, theirs_right = autointent(train, test, Path(scratch) / "theirs", python=python)
        ours, ours_right = toolkit(train, test, Path(scratch) / "ours")
    difference = None if ours_right is None else paired_difference(ours_right, theirs_right)
    return {
        "data": name,
        "toolkit": ours,
        "autointent": theirs,
        "difference": None if difference is None else [difference.value, difference.low, difference.high],
        "seconds_ratio": round(ours["seconds"] / theirs["seconds"], 3),
        "cpu_ratio": round(ours["cpu_seconds"] / theirs["cpu_seconds"], 3),
        "memory_ratio": round(ours["peak_bytes"] / theirs["peak_bytes"], 3),
    }


def toolkit(train: str, test: str, folder: Path) -> tuple[dict[str, Any], np.ndarray[Any, Any] | None]:
    """Choose, and read the answers of the model that is there when the choice ends."""
    arguments = ["--task", "text-classification", "--data", train, "--test", test, "--models", "packaged:minilm"]
    command = [sys.executable, "-m", "toolkit", "choose", *arguments, "--output-dir", str(folder / "choice")]
    figures = measured(command, folder)
    result = json.loads((folder / "choice" / "choose.json").read_text(encoding="utf-8"))
    figures |= {"recommended": result["recommended"]["method"], "accuracy": result["recommended"]["test"]["value"]}
    run = Path(result["recommended"]["run"] or "")
    if not run.name.startswith("recommended"):  # a training, whose own test examples are those that decided
        return figures, None
    columns = pq.read_table(run / "predictions.parquet").to_pydict()
    return figures, np.array(columns["prediction"]) == np.array(columns["reference"])


def autointent(train: str, test: str, folder: Path, *, python: str) -> tuple[dict[str, Any], np.ndarray[Any, Any]]:
    """Let AutoIntent choose with the same model."""
    folder.mkdir(parents=True)
    # A folder with pooling beside the weights, as sentence-transformers wants it.
    model = str(locate_model("packaged:minilm").folder)
    worker = str(Path(__file__).with_name("autointent_worker.py"))
    figures = measured([python, worker, model, train, test, str(folder / "result.json")], folder)
    result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    return {**figures, "accuracy": result["accuracy"]}, np.array(result["right"], dtype=bool)


def measured(command: list[str], folder: Path) -> dict[str, Any]:
    """Run a command on one core from an empty cache; return its seconds, and the peak memory of all its processes."""
    cache = folder / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    variables = {"XDG_CACHE_HOME": str(cache), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    core = {min(os.sched_getaffinity(0))}
    started = time.monotonic()
    with (folder / "output.txt").open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **variables},
            stdout=output,
            stderr=output,
            preexec_fn=lambda: os.sched_setaffinity(0, core),
        )
        peak, spent = 0, {}
        while process.poll() is None:
            memory, seconds = now(process.pid)
            peak, spent = max(peak, memory), {**spent, **seconds}
            time.sleep(_LOOKS)
    wall = time.monotonic() - started
    if process.returncode:
        sys.exit((folder / "output.txt").read_text(encoding="utf-8"))
    shutil.rmtree(cache, ignore_errors=True)
    return {"seconds": round(wall, 1), "cpu_seconds": round(sum(spent.values()), 1), "peak_bytes": peak}


def now(root: int) -> tuple[int, dict[int, float]]:
    """Return the memory of a process with its descendants (each shared page once), and the seconds of each so far."""
    parents = {int(path.name): fields for path in Path("/proc").glob("[0-9]*") if (fields := _stat(path))}
    family, memory = {root}, 0
    for _ in range(4):  # generations
        family |= {pid for pid, fields in parents.items() if int(fields[1]) in family}
    ticks = os.sysconf("SC_CLK_TCK")
    for pid in family:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
        except OSError:  # it has just ended
            continue
        memory += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    seconds = {pid: (int(f[11]) + int(f[12])) / ticks for pid in family if (f := parents.get(pid))}
    return memory, seconds


def _stat(path: Path) -> list[str]:
    """Return the fields of a process's state behind its name; none where it has ended."""
    try:
        return (path / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


if __name__ == "__main__":
    main()
