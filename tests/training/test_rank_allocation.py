"""AdaLoRA: its penalty is peft's, ranks move, and what is saved is what the chosen weights are."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from peft_cases import SMALL, adapted_for, batch_of, head_of, logits_of, loss_of, opened_for
from transformers import TrainerControl, TrainerState, TrainingArguments

from toolkit.adapters import LocatedModel, OpenedModel, open_for_prediction
from toolkit.errors import IntegrityError, RecipeError
from toolkit.names import Task
from toolkit.training.rank_allocation import FILE, RankAllocation, allocation_of
from toolkit.training.save import save_model

SEQUENCE = Task.TEXT_CLASSIFICATION
STEPS = 12


def trained(opened: OpenedModel, steps: int, *, skipped: frozenset[int] = frozenset()) -> RankAllocation:
    """After some of twelve steps of plain torch; a skipped one has no gradient."""
    allocation = allocation_of(opened.model, steps=STEPS)
    assert allocation is not None
    optimizer = torch.optim.Adam([weight for weight in opened.model.parameters() if weight.requires_grad], lr=0.02)
    for step in range(steps):
        if step not in skipped:
            (loss_of(opened.model.eval(), opened) + allocation.penalty()).backward()
            optimizer.step()
        state = TrainerState(global_step=step)
        allocation.on_optimizer_step(TrainingArguments(output_dir="unused"), state, TrainerControl())
        optimizer.zero_grad()
    return allocation


def ranks(opened: OpenedModel) -> int:
    return sum(int((weight != 0).sum()) for name, weight in opened.model.named_parameters() if "lora_E" in name)


def test_the_penalty_is_what_peft_adds_to_a_loss_of_the_models_own():
    _, adapted = adapted_for("adalora", "bert", SEQUENCE)
    allocation = allocation_of(adapted.model, steps=STEPS)
    assert allocation is not None
    batch, labels = batch_of(adapted), torch.tensor([0, 1, 2, 1])
    output = adapted.model.eval()(**batch, labels=labels)
    plain = torch.nn.functional.cross_entropy(output.logits, labels)
    torch.testing.assert_close(allocation.penalty(), output.loss - plain)
    assert allocation.penalty() > 0


def test_ranks_fall_to_the_target_and_are_saved_so(tmp_path: Path):
    opened, adapted = adapted_for("adalora", "bert", SEQUENCE)
    allocation = trained(adapted, STEPS)
    matrices = sum("lora_E" in name for name, _ in adapted.model.named_parameters())
    assert matrices * 8 <= ranks(adapted) < matrices * 12
    allocation.settle()
    expected = logits_of(adapted)
    save_model(adapted.model, opened, tmp_path)
    for name in ("model", "adapter"):
        again = open_for_prediction(LocatedModel(name, tmp_path / name), head_of(SEQUENCE))
        torch.testing.assert_close(logits_of(again), expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_weights_of_an_earlier_step_are_saved_whole(tmp_path: Path):
    """The last allocation would cut ranks off that the best weights still have."""
    opened, adapted = adapted_for("adalora", "bert", SEQUENCE)
    allocation = trained(adapted, STEPS // 2)
    best = {name: weight.clone() for name, weight in adapted.model.state_dict().items()}
    expected, kept = logits_of(adapted), ranks(adapted)
    allocation = trained(adapted, STEPS)
    assert ranks(adapted) < kept
    adapted.model.load_state_dict(best)
    allocation.settle()
    save_model(adapted.model, opened, tmp_path)
    again = open_for_prediction(LocatedModel("adapter", tmp_path / "adapter"), head_of(SEQUENCE))
    torch.testing.assert_close(logits_of(again), expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


def test_a_step_without_gradients_moves_on():
    _, adapted = adapted_for("adalora", "bert", SEQUENCE)
    trained(adapted, STEPS, skipped=frozenset({3, STEPS - 1}))
    assert all(weight.isfinite().all() for weight in adapted.model.parameters())


def test_too_few_steps_and_a_damaged_state_are_told(tmp_path: Path):
    _, adapted = adapted_for("adalora", "bert", SEQUENCE)
    config = adapted.model.peft_config["default"]
    config.tinit, config.tfinal = 5, 7
    with pytest.raises(RecipeError, match="12 steps leave none between the first tinit: 5 and the last tfinal: 7"):
        allocation_of(adapted.model, steps=STEPS)
    config.tinit = config.tfinal = 0
    allocation = trained(adapted, 2)
    allocation.save(tmp_path)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:100])
    with pytest.raises(IntegrityError, match="the state of the ranks cannot be read"):
        allocation.load(tmp_path)


def test_other_methods_allocate_nothing():
    assert "adalora" not in SMALL
    assert allocation_of(opened_for("bert", SEQUENCE).model, steps=STEPS) is None
    assert allocation_of(adapted_for("lora", "bert", SEQUENCE)[1].model, steps=STEPS) is None
