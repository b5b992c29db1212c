"""Two steps of each task, family and method, from a recipe to a finished run, as `toolkit fine-tune` does it."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

from cuda_checks.checked import Setting, SkippedError, use_tests


def in_bf16(setting: Setting) -> dict[str, Any]:
    """Carry out every combination, what is trained in bfloat16."""
    return _carry_out(setting, {"bf16": True})


def in_fp16(setting: Setting) -> dict[str, Any]:
    """Carry out every combination that trains, in float16 with scaled gradients."""
    if setting.device == "cpu":
        raise SkippedError("the library trains in float16 on a GPU only")
    return _carry_out(setting, {"bf16": False, "fp16": True})


def _carry_out(setting: Setting, precision: dict[str, Any]) -> dict[str, Any]:
    use_tests()
    from combinations import TRAINED, Combination, combinations
    from task_rows import write_splits
    from tiny_models import pretrained

    from toolkit.names import Method
    from toolkit.recipe import build_recipe
    from toolkit.workflow.fine_tune import fine_tune

    def run(combination: Combination, number: int) -> None:
        home = setting.folder / f"{number}"
        home.mkdir()
        tree = combination.tree(write_splits(combination.kind.columns, combination.kind.problem, home))
        if combination.method is not Method.SCRATCH:
            tree["model"]["name"] = str(pretrained(combination.architecture, home / "base"))
        if combination.method in TRAINED:
            tree["training"] |= precision
        fine_tune(build_recipe(tree), name=str(number), output_dir=home / "run", ledger=home / "trials.jsonl")

    chosen = [each for each in combinations() if each.method in TRAINED or "fp16" not in precision]
    if setting.tiny:  # one of each task and family
        chosen = list({(each.task, each.family): each for each in reversed(chosen)}.values())
    failed: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for number, combination in enumerate(chosen):
        if setting.is_over:
            break
        started = time.monotonic()
        try:
            run(combination, number)
        except Exception as error:
            failed[str(combination)] = f"{type(error).__name__}: {error}"
        seconds[str(combination)] = round(time.monotonic() - started, 2)
    if failed:
        raise AssertionError(f"{len(failed)} of {len(seconds)} failed: {failed}")
    done = Counter(str(each.task) for each in chosen[: len(seconds)])
    slowest = max(seconds, key=seconds.__getitem__)
    figures = {"done": len(seconds), "left_out": len(chosen) - len(seconds), **done}
    return {**figures, "slowest": slowest, "slowest_seconds": seconds[slowest]}
