"""Two steps of each task, family and method, from a recipe to a finished run, as `toolkit fine-tune` does it."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from cuda_checks.checked import Setting, SkippedError, use_tests

PROCESSES = 4


def in_bf16(setting: Setting) -> dict[str, Any]:
    """Carry out every combination, what is trained in bfloat16."""
    return _carry_out(setting, {"bf16": True})


def in_fp16(setting: Setting) -> dict[str, Any]:
    """Carry out every combination that trains, in float16 with scaled gradients."""
    if setting.device == "cpu":
        raise SkippedError("the library trains in float16 on a GPU only")
    return _carry_out(setting, {"bf16": False, "fp16": True})


def _carry_out(setting: Setting, precision: dict[str, Any]) -> dict[str, Any]:
    """Carry combinations out in `PROCESSES`, those of all tasks first, until the time is over."""
    use_tests()
    from combinations import TRAINED, combinations

    chosen = [each for each in combinations() if each.method in TRAINED or "fp16" not in precision]
    first = list({(each.task, each.family): each for each in reversed(chosen)}.values())
    chosen = first if setting.tiny else first + [each for each in chosen if each not in first]
    numbered = [(setting, precision, number, combination) for number, combination in enumerate(chosen)]
    with ProcessPoolExecutor(1 if setting.tiny else PROCESSES, mp_context=get_context("spawn")) as pool:
        found = [each for each in pool.map(_run, numbered) if each is not None]
    failed = {str(combination): error for combination, _, error in found if error}
    if failed:
        raise AssertionError(f"{len(failed)} of {len(found)} failed: {failed}")
    seconds, slowest = max((seconds, str(combination)) for combination, seconds, _ in found)
    done = Counter(str(combination.task) for combination, _, _ in found)
    figures = {"done": len(found), "left_out": len(chosen) - len(found), **done}
    return {**figures, "slowest": slowest, "slowest_seconds": seconds}


def _run(numbered: tuple[Setting, dict[str, Any], int, Any]) -> tuple[Any, float, str] | None:
    """Carry out a combination; return it with its seconds and its error, or None if no time is left."""
    setting, precision, number, combination = numbered
    if setting.is_over:
        return None
    use_tests()
    from combinations import TRAINED
    from task_rows import write_splits
    from tiny_models import pretrained

    from toolkit.names import Method
    from toolkit.recipe import build_recipe
    from toolkit.workflow.fine_tune import fine_tune

    home = setting.folder / f"{number}"
    home.mkdir()
    tree = combination.tree(write_splits(combination.kind.columns, combination.kind.problem, home))
    if combination.method is not Method.SCRATCH:
        tree["model"]["name"] = str(pretrained(combination.architecture, home / "base"))
    if combination.method in TRAINED:
        tree["training"] |= precision
    started, error = time.monotonic(), ""
    try:
        fine_tune(build_recipe(tree), name=str(number), output_dir=home / "run", ledger=home / "trials.jsonl")
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
    return combination, round(time.monotonic() - started, 2), error
