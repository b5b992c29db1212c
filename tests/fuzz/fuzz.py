"""Files with faults, put to the commands that read them: each has to end as it should, in one line.

    python tests/fuzz/fuzz.py --cases 1000 --seed 0 --output found csv parquet     (no kind: all of them)

Case ``n`` of a kind depends on the seed and on ``n`` alone, so ``--first n --cases 1`` is that one again. Each finding
is written into the folder of ``--output``: the input, and beside it the command and how it ended.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parent)]

from fuzz_models import make
from fuzz_worker import Ended, Worker
from valid_files import KINDS, Valid


@dataclass
class Outcome:
    """What came of the cases of a kind.

    Attributes:
        codes: how often each exit code was met.
        findings: a line each.
        seconds: the time of all cases.
    """

    codes: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    seconds: float = 0.0


def fuzz(kind: str, *, cases: int, seed: int, output: Path, first: int = 0, most_seconds: float = 1e9) -> Outcome:
    """Try some cases of a kind, fewer if time is up; write the findings into a folder."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        work = Path(scratch) / "work"
        work.mkdir()
        made = make(Path(scratch), kind=kind)
        files = list(KINDS[kind](made))
        worker = Worker(work)
        worker.run(["--version"])  # which waits until the process is ready
        begin = time.monotonic()
        for number in range(first, first + cases):
            if time.monotonic() - begin > most_seconds:
                break
            chance = random.Random(f"{seed} {kind} {number}")
            valid = chance.choice(files)
            content = valid.file.read_bytes()
            put = valid.mutation(content, chance)
            command = chance.choice(valid.commands)
            valid.file.write_bytes(put)
            try:
                ended = worker.run(_with_text(command, put))
                outcome.codes[str(ended.code)] += 1
                if ended.fault is not None:
                    name = f"{kind}-{seed}-{number}"
                    again = worker.run([*_with_text(command, put), "--debug"])
                    outcome.findings.append(_keep(name, valid, put, command, ended, again, output=output))
            finally:
                valid.file.write_bytes(content)
                shutil.rmtree(work / "out", ignore_errors=True)
        outcome.seconds = time.monotonic() - begin
        worker.close()
    return outcome


def _with_text(command: list[str], put: bytes) -> list[str]:
    """Return a command with the input in the place of ``{}``; a system has no argument with a NUL."""
    text = put.decode("utf-8", "surrogateescape").replace("\0", "\1")
    return [text if argument == "{}" else argument for argument in command]


def _keep(name: str, valid: Valid, put: bytes, command: list[str], ended: Ended, again: Ended, *, output: Path) -> str:
    """Write a finding down and return it as a line."""
    output.mkdir(parents=True, exist_ok=True)
    (output / f"{name}-{valid.file.name}").write_bytes(put)
    said = ended.said[-3000:]
    line = f"{name}: {valid.file.parent.name}/{valid.file.name}: {ended.fault}: {said.strip().splitlines()[-1:]}"
    note = {
        "fault": ended.fault,
        "command": command,
        "seconds": ended.seconds,
        "n_bytes": ended.n_bytes,
        "said": said,
        "debug": again.said[-6000:],
    }
    (output / f"{name}.json").write_text(
        json.dumps(note, indent=1, ensure_ascii=False), encoding="utf-8", errors="backslashreplace"
    )
    return line


def main() -> None:
    """Try cases of the kinds that are named; print what came of each as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}")
    parser.add_argument("--cases", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--seconds", type=float, default=1e9, help="of each kind, at most")
    parser.add_argument("--output", type=Path, default=Path("found"), help="folder of the findings")
    asked = parser.parse_args()
    n_findings = 0
    for kind in asked.kinds or KINDS:
        outcome = fuzz(
            kind,
            cases=asked.cases,
            seed=asked.seed,
            output=asked.output,
            first=asked.first,
            most_seconds=asked.seconds,
        )
        for line in outcome.findings:
            print(line, file=sys.stderr)
        found = {
            "kind": kind,
            "cases": outcome.codes.total(),
            "codes": dict(outcome.codes),
            "findings": len(outcome.findings),
        }
        print(json.dumps({**found, "seconds": round(outcome.seconds)}), flush=True)
        n_findings += len(outcome.findings)
    sys.exit(n_findings > 0)


if __name__ == "__main__":
    main()
