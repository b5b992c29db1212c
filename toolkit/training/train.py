"""Training of an opened model on prepared data, resumed from the last complete checkpoint if there is one."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import PreTrainedModel, PrinterCallback

from toolkit.adapters import OpenedModel
from toolkit.adapters.inference import attention_for_any_shape
from toolkit.errors import ResourceError
from toolkit.interrupt import StopRequest, stop_on_signals
from toolkit.progress import progress_bar, say
from toolkit.recipe import Recipe
from toolkit.run_result.log import LOG_FILE
from toolkit.training.callbacks import WEIGHTS, BestModel, BestSoFar, Pace, RunLog, ShowProgress
from toolkit.training.checkpoints import BEST_PREFIX, CHECKPOINTS, KEPT, PREFIX, Checkpoint, newest_whole
from toolkit.training.followers import followers
from toolkit.training.loss_course import LossCourse
from toolkit.training.memory import keep_freed_memory
from toolkit.training.objective import Objective
from toolkit.training.plan import Plan, plan_training
from toolkit.training.rank_allocation import RankAllocation, allocation_of
from toolkit.training.trainable import ParameterCount, check_new_parameters_train, count_parameters
from toolkit.training.trainer import RecipeTrainer
from toolkit.training.weights import load_average, load_weights


@dataclass(frozen=True)
class Trained:
    """A trained model.

    Attributes:
        model: with the weights that validation chose, or the last ones without a validation split.
        parameters: numbers of trained and of all parameters.
        best_step: optimizer updates of the chosen weights; None for the last ones, or a mean.
        averaged_steps: the evaluations whose weights were averaged.
        steps: optimizer updates done.
        train_seconds: wall time, over all processes that worked on it, evaluation and saving included.
        curve: each evaluation on the validation split, ``{"step", "epoch", metric: value}``.
        skipped_steps: steps left out because of a gradient that was not finite.
    """

    model: PreTrainedModel | PeftModel
    parameters: ParameterCount
    best_step: int | None
    averaged_steps: tuple[int, ...]
    steps: int
    train_seconds: float
    curve: list[dict[str, float | None]]
    skipped_steps: int


def train(recipe: Recipe, objective: Objective, opened: OpenedModel, folder: Path) -> Trained:
    """Train; where `folder` holds a whole checkpoint of the same run, go on from it.

    Args:
        recipe: what to do.
        objective: what to learn.
        opened: the model, with a new head if it needs one, perhaps wrapped by peft.
        folder: holds ``checkpoints/`` and ``log.jsonl``.

    Raises:
        DivergedError: at the first loss, gradient or weight that is not finite, and at the end if the loss exploded.
        IntegrityError: if a newly initialised parameter would not train.
        ResourceError: if the disk has no room for the checkpoints.
        Interrupted: after a checkpoint, if a signal came.
    """
    keep_freed_memory()
    root = folder / CHECKPOINTS
    root.mkdir(parents=True, exist_ok=True)
    model: PreTrainedModel | PeftModel = opened.model
    check_new_parameters_train(model, opened.new_parameters)
    parameters = count_parameters(model)
    plan = plan_training(recipe, objective, checkpoints=root)
    allocation = allocation_of(model, steps=plan.max_steps)
    # Without a schedule only a signal has a checkpoint written.
    n_kept = 1 if plan.schedule.save == "no" else KEPT + 1
    _check_room(root, parameters, n_checkpoints=n_kept, n_averaged=plan.averaged or 0)
    checkpoint = newest_whole(root)
    state = _State.of(checkpoint)
    with stop_on_signals() as stop:
        trainer = _build_trainer(
            recipe, objective, model=model, plan=plan, state=state, stop=stop, allocation=allocation
        )
        if not state.finished:
            log = RunLog(folder / LOG_FILE)
            if objective.facts and checkpoint is None:
                log.write({"event": "validation", **objective.facts})
            _run(trainer, plan, checkpoint, log=log)
            state.steps, state.skipped_steps = trainer.state.global_step, trainer.skipped_steps
            stop.raise_if_asked()
        trainer.course.refuse_explosion()
    # Without the wrapper, which would compute in bf16 also after training.
    trained = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False).cpu().eval()
    _put_back(trained, plan, state, root)
    if allocation is not None:
        allocation.settle()
    return Trained(
        model=trained,
        parameters=parameters,
        best_step=state.best.step if plan.keeps_best and not plan.averaged else None,
        averaged_steps=tuple(state.best.kept) if plan.averaged else (),
        steps=state.steps,
        train_seconds=state.seconds(),
        curve=state.best.curve,
        skipped_steps=state.skipped_steps,
    )


class _State:
    """The progress of a run, over all processes that have worked on it."""

    def __init__(self, info: dict[str, Any] | None) -> None:
        self.best = BestSoFar.from_info(info) if info else BestSoFar()
        self.steps: int = info["step"] if info else 0
        self.finished: bool = info["finished"] if info else False
        self.skipped_steps: int = info["skipped_steps"] if info else 0
        self.course = LossCourse.from_info(info)
        self.seconds_before: float = info["train_seconds"] if info else 0.0
        self.started = time.monotonic()

    @classmethod
    def of(cls, checkpoint: Checkpoint | None) -> _State:
        return cls(checkpoint.info if checkpoint else None)

    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.started


def _run(trainer: RecipeTrainer, plan: Plan, checkpoint: Checkpoint | None, *, log: RunLog) -> None:
    trainer.add_callback(log)
    done = 0
    if checkpoint is not None:
        done = checkpoint.step
        log.write({"event": "resume", "step": done})
        say(f"going on at step {done}")
    with attention_for_any_shape(), progress_bar("training", plan.max_steps, start=done) as bar:
        trainer.add_callback(ShowProgress(bar, lambda: trainer.last_loss))
        trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)


def _put_back(model: torch.nn.Module, plan: Plan, state: _State, root: Path) -> None:
    """Load the weights that validation chose, or the mean of the last ones, or those of a finished run."""
    if plan.keeps_best and state.best.kept:
        load_average(model, [root / f"{BEST_PREFIX}{step}" / WEIGHTS for step in state.best.kept])
    elif state.finished:
        load_weights(model, root / f"{PREFIX}{state.steps}" / WEIGHTS)


def _build_trainer(
    recipe: Recipe,
    objective: Objective,
    *,
    model: torch.nn.Module,
    plan: Plan,
    state: _State,
    stop: StopRequest,
    allocation: RankAllocation | None,
) -> RecipeTrainer:
    root = Path(str(plan.arguments.output_dir))
    best_model = BestModel(
        state.best,
        metric=plan.metric,
        greater_is_better=plan.greater_is_better,
        patience=recipe.training.early_stopping_patience,
        folder=root if plan.keeps_best else None,
        averaged=plan.averaged,
    )

    def checkpoint_info() -> dict[str, Any]:
        step = trainer.state.global_step
        return {
            "step": step,
            "finished": step >= plan.max_steps or best_model.is_finished(),
            "train_seconds": state.seconds(),
            "skipped_steps": trainer.skipped_steps,
            **trainer.course.to_info(),
            **state.best.to_info(),
        }

    trainer = RecipeTrainer(
        batches=plan.batches,
        row_ids=objective.row_ids,
        checkpoint_info=checkpoint_info,
        skip_non_finite=recipe.training.on_nan == "skip",
        skipped_steps=state.skipped_steps,
        course=state.course,
        validate=objective.validate,
        allocation=allocation,
        model=model,
        args=plan.arguments,
        train_dataset=plan.train_rows,
        eval_dataset=plan.validation_rows,
        data_collator=objective.collator(plan.batches),
        compute_loss_func=objective.loss,
        compute_metrics=objective.compute_metrics,
        preprocess_logits_for_metrics=_first_output,
        callbacks=[*([] if allocation is None else [allocation]), Pace(plan, stop=stop), best_model, *followers()],
    )
    trainer.remove_callback(PrinterCallback)  # prints to stdout, which is for results
    return trainer


def _first_output(outputs: Any, _labels: Any) -> Any:
    """Return the logits alone; the outputs of an encoder-decoder hold hidden states too."""
    return outputs[0] if isinstance(outputs, tuple) else outputs


def _check_room(root: Path, parameters: ParameterCount, *, n_checkpoints: int, n_averaged: int) -> None:
    """Refuse to train if the disk is too small for the checkpoints, one more while they rotate, and the model."""
    needed = parameters.checkpoint_bytes() * n_checkpoints + parameters.model_bytes() * (2 + n_averaged)
    free = shutil.disk_usage(root).free
    if free < needed:
        raise ResourceError(
            f"training would need about {needed:,} bytes for checkpoints and model, {free:,} are free; "
            "make room or choose another --output-dir",
            where=str(root),
        )
