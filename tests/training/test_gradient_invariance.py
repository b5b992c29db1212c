"""The gradient does not depend on how a batch is divided: 8 × 1 = 2 × 4 = two ranks with 4 rows each.

transformers' own Trainer multiplies it by the number of parts (docs/design.md, section 4.6, fact 1).
"""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification, set_seed

sys.path.insert(0, str(Path(__file__).parent))
from one_step import CLASS_WEIGHTS, ROWS, Rows, n_outputs, one_step, step_of_rank

from toolkit.names import Problem


@pytest.fixture(scope="module")
def whole(tiny_bert: Path) -> dict[str, torch.Tensor]:
    return one_step(str(tiny_bert), micro_batch=8, accumulation=1)


def _assert_same_step(ours: dict[str, torch.Tensor], theirs: dict[str, torch.Tensor], start: dict[str, torch.Tensor]):
    moved = 0
    for name, before in start.items():
        torch.testing.assert_close(ours[name] - before, theirs[name] - before, atol=1e-6, rtol=1e-4)
        moved += int((ours[name] != before).any())
    assert moved > 10


@pytest.fixture(scope="module")
def start(tiny_bert: Path) -> dict[str, torch.Tensor]:
    set_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(tiny_bert, num_labels=3)
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_the_step_is_the_gradient_of_the_weighted_mean(tiny_bert: Path, whole, start):
    """Computed by hand, row by row, without Trainer, batches or padding."""
    set_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        tiny_bert, num_labels=3, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    )
    total = torch.zeros(())
    for row in (Rows()[index] for index in range(ROWS)):
        logits = model(input_ids=torch.tensor([row["input_ids"]])).logits
        total = total - CLASS_WEIGHTS[row["labels"]] * logits.log_softmax(-1)[0, row["labels"]]
    (total / ROWS).backward()
    by_hand = {
        name: start[name] - parameter.grad if parameter.grad is not None else start[name]
        for name, parameter in model.named_parameters()
    }
    _assert_same_step({**start, **by_hand}, whole, start)


@pytest.mark.parametrize(("micro_batch", "accumulation"), [(4, 2), (2, 4), (3, 3), (1, 8)])
def test_accumulation_changes_nothing(tiny_bert: Path, whole, start, micro_batch: int, accumulation: int):
    _assert_same_step(one_step(str(tiny_bert), micro_batch=micro_batch, accumulation=accumulation), whole, start)


@pytest.mark.parametrize("problem", [Problem.MULTI_LABEL, Problem.REGRESSION])
def test_the_step_is_the_gradient_of_the_library_s_own_loss_however_it_is_divided(tiny_bert: Path, problem: Problem):
    set_seed(0)
    model = AutoModelForSequenceClassification.from_pretrained(
        tiny_bert,
        num_labels=n_outputs(problem),
        problem_type=str(problem),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    begin = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    losses = [
        model(input_ids=torch.tensor([row["input_ids"]]), labels=torch.tensor([row["labels"]], dtype=torch.float)).loss
        for row in (Rows(problem)[index] for index in range(ROWS))
    ]
    torch.stack(losses).mean().backward()
    by_hand = {
        name: begin[name] - parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None
    }
    for micro_batch, accumulation in ((8, 1), (2, 4), (3, 3)):
        found = one_step(str(tiny_bert), micro_batch=micro_batch, accumulation=accumulation, problem=problem)
        _assert_same_step({**begin, **by_hand}, found, begin)


def test_two_ranks_change_nothing(tiny_bert: Path, tmp_path: Path, processes: Any, whole, start):
    output = tmp_path / "ranks.safetensors"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ranks = [
        processes.Process(target=step_of_rank, args=(rank, 2, port, str(tiny_bert), str(output), 2, 2))
        for rank in range(2)
    ]
    for process in ranks:
        process.start()
    for process in ranks:
        process.join(240)
    assert [process.exitcode for process in ranks] == [0, 0]
    _assert_same_step(load_file(output), whole, start)
