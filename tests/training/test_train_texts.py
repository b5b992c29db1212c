"""Training on packed texts: interruptions change nothing, nor does the division of a batch; averages are averages."""

from __future__ import annotations

import copy
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import set_seed

from toolkit.adapters import OpenedModel, open_from_scratch
from toolkit.data import TextData, prepare_texts
from toolkit.data.vocabulary import train_tokenizer
from toolkit.interrupt import Interrupted
from toolkit.recipe import Recipe, build_recipe
from toolkit.tasks import room_of
from toolkit.training import Trained, train
from toolkit.training.callbacks import WEIGHTS, Pace

TINY = {
    "hidden_size": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "dropout": 0.1,
}
KINDS = {
    "translation": {"task": "translation", "data": {"columns": {"source": "source", "target": "target"}}},
    "language model": {"task": "text-generation", "data": {"columns": {"text": "target"}, "max_length": 12}},
    "masked words": {"task": "fill-mask", "data": {"columns": {"text": "target"}}},
}


def _recipe(kind: str, **training: Any) -> Recipe:
    settings = copy.deepcopy(KINDS[kind])
    settings["data"] |= {"source": "packaged:chatterbot", "subset": "german", "test_size": 10, "validation_size": 20}
    settings["training"] = {
        "learning_rate": 1e-2,
        "max_steps": 8,
        "per_device_train_batch_size": 16,
        "eval_strategy": "steps",
        "eval_steps": 2,
        "bf16": False,
        **training,
    }
    settings |= {"model": {"config": TINY}, "tokenizer": {"vocab_size": 600}, "method": "scratch"}
    return build_recipe(settings)


def _opened(recipe: Recipe, data: TextData) -> OpenedModel:
    set_seed(recipe.seed)
    texts = [text for name in recipe.text_columns for text in data.train[name]]
    tokenizer = train_tokenizer(texts, kind="bpe", vocab_size=600, max_length=512)
    assert recipe.model.config is not None
    return open_from_scratch(
        recipe.model.config, tokenizer, head=room_of(recipe.task).head, max_length=recipe.data.max_length
    )


def _train(recipe: Recipe, folder: Path) -> Trained:
    data = prepare_texts(recipe.data, columns=recipe.text_columns)
    few = {"train": data.train.select(range(60)), "digest": "few"}
    data = TextData(**{**vars(data), **few})
    folder.mkdir(parents=True, exist_ok=True)
    room, opened = room_of(recipe.task), _opened(recipe, data)
    objective = room.objective(recipe, data, opened)
    return train(recipe, objective, opened, folder)


def _weights(trained: Trained) -> dict[str, torch.Tensor]:
    return dict(trained.model.state_dict())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("training", [{}, {"average_checkpoints": 3}], ids=["best", "average"])
def test_interrupted_runs_end_with_the_same_weights(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, training: dict[str, Any]
):
    recipe = _recipe(kind, tokens_per_batch=200, **training)
    expected = _train(recipe, tmp_path / "undisturbed")
    original = Pace.on_step_end
    for stopped_at in (3, 6):
        with monkeypatch.context() as patch:

            def on_step_end(
                self: Pace, args: Any, state: Any, control: Any, at: int = stopped_at, **kwargs: Any
            ) -> None:
                if state.global_step == at:
                    signal.raise_signal(signal.SIGINT)
                original(self, args, state, control, **kwargs)

            patch.setattr(Pace, "on_step_end", on_step_end)
            with pytest.raises(Interrupted):
                _train(recipe, tmp_path / "run")
    again = _train(recipe, tmp_path / "run")
    different = [name for name, tensor in _weights(expected).items() if not tensor.equal(_weights(again)[name])]
    assert different == []
    assert again.curve == expected.curve
    assert len(again.curve) == 4
    assert again.averaged_steps == expected.averaged_steps == ((4, 6, 8) if training else ())


def test_the_average_is_the_mean_of_the_last_evaluations(tmp_path: Path):
    trained = _train(_recipe("translation", average_checkpoints=3, max_steps=6), tmp_path)
    assert (trained.averaged_steps, trained.best_step) == ((2, 4, 6), None)
    files = [load_file(tmp_path / "checkpoints" / f"best-{step}" / WEIGHTS) for step in trained.averaged_steps]
    weights = _weights(trained)
    for name, first in files[0].items():
        torch.testing.assert_close(weights[name], (first + files[1][name] + files[2][name]) / 3)
    moved = [name for name in files[0] if not files[0][name].equal(files[2][name])]
    assert len(moved) > 10


@pytest.mark.parametrize("kind", ["translation", "language model"])
def test_the_division_of_a_batch_changes_nothing(tmp_path: Path, kind: str):
    """Rows of unequal length: a mean of the means of micro-batches would be another gradient.

    Not so for masked words: what is hidden depends on the rows of a micro-batch.
    """
    steps = []
    for micro_batch, accumulation in ((12, 1), (6, 2), (2, 6)):
        recipe = _recipe(
            kind,
            per_device_train_batch_size=micro_batch,
            gradient_accumulation_steps=accumulation,
            max_steps=1,
            optim="sgd",
            learning_rate=1.0,
            lr_scheduler_type="constant",
            max_grad_norm=0.0,
            load_best_model_at_end=False,
            train_sampling_strategy="random",
        )
        recipe.model.config.update(dropout=0.0)
        steps.append(_weights(_train(recipe, tmp_path / f"{micro_batch}")))
    for other in steps[1:]:
        for name, tensor in steps[0].items():
            torch.testing.assert_close(other[name], tensor, atol=1e-5, rtol=1e-4)


def test_it_learns(tmp_path: Path):
    trained = _train(_recipe("language model", max_steps=30, eval_steps=10), tmp_path)
    losses = [entry["loss"] for entry in trained.curve]
    assert losses[-1] < losses[0] - 0.2
