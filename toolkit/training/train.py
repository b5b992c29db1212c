"""Train an opened model on prepared data, from the last whole checkpoint on if there is one."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from peft import PeftModel
from transformers import EvalPrediction, PreTrainedModel, PrinterCallback, TrainerCallback

from toolkit.adapters import OpenedModel
from toolkit.data import ClassificationData
from toolkit.data.batches import StepBatches
from toolkit.data.encode import PaddingCollator, encode
from toolkit.errors import RecipeError, ResourceError, explain
from toolkit.evaluation.metrics import compute_metrics
from toolkit.interrupt import stop_on_signals
from toolkit.names import Method
from toolkit.progress import progress_bar, say
from toolkit.recipe import Recipe
from toolkit.training.arguments import Rhythms, training_arguments
from toolkit.training.callbacks import WEIGHTS, BestModel, BestSoFar, Pace, RunLog, ShowProgress
from toolkit.training.checkpoints import BEST_PREFIX, KEPT, Checkpoint, newest_whole
from toolkit.training.losses import ClassificationLoss, balanced_weights
from toolkit.training.peft_methods import wrap_with_lora
from toolkit.training.trainable import ParameterCount, check_new_parameters_train, count_parameters
from toolkit.training.trainer import RecipeTrainer
from toolkit.training.weights import load_weights

OPTIMIZER_STATES = 2  # Adam keeps two numbers a parameter


@dataclass(frozen=True)
class Trained:
    """What training gave.

    Attributes:
        model: with the weights that validation chose, or the last ones without a validation split.
        parameters: how many learn, and how many there are.
        best_step: optimizer updates after which the chosen weights were seen; None for the last ones.
        steps: optimizer updates done.
        train_seconds: wall time, over all processes that worked on it, evaluation and saving included.
        curve: each evaluation on the validation split, ``{"step", "epoch", metric: value}``.
        skipped_steps: steps left out because of a gradient that was not finite.
    """

    model: PreTrainedModel | PeftModel
    parameters: ParameterCount
    best_step: int | None
    steps: int
    train_seconds: float
    curve: list[dict[str, float | None]]
    skipped_steps: int


def train(recipe: Recipe, data: ClassificationData, opened: OpenedModel, folder: Path) -> Trained:
    """Fine-tune; where `folder` holds a whole checkpoint of the same run, go on from it.

    Args:
        recipe: what to do.
        data: its splits.
        opened: the model, with a new head if it needs one.
        folder: holds ``checkpoints/`` and ``log.jsonl``.

    Raises:
        DivergedError: at the first loss, gradient or weight that is not finite.
        IntegrityError: if a newly initialised parameter would not train.
        ResourceError: if the disk has no room for the checkpoints.
        Interrupted: after a checkpoint, when a signal asked for it.
    """
    root = folder / "checkpoints"
    root.mkdir(parents=True, exist_ok=True)
    model = wrap_with_lora(opened, recipe.peft) if recipe.method is Method.LORA else opened.model
    check_new_parameters_train(model, opened.new_parameters)
    parameters = count_parameters(model)
    _check_room(root, parameters)

    checkpoint = newest_whole(root)
    best = BestSoFar.from_info(checkpoint.info) if checkpoint else BestSoFar()
    with stop_on_signals() as stop:
        session = _Session(recipe, data, opened, model=model, root=root, best=best, checkpoint=checkpoint)
        trainer = session.trainer(stop)
        if checkpoint is None or not checkpoint.info["finished"]:
            log = RunLog(folder / "log.jsonl")
            trainer.add_callback(log)
            if checkpoint is not None:
                log.write({"event": "resume", "step": checkpoint.step})
                say(f"going on at step {checkpoint.step}")
            with progress_bar("training", session.max_steps, start=checkpoint.step if checkpoint else 0) as bar:
                trainer.add_callback(ShowProgress(bar, lambda: trainer.last_loss))
                trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
            steps = trainer.state.global_step
            if steps < session.max_steps and not session.stopped_early():
                stop.raise_if_asked()
        else:
            load_weights(model, checkpoint.folder / WEIGHTS)
            steps = checkpoint.step
    model = trainer.accelerator.unwrap_model(trainer.model).cpu().eval()
    if session.keeps_best and best.step is not None and best.step != steps:
        load_weights(model, root / f"{BEST_PREFIX}{best.step}" / WEIGHTS)
    chosen = best.step if session.keeps_best else None
    return Trained(model, parameters, chosen, steps, session.seconds(), best.curve, trainer.skipped_steps)


class _Session:
    """One process's work on a run: builds the trainer and knows how far it is."""

    def __init__(
        self,
        recipe: Recipe,
        data: ClassificationData,
        opened: OpenedModel,
        *,
        model: torch.nn.Module,
        root: Path,
        best: BestSoFar,
        checkpoint: Checkpoint | None,
    ) -> None:
        self.recipe, self.data, self.opened, self.model, self.root = recipe, data, opened, model, root
        self.settings: dict[str, Any] = recipe.training.for_trainer()
        self.args = training_arguments(recipe, root)
        self.train_rows = encode(data.train, opened.tokenizer, max_length=opened.max_length)
        self.batches = self._batches()
        micro_batches = math.ceil(len(self.batches) / self.args.world_size)
        self.steps_per_epoch = math.ceil(micro_batches / self.args.gradient_accumulation_steps)
        self.max_steps = (
            self.args.max_steps
            if self.args.max_steps > 0
            else math.ceil(self.args.num_train_epochs * self.steps_per_epoch)
        )
        self.validation_rows = self._validation_rows()
        self.keeps_best = self.validation_rows is not None and bool(self.settings["load_best_model_at_end"])
        self.best_model = self._best_model(best)
        self.seconds_before = float(checkpoint.info["train_seconds"]) if checkpoint else 0.0
        self.started = time.monotonic()

    def trainer(self, stop: Any) -> RecipeTrainer:
        validation = self.validation_rows
        pace = Pace(
            Rhythms.of(self.recipe),
            batches=self.batches,
            steps_per_epoch=self.steps_per_epoch,
            stop=stop,
            evaluates=validation is not None,
        )
        callbacks: list[TrainerCallback] = [pace, self.best_model]
        trainer = RecipeTrainer(
            batches=self.batches,
            row_ids=self.data.train["id"],
            checkpoint_info=lambda: self._checkpoint_info(trainer),
            skip_non_finite=self.recipe.training.on_nan == "skip",
            model=self.model,
            args=self.args,
            train_dataset=self.train_rows.add_column("row", np.arange(len(self.train_rows))),
            eval_dataset=validation,
            data_collator=PaddingCollator(int(self.opened.tokenizer.pad_token_id)),
            compute_loss_func=self._loss(),
            compute_metrics=self._compute_metrics(),
            callbacks=callbacks,
        )
        trainer.remove_callback(PrinterCallback)  # prints to stdout, which is for results
        return trainer

    def stopped_early(self) -> bool:
        return self.best_model.is_finished()

    def seconds(self) -> float:
        return self.seconds_before + time.monotonic() - self.started

    def _checkpoint_info(self, trainer: RecipeTrainer) -> dict[str, Any]:
        step = trainer.state.global_step
        finished = step >= self.max_steps or self.stopped_early()
        return {
            "step": step,
            "finished": finished,
            "train_seconds": self.seconds(),
            **self.best_model.best.to_info(),
        }

    def _batches(self) -> StepBatches:
        args = self.args
        return StepBatches(
            self.train_rows["length"],
            micro_batch=args.per_device_train_batch_size,
            micro_batches_per_step=args.gradient_accumulation_steps * args.world_size,
            strategy=self.settings["train_sampling_strategy"],
            seed=self.recipe.seed,
            tokens_per_batch=self.recipe.training.tokens_per_batch,
        )

    def _validation_rows(self) -> Dataset | None:
        """Encoded and sorted by length, so that evaluation pads little; rows with unknown labels are left out."""
        if self.data.validation is None:
            return None
        known = self.data.validation.select(np.flatnonzero(np.asarray(self.data.validation["label"]) >= 0))
        if len(known) == 0:
            return None
        rows = encode(known, self.opened.tokenizer, max_length=self.opened.max_length)
        return rows.select(np.argsort(rows["length"], kind="stable"))

    def _loss(self) -> ClassificationLoss:
        wanted = self.recipe.training.class_weights
        weights = None
        if wanted == "balanced":
            weights = balanced_weights(torch.tensor(self.data.train["label"]), len(self.data.labels))
        elif wanted is not None:
            weights = _weights_by_name(wanted, self.data.labels)
        return ClassificationLoss(class_weights=weights, label_smoothing=self.args.label_smoothing_factor)

    def _compute_metrics(self) -> Callable[[EvalPrediction], dict[str, float | None]]:
        names, n_labels = self.recipe.metrics, len(self.data.labels)

        def compute(prediction: EvalPrediction) -> dict[str, float | None]:
            predicted = np.asarray(prediction.predictions).argmax(axis=-1)
            return compute_metrics(
                names, predictions=predicted, references=np.asarray(prediction.label_ids), n_labels=n_labels
            )

        return compute

    def _best_model(self, best: BestSoFar) -> BestModel:
        wanted = self.settings.get("metric_for_best_model")
        metric = str(wanted).removeprefix("eval_") if wanted else self.recipe.metrics[0]
        greater = self.settings.get("greater_is_better")
        return BestModel(
            best,
            metric=metric,
            greater_is_better=metric != "loss" if greater is None else bool(greater),
            patience=self.recipe.training.early_stopping_patience,
            folder=self.root if self.keeps_best else None,
        )


def _weights_by_name(wanted: dict[str, float], labels: tuple[str, ...]) -> torch.Tensor:
    unknown = [name for name in wanted if name not in labels]
    if unknown:
        raise RecipeError(
            *(explain(f"there is no class {name!r}", allowed=labels, name=name) for name in unknown),
            where="training.class_weights",
        )
    return torch.tensor([float(wanted.get(label, 1.0)) for label in labels])


def _check_room(root: Path, parameters: ParameterCount) -> None:
    """Refuse before training what could not be saved: checkpoints, one more while they rotate, the model."""
    checkpoint = parameters.trainable * 4 * (1 + OPTIMIZER_STATES)
    needed = checkpoint * (KEPT + 1) + parameters.total * 4 * 2
    free = shutil.disk_usage(root).free
    if free < needed:
        raise ResourceError(
            f"training would need about {needed / 1e6:.0f} MB for checkpoints and model, {free / 1e6:.0f} MB are free; "
            "make room or choose another --output-dir",
            where=str(root),
        )
