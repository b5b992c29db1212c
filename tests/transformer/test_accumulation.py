"""Under the library's own trainer a step does not depend on how its batch is divided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import ARCHITECTURES, assert_same, random_tokens, tiny_model
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import (
    DataCollatorForSeq2Seq,
    DataCollatorForTokenClassification,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
)


class Rows(torch.utils.data.Dataset):
    """Eight rows, each longer than the one before, so that micro-batches have unequal numbers of targets."""

    def __init__(self, architecture: str) -> None:
        self.architecture = architecture

    def __len__(self) -> int:
        return 8

    def __getitem__(self, index: int) -> dict[str, list[int]]:
        tokens = random_tokens(3 + index, seed=index).tolist()
        row: dict[str, list[int]] = {"input_ids": tokens, "attention_mask": [1] * len(tokens), "labels": tokens}
        if self.architecture == "encoder-decoder":
            row["labels"] = random_tokens(1 + 2 * index, seed=40 + index).tolist()
        elif self.architecture == "encoder":
            row["labels"] = [token if place % 3 == 1 else -100 for place, token in enumerate(tokens)]
        return row


def weights_after_one_step(architecture: str, folder: Path, rows: int, accumulation: int) -> dict[str, Any]:
    words = Tokenizer(WordLevel({"<pad>": 0, "<unk>": 3}, unk_token="<unk>"))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", unk_token="<unk>")
    model = tiny_model(architecture, dtype=torch.float32)
    collator: Any = DataCollatorForTokenClassification(tokenizer)
    if architecture == "encoder-decoder":
        collator = DataCollatorForSeq2Seq(tokenizer, model=model)
    arguments = TrainingArguments(
        folder,
        per_device_train_batch_size=rows,
        gradient_accumulation_steps=accumulation,
        max_steps=1,
        lr_scheduler_type="constant",
        max_grad_norm=0,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
        seed=0,
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    trainer = Trainer(
        model, arguments, train_dataset=Rows(architecture), data_collator=collator, optimizers=(optimizer, None)
    )
    trainer.train()
    return {name: weight.detach() for name, weight in model.named_parameters()}


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_accumulation_under_the_plain_trainer(architecture: str, tmp_path: Path):
    start = dict(tiny_model(architecture, dtype=torch.float32).named_parameters())
    whole = weights_after_one_step(architecture, tmp_path, 8, 1)
    assert sum(not torch.allclose(whole[name], start[name], atol=1e-5) for name in whole) > 10
    for rows, accumulation in ((4, 2), (2, 4)):
        parts = weights_after_one_step(architecture, tmp_path, rows, accumulation)
        assert_same(parts, whole, tolerance=1e-5)
