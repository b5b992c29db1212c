"""The parts of benchmarks/ that other machines run: checks for CUDA, here on the CPU, and contestants of a training."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from writing_models import write_chats, writing_model

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Import a module of the benchmarks; the helpers of the tests that they use are at hand afterwards too."""
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])
    return import_module


def test_what_benchmarks_import_of_the_package_is_there() -> None:
    imported = [
        (path.name, node.module, name.name)
        for path in BENCHMARKS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("toolkit.")
        for name in node.names
    ]
    assert len(imported) > 50
    missing = [each for each in imported if not hasattr(import_module(str(each[1])), each[2])]
    assert missing == []


@pytest.mark.parametrize(
    "function",
    ["writing_models_alike.packed_as_padded", "writing_models_alike.batch_as_alone", "attention.flash_backend"],
)
def test_checks_for_cuda_pass_on_the_cpu(function: str, module: Callable[[str], Any], tmp_path: Path) -> None:
    file, name = function.split(".")
    setting = module("cuda_checks.checked").Setting("cpu", True, 60.0, tmp_path)
    figures = getattr(module(f"cuda_checks.{file}"), name)(setting)
    assert figures


def test_a_difference_or_no_number_fails_a_check(module: Callable[[str], Any]) -> None:
    require = module("cuda_checks.checked").require
    require({"a": 1e-6}, 1e-5)
    for wrong in (1e-4, float("nan")):
        with pytest.raises(AssertionError, match="differ by more"):
            require({"a": 0.0, "b": wrong}, 1e-5)


def test_checks_are_listed_with_functions_that_exist(module: Callable[[str], Any]) -> None:
    cuda = module("cuda")
    for check in (*cuda.SIDE_BY_SIDE, *cuda.ALONE):
        file, name = check.function.split(".")
        assert callable(getattr(module(f"cuda_checks.{file}"), name))
    found = [{"name": "a", "status": "fail", "seconds": 1.4, "figures": {"x": 1}, "reason": "one | two"}]
    assert cuda.table(found)[-1] == "| a | fail | 1 | one ¦ two x 1 |"


def test_the_toolkit_and_the_library_s_trainer_learn_the_same(module: Callable[[str], Any], tmp_path: Path) -> None:
    """Packed and padded, on the same rows in the same order."""
    measure = module("writing.contestants").measure
    chats = write_chats(tmp_path)
    job = module("writing.job").Job(
        model=str(writing_model("llama", tmp_path / "model")),
        train=str(chats),
        test=str(chats),
        encoded=str(tmp_path / "rows.json"),
        steps=3,
        batch=4,
        warmup=1,
        bf16=False,
        learning_rate=1e-2,
        max_length=40,
    )
    prepare = module("writing.prepare")
    prepare.write_rows(job)
    ours, theirs = (measure(name, job, with_held_out=True) for name in ("toolkit", "Trainer"))
    assert ours.held_out == pytest.approx(theirs.held_out, rel=1e-4)
    assert abs(prepare.untrained_loss(job) - ours.held_out) > 1e-3
    assert len(ours.step_seconds) == 2
    assert min(ours.tokens_per_second, theirs.tokens_per_second) > 0
    rows = json.loads(Path(job.encoded).read_text(encoding="utf-8"))["train"]
    assert job.lengths_of_steps()[0] == [len(row["input_ids"]) for row in rows[:4]]
