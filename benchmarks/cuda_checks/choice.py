"""`toolkit choose` measures candidates in processes that a server forks, each with the device to itself."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from typing import Any

from cuda_checks.checked import Setting, use_tests


def chosen(setting: Setting) -> dict[str, Any]:
    """Choose between two tiny models; every candidate has to be measured."""
    use_tests()
    from task_rows import sentence
    from tiny_models import pretrained

    folder = setting.folder
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *((sentence(i), ("bad", "good")[i % 2]) for i in range(200))])
    models = [str(pretrained(name, folder / name)) for name in ("bert", "llama")]
    command = [sys.executable, "-m", "toolkit", "choose", "--task", "text-classification", "--data", "rows.csv"]
    answer = subprocess.run(
        [*command, "--models", ",".join(models), "--budget", "180s", "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    if answer.returncode:
        raise AssertionError(f"toolkit choose ended with {answer.returncode}: {answer.stderr[-1500:]}")
    result = json.loads(answer.stdout)
    failed = [line for line in answer.stderr.splitlines() if "CUDA" in line or "fork" in line]
    if failed:
        raise AssertionError(f"candidates failed: {failed}")
    reasons = {f"{each['family']}, {each['method']}": each["reason"] for each in result["candidates"]}
    measured = [name for name, reason in reasons.items() if reason is None]
    if not {"encoder, features", "decoder, features"} <= set(measured):
        raise AssertionError(f"not all was measured: {reasons}")
    return {
        "candidates": len(reasons),
        "measured": measured,
        "recommended": (result["recommended"] or {}).get("method"),
    }
