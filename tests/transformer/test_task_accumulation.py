"""The task heads under the library's own trainer, with and without accumulated gradients."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from transformers import Trainer, TrainingArguments

from toolkit.transformer import (
    TransformerConfig,
    TransformerForQuestionAnswering,
    TransformerForSequenceClassification,
    TransformerForTokenClassification,
)


def make(head, problem_type=None):
    torch.manual_seed(1)
    sizes = {"vocab_size": 60, "hidden_size": 16, "num_attention_heads": 4, "intermediate_size": 32, "dropout": 0.0}
    return head(
        TransformerConfig(architecture="encoder", encoder_layers=2, num_labels=3, problem_type=problem_type, **sizes)
    )


class Rows(torch.utils.data.Dataset):
    """Eight rows of unequal lengths, with the labels of one task."""

    def __init__(self, task):
        torch.manual_seed(2)
        self.rows = []
        for length in (9, 2, 3, 8, 1, 1, 2, 6):
            ids = torch.randint(5, 60, (length,))
            filling = 9 - length
            row = {"input_ids": nn.functional.pad(ids, (0, filling))}
            row["attention_mask"] = (row["input_ids"] != 0).long()
            labels = {
                "single": torch.randint(0, 3, ()),
                "multi": torch.randint(0, 2, (3,)).float(),
                "number": torch.randn(3),
                "tokens": nn.functional.pad(ids % 3, (0, filling), value=-100),
            }
            if task == "span":
                row |= {"start_positions": torch.tensor(0), "end_positions": torch.tensor(length - 1)}
            else:
                row["labels"] = labels[task]
            self.rows.append(row)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


def weights_after_a_step(head, task, folder, *, batch_size):
    model = make(head, "regression" if task == "number" else None)
    settings = TrainingArguments(
        str(folder),
        max_steps=1,
        per_device_train_batch_size=batch_size,
        gradient_accumulation_steps=8 // batch_size,
        learning_rate=1.0,
        max_grad_norm=0.0,
        optim="sgd",
        lr_scheduler_type="constant",
        save_strategy="no",
        report_to="none",
        use_cpu=True,
        disable_tqdm=True,
        seed=3,
    )
    Trainer(model, settings, train_dataset=Rows(task)).train()
    return {name: weight.detach() for name, weight in model.named_parameters()}


@pytest.mark.parametrize(
    ("head", "task"),
    [
        (TransformerForSequenceClassification, "single"),
        (TransformerForSequenceClassification, "multi"),
        (TransformerForSequenceClassification, "number"),
        (TransformerForTokenClassification, "tokens"),
        (TransformerForQuestionAnswering, "span"),
    ],
)
def test_accumulated_steps_are_one_large_step(head, task, tmp_path):
    """Under the library's own trainer; rows of unequal lengths tell a mean of means from a mean."""
    whole = weights_after_a_step(head, task, tmp_path, batch_size=8)
    before = dict(make(head).named_parameters())
    assert any((whole[name] - before[name]).abs().max() > 1e-2 for name in whole)
    for batch_size in (2, 1):
        parts = weights_after_a_step(head, task, tmp_path, batch_size=batch_size)
        for name, weight in whole.items():
            torch.testing.assert_close(parts[name], weight, rtol=1e-4, atol=1e-5, msg=f"{name} {batch_size}")
