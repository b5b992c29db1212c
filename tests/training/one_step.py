"""One optimizer step of plain gradient descent on eight sentences, by one process or by several."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoModelForSequenceClassification, TrainingArguments, set_seed

from toolkit.data.batches import StepBatches
from toolkit.data.encode import PaddingCollator
from toolkit.names import Problem
from toolkit.training.losses import ClassificationLoss, LabelSetLoss, SquaredErrorLoss
from toolkit.training.trainer import RecipeTrainer

ROWS = 8
CLASS_WEIGHTS = (0.5, 1.0, 2.0)


LOSSES = {
    Problem.SINGLE_LABEL: ClassificationLoss(class_weights=torch.tensor(CLASS_WEIGHTS)),
    Problem.MULTI_LABEL: LabelSetLoss(),
    Problem.REGRESSION: SquaredErrorLoss(),
}
LABELS = {
    Problem.SINGLE_LABEL: lambda index: index % 3,
    Problem.MULTI_LABEL: lambda index: [float(index % 2), float(index % 3 == 0), 1.0],
    Problem.REGRESSION: lambda index: 0.5 * index - 1,
}


class Rows(torch.utils.data.Dataset):
    """Eight rows of unequal length whose ids and labels follow from their number."""

    def __init__(self, problem: Problem = Problem.SINGLE_LABEL) -> None:
        self.problem = problem

    def __len__(self) -> int:
        return ROWS

    def __getitem__(self, index: int) -> dict:
        ids = np.random.default_rng(index).integers(1000, 20000, size=3 + 2 * index).tolist()
        return {"input_ids": ids, "labels": LABELS[self.problem](index), "row": index, "length": len(ids)}


def n_outputs(problem: Problem) -> int:
    """Outputs of the head."""
    return 1 if problem is Problem.REGRESSION else 3


def one_step(
    model_folder: str, *, micro_batch: int, accumulation: int, problem: Problem = Problem.SINGLE_LABEL
) -> dict[str, torch.Tensor]:
    """The weights after one step with learning rate 1, from the same start for every division of the batch."""
    set_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        model_folder, num_labels=n_outputs(problem), hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder,
            max_steps=1,
            per_device_train_batch_size=micro_batch,
            gradient_accumulation_steps=accumulation,
            learning_rate=1.0,
            lr_scheduler_type="constant",
            optim="sgd",
            max_grad_norm=0.0,
            use_cpu=True,
            disable_tqdm=True,
            save_strategy="no",
            report_to="none",
            remove_unused_columns=False,
            dataloader_pin_memory=False,
        )
        trainer = RecipeTrainer(
            batches=StepBatches(
                [3 + 2 * index for index in range(ROWS)],
                micro_batch=micro_batch,
                micro_batches_per_step=accumulation * arguments.world_size,
                strategy="random",
                seed=0,
            ),
            row_ids=range(ROWS),
            checkpoint_info=dict,
            model=model,
            args=arguments,
            train_dataset=Rows(problem),
            data_collator=PaddingCollator(0),
            compute_loss_func=LOSSES[problem],
        )
        trainer.train()
    return {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}


def step_of_rank(
    rank: int, ranks: int, port: int, model_folder: str, output: str, micro_batch: int, accumulation: int
) -> None:
    """Take the step as one of several processes, which find each other as `torchrun` lets them; the first one saves."""
    place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": ranks, "LOCAL_WORLD_SIZE": ranks}
    os.environ |= {name: str(value) for name, value in place.items()}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    weights = one_step(model_folder, micro_batch=micro_batch, accumulation=accumulation)
    assert (torch.distributed.get_rank(), torch.distributed.get_world_size()) == (rank, ranks)
    if rank == 0:
        save_file(weights, Path(output))
