r"""Everything that shall hold on a CUDA device, in at most six minutes: each check passes, fails or is skipped.

    python benchmarks/cuda.py --output FOLDER                 on a machine with a CUDA device
    python benchmarks/cuda.py --device cpu --tiny             the same code, about two minutes
    python benchmarks/cuda.py --only attention packed         some checks

The first checks run side by side, each in a process of its own: two steps of every task in bfloat16 and in float16,
going on after an interruption bit for bit, flash and flex attention equal to eager, packed equal to padded, writing in
a batch equal to writing alone, the processes of `toolkit choose`. Then, one after the other, the rate of a large matrix
product and the training of random models of SmolLM2's size and of 1 billion parameters, by LoRA and in full, beside
TRL's `SFTTrainer`. What no time is left for is skipped and said. The table goes to stdout and, with all figures as
JSON, to ``cuda.md`` and ``cuda.json`` of the folder. Exit 1 if a check fails.

A device machine without a network needs the repository, and wheels of what it lacks:

    python -m pip download --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
        --platform manylinux_2_28_x86_64 --platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
        --constraint constraints.txt -d .whl $(python benchmarks/cuda.py --carry)
    python -m pip install --no-index --no-deps --target SITE .whl/*.whl && export PYTHONPATH=SITE:. &&
        python benchmarks/cuda.py --output "$OUT"
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

CARRIED = (  # beside torch, numpy, pandas, pyarrow and the like
    "transformers tokenizers huggingface_hub accelerate peft datasets trl dill multiprocess pydantic pydantic_core "
    "annotated-types typing-inspection evaluate gguf httpx2 httpcore2 truststore platformdirs hf-xet typer click rich "
    "bitsandbytes langcodes"
)


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes:
        name: in the table.
        function: in `cuda_checks`.
        seconds: that it may take on a GPU.
    """

    name: str
    function: str
    seconds: int


SIDE_BY_SIDE = (
    Check("tasks-bf16", "tasks.in_bf16", 130),
    Check("tasks-fp16", "tasks.in_fp16", 120),
    Check("resume", "resume.resumed", 100),
    Check("attention", "attention.equal", 100),
    Check("flash", "attention.flash_backend", 40),
    Check("packed", "writing_models_alike.packed_as_padded", 60),
    Check("generation", "writing_models_alike.batch_as_alone", 80),
    Check("choose", "choice.chosen", 185),
)
ALONE = (
    Check("peak", "peak.measured", 30),
    Check("smollm2-lora", "speed.smollm2_lora", 140),
    Check("llama-1b-lora", "speed.llama_lora", 140),
    Check("smollm2-full", "speed.smollm2_full", 140),
    Check("llama-1b-full", "speed.llama_full", 140),
)
SHORTEST = 15  # seconds without which no check is begun
SLOWER_ON_CPU = 5


def main() -> int:
    """Carry out the checks and write what was found; or one of them, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--tiny", action="store_true", help="few cases and tiny sizes")
    parser.add_argument("--only", nargs="+", metavar="CHECK", choices=[each.name for each in (*SIDE_BY_SIDE, *ALONE)])
    parser.add_argument("--seconds", type=float, default=350, help="for all checks together")
    parser.add_argument("--processes", type=int, default=max(1, min(6, (os.cpu_count() or 1) // 2)))
    parser.add_argument("--output", type=Path, default=Path())
    parser.add_argument("--carry", action="store_true", help="print the packages to carry")
    parser.add_argument("--check", nargs=3, metavar=("FUNCTION", "FOLDER", "SECONDS"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.carry:
        print(CARRIED)
        return 0
    if arguments.check:
        return _carry_out(arguments)
    with tempfile.TemporaryDirectory() as folder:
        found = _all_checks(arguments, Path(folder))
    lines = table(found)
    print("\n".join(lines))
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "cuda.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (arguments.output / "cuda.json").write_text(json.dumps(found, indent=1), encoding="utf-8")
    return int(any(each["status"] == "fail" for each in found))


def _all_checks(arguments: argparse.Namespace, work: Path) -> list[dict[str, Any]]:
    """Carry out the checks that are wanted, as long as there is time."""
    ends = time.monotonic() + arguments.seconds
    wanted = [
        [each for each in group if not arguments.only or each.name in arguments.only] for group in (SIDE_BY_SIDE, ALONE)
    ]

    def run(check: Check) -> dict[str, Any]:
        return _in_own_process(check, arguments, work / check.name, left=ends - time.monotonic())

    with ThreadPoolExecutor(arguments.processes) as pool:
        found = list(pool.map(run, wanted[0]))
    return found + [run(check) for check in wanted[1]]


def _in_own_process(check: Check, arguments: argparse.Namespace, folder: Path, *, left: float) -> dict[str, Any]:
    """Carry out a check in a process of its own, so that a broken device spoils no other, and return what it found."""
    seconds = min(check.seconds * (1 if arguments.device == "cuda" else SLOWER_ON_CPU), left)
    if seconds < SHORTEST:
        return _result(check, "skip", reason="no time was left")
    folder.mkdir()
    command = [sys.executable, __file__, "--device", arguments.device, *(["--tiny"] * arguments.tiny)]
    hidden = {} if arguments.device == "cuda" else {"CUDA_VISIBLE_DEVICES": ""}
    paths = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    # The library's deterministic kernels want a workspace of a fixed size, settled before the device is first used.
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "PYTHONUTF8": "1",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        **({} if check in ALONE else {"OMP_NUM_THREADS": "1"}),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        **hidden,
    }
    started = time.monotonic()
    try:
        answer = subprocess.run(
            [*command, "--check", check.function, str(folder), str(seconds * 0.8)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            env=environment,
        )
    except subprocess.TimeoutExpired as error:
        said = bytes(error.stderr or b"").decode("utf-8", "replace")[-500:]
        return _result(check, "fail", seconds, reason=f"not done in {seconds:.0f} s: {said}")
    took = time.monotonic() - started
    try:
        outcome = json.loads(answer.stdout.splitlines()[-1])
        return _result(check, outcome["status"], took, outcome["figures"], reason=outcome["reason"])
    except (IndexError, ValueError, KeyError, TypeError):
        return _result(check, "fail", took, reason=f"ended with {answer.returncode}: {answer.stderr[-1500:]}")


def _result(
    check: Check, status: str, seconds: float = 0.0, figures: dict[str, Any] | None = None, *, reason: str = ""
) -> dict[str, Any]:
    result = {
        "name": check.name,
        "status": status,
        "seconds": round(seconds, 1),
        "figures": figures or {},
        "reason": reason,
    }
    print(f"{check.name}: {status} in {seconds:.0f} s {reason[:300]}", file=sys.stderr)
    return result


def _carry_out(arguments: argparse.Namespace) -> int:
    """Carry out one check in this process; its last line on stdout is what it found."""
    import torch
    from cuda_checks.checked import Setting, SkippedError

    function, folder, seconds = arguments.check
    outcome: dict[str, Any] = {"status": "pass", "figures": {}, "reason": ""}
    try:
        if arguments.device == "cuda" and not torch.cuda.is_available():
            raise SkippedError("there is no CUDA device")
        module, name = function.split(".")
        check = getattr(import_module(f"cuda_checks.{module}"), name)
        setting = Setting(arguments.device, arguments.tiny, float(seconds), Path(folder))
        outcome["figures"] = check(setting)
    except SkippedError as error:
        outcome |= {"status": "skip", "reason": str(error)}
    except Exception as error:
        import traceback

        traceback.print_exc()
        outcome |= {"status": "fail", "reason": f"{type(error).__name__}: {error}"}
    print("\n" + json.dumps(outcome, default=str))
    return 0


def table(found: list[dict[str, Any]]) -> list[str]:
    """Return the checks as lines of markdown."""
    lines = ["| check | | s | figures |", "|---|---|---|---|"]
    for each in found:
        figures = "; ".join(f"{name} {value}" for name, value in each["figures"].items())
        said = " ".join(f"{each['reason']} {figures}".split()).replace("|", "¦")
        lines.append(f"| {each['name']} | {each['status']} | {each['seconds']:.0f} | {said} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
