"""The callbacks of a training: evaluating, saving, keeping the best weights, logging, stopping."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from toolkit.interrupt import StopRequest
from toolkit.progress import Bar, say
from toolkit.shortage import disk_for
from toolkit.training.arguments import is_due
from toolkit.training.checkpoints import BEST_PREFIX, GO_ON, seal
from toolkit.training.plan import Plan
from toolkit.training.weights import weights_to_save

WEIGHTS = "weights.safetensors"


class Pace(TrainerCallback):
    """A callback that decides after each step whether to evaluate and to save, always in this order.

    Args:
        plan: the schedule of evaluations and checkpoints.
        stop: after a signal, a checkpoint is written and training ends.
    """

    def __init__(self, plan: Plan, *, stop: StopRequest) -> None:
        self.plan = plan
        self.stop = stop

    def on_epoch_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Shuffle the rows for this epoch."""
        self.plan.batches.set_epoch(state.global_step // self.plan.steps_per_epoch)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Request an evaluation and a checkpoint if they are due."""
        plan, schedule, step = self.plan, self.plan.schedule, state.global_step
        position = {"step": step, "max_steps": plan.max_steps, "steps_per_epoch": plan.steps_per_epoch}
        if plan.validation_rows is not None:
            started = args.eval_delay <= (step if schedule.evaluate == "steps" else state.epoch or 0)
            control.should_evaluate = started and is_due(schedule.evaluate, schedule.evaluate_steps, **position)
        control.should_save = is_due(schedule.save, schedule.save_steps, **position)
        if self.stop.signal_number is not None:
            control.should_save = True
            control.should_training_stop = True


@dataclass
class BestSoFar:
    """The best evaluation so far; it is part of every checkpoint.

    Attributes:
        step: optimizer updates at that evaluation; None before the first one.
        value: of the metric that chooses.
        evaluations_since: evaluations without improvement.
        curve: every evaluation, as ``{"step", "epoch", metric: value}``.
        kept: evaluations whose weights are on disk, by their steps: the best one, or the last ones to average.
    """

    step: int | None = None
    value: float | None = None
    evaluations_since: int = 0
    curve: list[dict[str, float | None]] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)

    def to_info(self) -> dict[str, Any]:
        """Return the state as a checkpoint keeps it."""
        facts = asdict(self)
        return {"kept_steps": facts.pop("kept"), "best": facts}

    @classmethod
    def from_info(cls, info: dict[str, Any]) -> BestSoFar:
        """Restore the state from a checkpoint."""
        return cls(kept=list(info["kept_steps"]), **info["best"])


class BestModel(TrainerCallback):
    """A callback that keeps the weights of the best evaluation, or of the last ones, and stops training early.

    Args:
        best: the state, perhaps of an earlier process.
        metric: name of the validation metric that chooses.
        greater_is_better: False for losses.
        patience: evaluations without improvement after which training stops; None never stops.
        folder: for the folders ``best-<step>``; None keeps no weights.
        averaged: number of last evaluations whose weights are kept instead of the best one's.
    """

    def __init__(
        self,
        best: BestSoFar,
        *,
        metric: str,
        greater_is_better: bool,
        patience: int | None,
        folder: Path | None,
        averaged: int | None = None,
    ) -> None:
        self.best = best
        self.metric = metric
        self.sign = 1.0 if greater_is_better else -1.0
        self.patience = patience
        self.folder = folder
        self.averaged = averaged

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        **kwargs: Any,
    ) -> None:
        """Compare with the best evaluation, save the weights if better, and stop if patience is exhausted."""
        scores = {
            name.removeprefix("eval_"): value if value is not None and math.isfinite(value) else None
            for name, value in kwargs["metrics"].items()
            if name.startswith("eval_") and not name.endswith(("_runtime", "_per_second"))
        }
        position = {"step": state.global_step, "epoch": round(state.epoch or 0.0, 4)}
        self.best.curve.append({**position, **scores})
        listed = (f"{name} {'undefined' if score is None else f'{score:.4f}'}" for name, score in scores.items())
        say(f"step {state.global_step}/{state.max_steps}: validation {', '.join(listed)}")
        value = scores[self.metric]
        improved = value is not None and (self.best.value is None or self.sign * value > self.sign * self.best.value)
        if self.folder is not None and (improved or self.averaged):
            before = [step for step in self.best.kept if step != state.global_step]
            self.best.kept = [*before, state.global_step][-(self.averaged or 1) :]
            if args.should_save:
                self._save(kwargs["model"], self.folder / f"{BEST_PREFIX}{state.global_step}", value)
        if improved:
            self.best.step, self.best.value, self.best.evaluations_since = state.global_step, value, 0
            return
        self.best.evaluations_since += 1
        if self.patience is not None and self.best.evaluations_since >= self.patience:
            say(f"no improvement in {self.patience} evaluations: training stops early")
            control.should_training_stop = True
            control.should_save = True

    def is_finished(self) -> bool:
        """Return True if patience is exhausted."""
        return self.patience is not None and self.best.evaluations_since >= self.patience

    def _save(self, model: torch.nn.Module, folder: Path, value: float | None) -> None:
        if folder.exists():
            shutil.rmtree(folder)
        weights = weights_to_save(model)
        try:
            with disk_for(folder, needed=lambda: sum(tensor.nbytes for tensor in weights.values()), fix=GO_ON):
                folder.mkdir(parents=True)
                save_file(weights, folder / WEIGHTS)
                seal(folder, {"value": value})
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise


class RunLog(TrainerCallback):
    """A callback that appends the trainer's reports to ``log.jsonl``, one JSON object a line.

    Args:
        file: created with the first line.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Write one line."""
        if args.should_save and logs:
            self.write({"step": state.global_step, **logs})

    def write(self, entry: dict[str, Any]) -> None:
        """Append an entry; numbers that are not finite become null."""
        clean = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in entry.items()}
        with self.file.open("a", encoding="utf-8", newline="\n") as log:
            log.write(json.dumps(clean, ensure_ascii=False) + "\n")


class ShowProgress(TrainerCallback):
    """A callback that moves the progress bar.

    Args:
        bar: with the steps of the training.
        last_loss: returns the loss to show.
    """

    def __init__(self, bar: Bar, last_loss: Callable[[], float | None]) -> None:
        self.bar = bar
        self.last_loss = last_loss

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Advance the bar by one step."""
        loss = self.last_loss()
        self.bar.advance(note="" if loss is None else f"loss {loss:.3f}")
