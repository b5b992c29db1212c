"""A run that is interrupted and goes on ends with the same weights, bit for bit."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cuda_checks.checked import Setting, use_tests

STEPS, INTERRUPTED_AFTER = 4, 2


def resumed(setting: Setting) -> dict[str, Any]:
    """Compare an interrupted run with one that was left alone, with dropout, by LoRA and in full.

    Kernels that sum in any order would make two runs differ anyway, so the library's ``full_determinism`` is on.
    Whether it is needed is a figure, and no fault.
    """
    precisions: dict[str, dict[str, Any]] = {"bf16": {"bf16": True}}
    if setting.device == "cuda" and not setting.tiny:
        precisions["fp16"] = {"bf16": False, "fp16": True}
    figures: dict[str, Any] = {}
    wrong = []
    for settled in (False, True) if setting.device == "cuda" else (True,):
        for model, method in (("llama", "lora"), ("bart", "full"), ("own-decoder", "full")):
            for precision, values in precisions.items():
                name = f"{model}, {method}, {precision}"
                folder = setting.folder / f"{model}-{precision}-{settled}"
                different = _different(folder, model, method, {**values, "full_determinism": settled})
                figures[f"{name}, {'settled' if settled else 'usual'} kernels"] = "differs" if different else "equal"
                wrong += [f"{name}: {', '.join(different[:3])}"] if settled and different else []
    if wrong:
        raise AssertionError(f"other weights after an interruption: {wrong}")
    return figures


def _different(folder: Path, model: str, method: str, precision: dict[str, Any]) -> list[str]:
    """Return the names of the tensors that an interruption changes."""
    use_tests()
    from safetensors.torch import load_file
    from tiny_models import pretrained
    from writing_models import recipe_for, write_pairs, write_texts_file

    from toolkit.interrupt import Interrupted
    from toolkit.workflow.fine_tune import fine_tune

    folder.mkdir()
    base = pretrained(model, folder / "base")
    dropout = {"peft": {"lora_dropout": 0.2, "target_modules": "all-linear"}} if method == "lora" else {}
    training = {"max_steps": STEPS, "save_strategy": "steps", "save_steps": 1, **precision}
    if model.startswith("own"):  # which writes on
        what: tuple[Any, ...] = ("text-generation", base, write_texts_file(folder), {"text": "text"})
    else:
        what = ("translation", base, write_pairs(folder), {"source": "source", "target": "target"})
    recipe = recipe_for(*what, method=method, training=training, **dropout)
    found = []
    for name in ("whole", "interrupted"):
        settings = {"name": name, "output_dir": folder / name, "ledger": folder / "trials.jsonl"}
        if name == "interrupted":
            try:
                with _interrupting():
                    fine_tune(recipe, **settings)
            except Interrupted:
                pass
            else:
                raise AssertionError("the run was not interrupted")
        fine_tune(recipe, **settings)
        weights = sorted((folder / name / "model").glob("*.safetensors"))
        found.append({key: tensor for file in weights for key, tensor in load_file(file).items()})
    whole, again = found
    if '"resume"' not in (folder / "interrupted" / "log.jsonl").read_text(encoding="utf-8"):
        raise AssertionError("the run began again instead of going on")
    return [name for name in whole if not whole[name].equal(again[name])]


@contextmanager
def _interrupting() -> Iterator[None]:
    """Send Ctrl-C to this process in a step, as a user would."""
    from transformers import TrainerCallback
    from transformers.trainer import DEFAULT_CALLBACKS

    class Interrupt(TrainerCallback):
        def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            if state.global_step == INTERRUPTED_AFTER - 1:
                signal.raise_signal(signal.SIGINT)

    DEFAULT_CALLBACKS.append(Interrupt)
    try:
        yield
    finally:
        DEFAULT_CALLBACKS.remove(Interrupt)
