"""`transformers.Trainer` with our batches, losses and checkpoints, and a stop at numbers that are not finite."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch.utils.data import DataLoader
from transformers import Trainer

from toolkit.data.batches import StepBatches
from toolkit.errors import DivergedError
from toolkit.shortage import disk_for
from toolkit.training.callbacks import WEIGHTS
from toolkit.training.checkpoints import GO_ON, PREFIX, rotate, seal
from toolkit.training.loss_course import LossCourse
from toolkit.training.rank_allocation import RankAllocation
from toolkit.training.trainable import count_parameters
from toolkit.training.weights import load_weights, weights_to_save

SKIPPED_STEPS_ALLOWED = 0.01


class RecipeTrainer(Trainer):
    """A trainer whose runs can be killed and resumed bit for bit.

    Args:
        batches: the rows of each micro-batch.
        row_ids: the source row of each training row, for messages.
        checkpoint_info: returns the facts that a checkpoint is sealed with.
        skip_non_finite: skip a step whose gradient is not finite instead of stopping; at most one step in a hundred,
            but one in any case.
        skipped_steps: number of steps that earlier processes of this run skipped.
        course: the losses of the steps of earlier processes of this run.
        validate: measures a model on the validation rows; None leaves it to the library.
        allocation: of ranks, where the PEFT method moves them.
        settings: of `Trainer`; its data sets are those of `toolkit.data.encode`, with a column ``row``.
    """

    def __init__(
        self,
        *,
        batches: StepBatches,
        row_ids: Sequence[int],
        checkpoint_info: Callable[[], dict[str, Any]],
        skip_non_finite: bool = False,
        skipped_steps: int = 0,
        course: LossCourse | None = None,
        validate: Callable[[torch.nn.Module], dict[str, float]] | None = None,
        allocation: RankAllocation | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.batches = batches
        self.row_ids = row_ids
        self.checkpoint_info = checkpoint_info
        self.skip_non_finite = skip_non_finite
        self.skipped_steps = skipped_steps
        self.course = course or LossCourse()
        self.validate = validate
        self.allocation = allocation
        self.last_loss: float | None = None
        self._loss_of_step = 0.0
        self._rows_of_step: list[int] = []
        self._begins_step = False

    def get_train_dataloader(self) -> DataLoader[Any]:
        """Load batches in the order of `batches`, divided among the ranks."""
        loader = DataLoader(
            self.train_dataset,  # type: ignore[arg-type]
            batch_sampler=self.batches,
            collate_fn=self.data_collator,
            num_workers=self.args.dataloader_num_workers,
            pin_memory=self.args.dataloader_pin_memory,
            persistent_workers=self.args.dataloader_persistent_workers,
            multiprocessing_context=self.args.dataloader_multiprocessing_context,
            in_order=self.args.dataloader_in_order,
            prefetch_factor=self.args.dataloader_prefetch_factor,
        )
        prepared: DataLoader[Any] = self.accelerator.prepare(loader)
        return prepared

    def training_step(
        self, model: torch.nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Run one micro-batch forward and backward, and return its loss."""
        self._begins_step = not self._rows_of_step
        self._rows_of_step += inputs.pop("row").tolist()
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        share = loss.item()
        if not math.isfinite(share) and not self.skip_non_finite:
            self._stop_for(f"the loss became {share}")
        self._loss_of_step += share
        return loss

    def compute_loss(self, model: torch.nn.Module, inputs: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Compute the loss of a micro-batch; the first one of a step also bears the penalty of the PEFT method."""
        loss: Any = super().compute_loss(model, inputs, *args, **kwargs)
        if self.allocation is None or not (model.training and self._begins_step):
            return loss
        return loss + self.allocation.penalty()

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """Measure the model on the validation rows, in the precision of training.

        The library takes the first dimension of a batch for its number of examples, but that is 1 for a packed row.
        """
        if self.validate is None:
            measured: dict[str, float] = super().evaluate(*args, **kwargs)
            return measured
        model = self.accelerator.unwrap_model(self.model)
        model.eval()
        with self.compute_loss_context_manager():
            metrics = {f"eval_{name}": value for name, value in self.validate(model).items()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _get_grad_norm(self, model: torch.nn.Module, grad_norm: Any = None) -> Any:
        """Compute the gradient norm, and stop or skip the step if it is not finite.

        In float16 gradients are scaled up, at first so far that some overflow. The scaler then leaves out the step and
        halves its factor, which is no fault as long as there is something to halve.
        """
        norm = super()._get_grad_norm(model, grad_norm=grad_norm)  # type: ignore[no-untyped-call]
        if not math.isfinite(float(norm)) and not self._can_scale_less():
            if not self.skip_non_finite:
                self._stop_for(f"the gradient norm became {float(norm)}")
            self.skipped_steps += 1
            if self.skipped_steps > max(1, SKIPPED_STEPS_ALLOWED * self.state.max_steps):
                self._stop_for(f"{self.skipped_steps} steps had to be skipped, more than one in a hundred")
            model.zero_grad()
        self._rows_of_step.clear()
        self.last_loss, self._loss_of_step = self._loss_of_step, 0.0
        self.course.add(self.last_loss)
        return norm

    def _can_scale_less(self) -> bool:
        """Return whether gradients are scaled up, as in float16."""
        scaler: Any = self.accelerator.scaler
        return scaler is not None and float(scaler.get_scale()) > 1.0

    def _stop_for(self, reason: str) -> None:
        rows = sorted(self.row_ids[index] for index in self._rows_of_step)
        listed = ", ".join(str(row) for row in rows[:8]) + (" …" if len(rows) > 8 else "")
        skip = "" if self.skip_non_finite else ", or set training.on_nan=skip to leave out such steps"
        raise DivergedError(
            f"{reason} at step {self.state.global_step + 1}, on rows {listed} of the data; "
            f"lower training.learning_rate{skip}"
        )

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Any] | None = None) -> None:
        """Save the weights that training changes, and no ``training_args.bin``, which holds the raw hub token."""
        if self.args.should_save and output_dir is not None:
            Path(output_dir).mkdir(parents=True, exist_ok=True)
            weights = weights_to_save(self.accelerator.unwrap_model(self.model))
            save_file(weights, Path(output_dir) / WEIGHTS)
            if self.allocation is not None:
                self.allocation.save(Path(output_dir))

    def _save_checkpoint(self, model: torch.nn.Module, trial: Any) -> None:
        """Write a checkpoint, then seal it, then delete old ones."""
        root = Path(str(self.args.output_dir))
        folder = root / f"{PREFIX}{self.state.global_step}"
        if self.args.should_save and folder.exists():
            shutil.rmtree(folder)
        try:
            with disk_for(root, needed=count_parameters(model).checkpoint_bytes, fix=GO_ON):
                super()._save_checkpoint(model, trial)
                self.accelerator.wait_for_everyone()
                if self.args.should_save:
                    seal(folder, self.checkpoint_info())
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if self.args.should_save:
            rotate(root)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: torch.nn.Module | None = None) -> None:
        """Load the weights that `_save` wrote; unlike the library, refuse a missing tensor."""
        load_weights(self.accelerator.unwrap_model(model or self.model), Path(resume_from_checkpoint) / WEIGHTS)
        if self.allocation is not None:
            self.allocation.load(Path(resume_from_checkpoint))
