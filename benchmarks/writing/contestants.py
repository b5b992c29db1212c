"""The same training by the toolkit, by transformers' `Trainer` and by TRL's `SFTTrainer`.

All take the same rows in the same batches, with the same adapter and optimizer. `Trainer` and `SFTTrainer` keep the
defaults of everything else: batches padded to their longest row; `SFTTrainer` computes activations again in the
backward pass (``gradient_checkpointing``).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    DataCollatorForSeq2Seq,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)
from transformers.trainer import DEFAULT_CALLBACKS
from writing.held_out import held_out_loss
from writing.job import Job, Timing


class _Clock(TrainerCallback):
    """A callback that notes when training begins and when each step ends, by the wall clock."""

    device = "cpu"

    def __init__(self) -> None:
        marks.clear()

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self._note()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self._note()

    def _note(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()
        marks.append(time.perf_counter())


marks: list[float] = []


def measure(contestant: str, job: Job, *, with_held_out: bool) -> Timing:
    """Train, and return what it took.

    Args:
        contestant: a key of `CONTESTANTS`.
        job: what to train.
        with_held_out: whether to measure the trained model's loss.
    """
    _Clock.device = job.device
    DEFAULT_CALLBACKS.append(_Clock)
    if job.device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    try:
        with tempfile.TemporaryDirectory() as folder:
            model = CONTESTANTS[contestant](job, Path(folder))
    finally:
        DEFAULT_CALLBACKS.remove(_Clock)
    peak = peak_bytes(job.device)
    seconds = [after - before for before, after in pairwise(marks)]
    if len(seconds) != job.steps:
        raise RuntimeError(f"{contestant} took {len(seconds)} steps instead of {job.steps}")
    tokens = [sum(lengths) for lengths in job.lengths_of_steps()]
    timed = slice(job.warmup, None)
    return Timing(
        step_seconds=seconds[timed],
        tokens_per_second=sum(tokens[timed]) / sum(seconds[timed]),
        peak_bytes=peak,
        held_out=held_out_loss(model.to(job.device), job.rows("test")) if with_held_out else None,
    )


def by_toolkit(job: Job, folder: Path) -> Any:
    """Train by a recipe, without what `toolkit fine-tune` measures and writes afterwards."""
    from toolkit.tasks import room_of
    from toolkit.training import train
    from toolkit.training.peft_methods import adapt

    recipe = recipe_of(job)
    room = room_of(recipe.task)
    data = room.prepare(recipe)
    opened = room.open_for_training(recipe, data, tokenizer_folder=folder)
    set_seed(job.seed)
    adapted = adapt(recipe, opened, task_type=room.head.task_type(opened.family))
    objective = room.objective(recipe, data, adapted)
    rows = [{name: list(row[name]) for name in ("input_ids", "labels")} for row in objective.train_rows]
    if rows != job.rows("train"):
        raise RuntimeError("the toolkit would learn from other rows than the others")
    return train(recipe, objective, adapted, folder).model


def recipe_of(job: Job) -> Any:
    """Return the recipe of a job."""
    from toolkit.recipe import build_recipe

    return build_recipe(
        {
            "task": "text-generation",
            "model": {"name": job.model},
            "data": {
                "train": job.train,
                "test": job.test,
                "validation_size": 0,
                "columns": {"messages": "messages"},
                "max_length": job.max_length,
            },
            "method": job.method,
            **({"peft": job.lora} if job.method == "lora" else {}),
            "training": job.training,
            "evaluation": {"metrics": ["bits_per_character"]},
            "seed": job.seed,
        }
    )


def by_trainer(job: Job, folder: Path) -> Any:
    """Train by transformers' `Trainer` and its collator for labels."""
    from peft import LoraConfig, get_peft_model

    model, tokenizer = _opened(job)
    set_seed(job.seed)
    if job.method == "lora":
        model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **job.lora))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(output_dir=str(folder), seed=job.seed, **job.training, **_QUIET),
        train_dataset=Dataset.from_list(job.rows("train")),
        data_collator=DataCollatorForSeq2Seq(tokenizer),
    )
    trainer.train()
    return trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)


def by_sft_trainer(job: Job, folder: Path) -> Any:
    """Train by TRL's `SFTTrainer`, given the encoded rows."""
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    model, tokenizer = _opened(job)
    set_seed(job.seed)
    settings = {"output_dir": str(folder), "seed": job.seed, "max_length": job.max_length, **job.training, **_QUIET}
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(**settings),
        train_dataset=Dataset.from_list(job.rows("train")),
        processing_class=tokenizer,
        peft_config=LoraConfig(task_type="CAUSAL_LM", **job.lora) if job.method == "lora" else None,
    )
    trainer.train()
    return trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)


def _opened(job: Job) -> tuple[Any, Any]:
    model = AutoModelForCausalLM.from_pretrained(job.model, dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(job.model)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model, tokenizer


def peak_bytes(device: str) -> int:
    """Return the most memory that was in use: of the device, or of this process."""
    if device == "cuda":
        return int(torch.cuda.max_memory_allocated())
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


_QUIET: dict[str, Any] = {
    "report_to": "none",
    "disable_tqdm": True,
    "dataloader_pin_memory": False,
}

CONTESTANTS: dict[str, Callable[[Job, Path], Any]] = {
    "toolkit": by_toolkit,
    "Trainer": by_trainer,
    "SFTTrainer": by_sft_trainer,
}
