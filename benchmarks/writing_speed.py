"""Training of a decoder on chats of unlike length: the toolkit beside `Trainer` and TRL's `SFTTrainer`.

    python benchmarks/writing_speed.py [--rounds 3] [--steps 8] [--model packaged:smollm2] [--method lora]
    python benchmarks/writing_speed.py --small      5 minutes with one thread
    python benchmarks/writing_speed.py --tiny       a random model of two layers, seconds

Needs the extra ``bench`` (TRL). All learn from the same chats in the same batches of 8, by LoRA of the same rank on the
same layers, with AdamW. Each training is a process of its own; in every round each contestant has its turn. Counted are
tokens with text, not padding. The loss on held-out chats comes from plain PyTorch (`writing.held_out`), the same for
all. The table is markdown, for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from writing.job import Job

HELD_OUT = 24  # chats
CONTESTANTS = ("toolkit", "Trainer", "SFTTrainer")


def main() -> int:
    """Measure all contestants and print the table; or carry out the part of one process."""
    arguments = _arguments()
    if arguments.prepare:
        return _prepare(arguments)
    if arguments.contestant:
        return _measure(arguments)
    with tempfile.TemporaryDirectory() as folder:
        work = arguments.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        facts = _ask(arguments, "--prepare", "--work", str(work))
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in arguments.only}
        for number in range(arguments.rounds):
            for name in arguments.only:
                measured = _ask(arguments, "--contestant", name, "--work", str(work), *(["--loss"] * (not number)))
                found[name].append(measured)
                rate, step = measured["tokens_per_second"], statistics.median(measured["step_seconds"])
                print(f"round {number + 1}, {name}: {rate:,.0f} tokens/s, {step:.2f} s a step", file=sys.stderr)
    print("\n".join(table(facts, found)))
    if arguments.json:
        arguments.json.write_text(json.dumps({"chats": facts, "measured": found}, indent=1), encoding="utf-8")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="packaged:smollm2")
    parser.add_argument("--method", choices=("lora", "full"), default="lora")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=8, help="timed; one more goes before them")
    parser.add_argument("--float32", action="store_true", help="instead of autocast in bfloat16")
    parser.add_argument("--only", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--json", type=Path, help="keep all figures")
    parser.add_argument("--work", type=Path, help="keep chats and jobs")
    for hidden in ("--prepare", "--loss"):
        parser.add_argument(hidden, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--contestant", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.small or arguments.tiny:
        arguments.rounds, arguments.steps = (1, 1) if arguments.tiny else (1, 3)
    return arguments


def _ask(arguments: argparse.Namespace, *part: str) -> Any:
    """Carry out a part in a process of its own, and return the JSON that it prints last."""
    settings = ["--model", arguments.model, "--method", arguments.method, "--steps", str(arguments.steps)]
    settings += [f"--{name}" for name in ("float32", "small", "tiny") if getattr(arguments, name)]
    answer = subprocess.run(
        [sys.executable, __file__, *settings, *part],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"},
    )
    if answer.returncode:
        raise SystemExit(f"{' '.join(part)} failed:\n{answer.stderr}")
    return json.loads(answer.stdout.splitlines()[-1])


def _prepare(arguments: argparse.Namespace) -> int:
    """Write the chats, their tokens and the job; print what the chats are like."""
    from writing.chats import write_chats
    from writing.prepare import model_folder, untrained_loss, write_rows

    work: Path = arguments.work
    job = Job(
        model=str(model_folder(arguments.model, work, tiny=arguments.tiny)),
        train=str(work / "train.jsonl"),
        test=str(work / "test.jsonl"),
        encoded=str(work / "rows.json"),
        steps=arguments.steps + 1,
        batch=8,
        warmup=1,
        method=arguments.method,
        bf16=not arguments.float32,
        learning_rate=2e-4 if arguments.method == "lora" else 2e-5,
    )
    write_chats(Path(job.train), job.steps * job.batch, seed=0)
    write_chats(Path(job.test), HELD_OUT // 3 if arguments.small or arguments.tiny else HELD_OUT, seed=1)
    write_rows(job)
    job.write(work / "job.json")
    steps = job.lengths_of_steps()
    lengths = sorted(length for step in steps for length in step)
    padded = sum(len(step) * max(step) for step in steps)
    facts = {
        "chats": len(lengths),
        "tokens": sum(lengths),
        "shortest": lengths[0],
        "median": statistics.median(lengths),
        "longest": lengths[-1],
        "learnt": sum(label != -100 for row in job.rows("train") for label in row["labels"]) / sum(lengths),
        "padding": 1 - sum(lengths) / padded,
        "untrained": untrained_loss(job),
    }
    print(json.dumps(facts))
    return 0


def _measure(arguments: argparse.Namespace) -> int:
    """Train as one contestant and print what it took."""
    from writing.contestants import measure

    job = Job.read(arguments.work / "job.json")
    print("\n" + json.dumps(asdict(measure(arguments.contestant, job, with_held_out=arguments.loss))))
    return 0


def table(facts: dict[str, Any], found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return what the chats are like, and a line a contestant."""
    lines = [
        f"{facts['chats']} chats with {facts['tokens']:,} tokens, {facts['shortest']} to {facts['longest']} each, half "
        f"of them below {facts['median']:.0f}; {facts['learnt']:.0%} of the tokens are learnt; padded to the longest, "
        f"{facts['padding']:.0%} of a batch is padding. Held-out loss before: {facts['untrained']:.4f} nats a token.",
        "",
        "| | tokens/s | s a step, median | peak memory, GiB | held-out loss | toolkit's tokens/s are |",
        "|---|---|---|---|---|---|",
    ]
    for name, measured in found.items():
        rate = statistics.median(each["tokens_per_second"] for each in measured)
        step = statistics.median(seconds for each in measured for seconds in each["step_seconds"])
        peak = max(each["peak_bytes"] for each in measured) / 2**30
        ratio = _ratio(found.get("toolkit", []), measured) if name != "toolkit" else ""
        lines.append(f"| {name} | {rate:,.0f} | {step:.2f} | {peak:.2f} | {measured[0]['held_out']:.4f} | {ratio} |")
    return lines


def _ratio(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> str:
    """Return the median over the rounds of the ratio of tokens a second, with the least and the greatest."""
    pairs = zip(ours, theirs, strict=False)
    ratios = sorted(mine["tokens_per_second"] / other["tokens_per_second"] for mine, other in pairs)
    return f"{statistics.median(ratios):.2f} × ({ratios[0]:.2f} to {ratios[-1]:.2f})" if ratios else ""


if __name__ == "__main__":
    sys.exit(main())
