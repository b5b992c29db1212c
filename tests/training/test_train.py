"""Training: what is learnt, what is kept, what stops it, and that an interruption changes nothing."""

from __future__ import annotations

import copy
import json
import signal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, set_seed

from toolkit.adapters import (
    SEQUENCE_HEAD,
    LocatedModel,
    OpenedModel,
    locate_model,
    open_for_prediction,
    open_for_training,
)
from toolkit.data import prepare_classification
from toolkit.errors import DivergedError, IntegrityError, RecipeError
from toolkit.interrupt import Interrupted
from toolkit.recipe import Recipe, build_recipe
from toolkit.tasks import room_of
from toolkit.tasks.text_classification.class_result import evaluate_predictions
from toolkit.tasks.text_classification.predict import predict
from toolkit.training import Trained, train
from toolkit.training.callbacks import Pace
from toolkit.training.losses import ClassificationLoss
from toolkit.training.peft_methods import adapt
from toolkit.training.save import save_model
from toolkit.training.trainable import check_new_parameters_train
from toolkit.training.trainer import RecipeTrainer


def _recipe(tree: dict[str, Any], **changes: Any) -> Recipe:
    tree = copy.deepcopy(tree)
    tree["training"] |= changes.pop("training", {})
    tree["data"] |= changes.pop("data", {})
    return build_recipe(tree | changes)


def _train(recipe: Recipe, folder: Path) -> tuple[Trained, OpenedModel]:
    set_seed(recipe.seed)
    data = prepare_classification(recipe.data)
    opened = open_for_training(
        locate_model(recipe.model.name),
        SEQUENCE_HEAD,
        labels=data.labels,
        method=recipe.way,
        max_length=recipe.data.max_length,
    )
    folder.mkdir(parents=True, exist_ok=True)
    room = room_of(recipe.task)
    objective = room.objective(recipe, data, opened)
    adapted = adapt(recipe, opened, task_type=room.head.task_type(opened.family))
    return train(recipe, objective, adapted, folder), opened


def _weights(trained: Trained) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in trained.model.state_dict().items()}


def _assert_equal(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> None:
    assert first.keys() == second.keys()
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


@pytest.fixture(scope="module")
def undisturbed(tiny_tree: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Trained:
    trained, _ = _train(_recipe(tiny_tree), tmp_path_factory.mktemp("undisturbed"))
    return trained


def _stop_after(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Ctrl-C comes during this step."""
    original = Pace.on_step_end

    def on_step_end(self: Pace, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step == step:
            signal.raise_signal(signal.SIGINT)
        original(self, args, state, control, **kwargs)

    monkeypatch.setattr(Pace, "on_step_end", on_step_end)


@pytest.mark.parametrize("steps", [(1,), (3,), (5, 6, 11)])
@pytest.mark.parametrize("method", ["full", "lora", "adalora", "prefix_tuning"])
def test_interrupted_run_ends_with_the_same_weights(
    tiny_tree: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    undisturbed: Trained,
    steps: tuple[int, ...],
    method: str,
):
    """Step 3 is the end of an epoch, where the library's own checkpoints forget the evaluation."""
    recipe = _recipe(tiny_tree, method=method)
    expected = undisturbed if method == "full" else _train(recipe, tmp_path / "undisturbed")[0]
    for step in steps:
        with monkeypatch.context() as patch:
            _stop_after(patch, step)
            with pytest.raises(Interrupted):
                _train(recipe, tmp_path / "run")
    trained, _ = _train(recipe, tmp_path / "run")
    _assert_equal(_weights(trained), _weights(expected))
    assert (trained.best_step, trained.steps, trained.curve) == (expected.best_step, 12, expected.curve)
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [entry["step"] for entry in log if entry.get("event") == "resume"] == list(steps)


def test_accumulation_and_a_second_seed_resume_too(
    tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: Trained
):
    training = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 3}
    recipe = _recipe(tiny_tree, training=training, seed=1)
    expected, _ = _train(recipe, tmp_path / "undisturbed")
    _stop_after(monkeypatch, 10)
    with pytest.raises(Interrupted):
        _train(recipe, tmp_path / "run")
    monkeypatch.undo()
    trained, _ = _train(recipe, tmp_path / "run")
    _assert_equal(_weights(trained), _weights(expected))
    assert not torch.equal(_weights(trained)["classifier.weight"], _weights(undisturbed)["classifier.weight"])


def test_damaged_newest_checkpoint_changes_nothing(
    tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: Trained
):
    recipe = _recipe(tiny_tree)
    _stop_after(monkeypatch, 7)
    with pytest.raises(Interrupted):
        _train(recipe, tmp_path / "run")
    monkeypatch.undo()
    weights = tmp_path / "run" / "checkpoints" / "checkpoint-7" / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1
    weights.write_bytes(content)
    trained, _ = _train(recipe, tmp_path / "run")
    _assert_equal(_weights(trained), _weights(undisturbed))
    assert (tmp_path / "run" / "checkpoints" / "quarantine-checkpoint-7").is_dir()


def test_finished_training_is_not_repeated(tiny_tree: dict[str, Any], tmp_path: Path, undisturbed: Trained):
    recipe = _recipe(tiny_tree)
    _train(recipe, tmp_path / "run")
    log = (tmp_path / "run" / "log.jsonl").read_text()
    trained, _ = _train(recipe, tmp_path / "run")
    assert (tmp_path / "run" / "log.jsonl").read_text() == log
    _assert_equal(_weights(trained), _weights(undisturbed))


def test_the_weights_are_those_of_the_best_evaluation(tiny_tree: dict[str, Any], tmp_path: Path, undisturbed: Trained):
    """The saved model, opened by itself, repeats the validation accuracy of the step that was chosen."""
    data = prepare_classification(_recipe(tiny_tree).data)
    trained, opened = _train(_recipe(tiny_tree), tmp_path / "run")
    by_step = {entry["step"]: entry["accuracy"] for entry in trained.curve}
    assert sorted(by_step) == [3, 6, 9, 12]
    assert trained.best_step == min(step for step in by_step if by_step[step] == max(by_step.values()))
    saved = open_for_prediction(LocatedModel("saved", save_model(trained.model, opened, tmp_path)), SEQUENCE_HEAD)
    result = evaluate_predictions(predict(saved, data.validation), metrics=["accuracy"])
    assert result.metrics["accuracy"].value == pytest.approx(by_step[trained.best_step])
    last, _ = _train(_recipe(tiny_tree, training={"load_best_model_at_end": False}), tmp_path / "last")
    assert last.best_step is None


def test_it_learns(tiny_tree: dict[str, Any], tmp_path: Path):
    """Thirty epochs on forty rows: a random network learns them by heart."""
    recipe = _recipe(
        tiny_tree,
        data={"shots_per_class": 20},
        training={"num_train_epochs": 30, "load_best_model_at_end": False, "eval_strategy": "no"},
    )
    trained, opened = _train(recipe, tmp_path / "run")
    saved = open_for_prediction(LocatedModel("saved", save_model(trained.model, opened, tmp_path)), SEQUENCE_HEAD)
    learnt = predict(saved, prepare_classification(recipe.data).train)
    assert evaluate_predictions(learnt, metrics=["accuracy"]).metrics["accuracy"].value > 0.95


def test_patience_stops_early_and_stays_stopped(tiny_tree: dict[str, Any], tmp_path: Path):
    recipe = _recipe(tiny_tree, training={"early_stopping_patience": 1, "learning_rate": 0.0})
    trained, _ = _train(recipe, tmp_path / "run")
    assert (trained.best_step, trained.steps) == (3, 6)
    again, _ = _train(recipe, tmp_path / "run")
    assert (again.best_step, again.steps) == (3, 6)
    _assert_equal(_weights(trained), _weights(again))


def _poison(monkeypatch: pytest.MonkeyPatch, *calls: int) -> None:
    """Makes the loss of these micro-batches, counted from 1, NaN."""
    original = ClassificationLoss.__call__
    count = iter(range(1, 10_000))

    def poisoned(self: ClassificationLoss, outputs: Any, labels: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        loss = original(self, outputs, labels, num_items_in_batch)
        return loss * float("nan") if outputs.logits.requires_grad and next(count) in calls else loss

    monkeypatch.setattr(ClassificationLoss, "__call__", poisoned)


def test_loss_that_is_not_finite_stops_within_the_step(
    tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    _poison(monkeypatch, 6)
    with pytest.raises(DivergedError, match=r"the loss became nan at step 6, on rows \d+, .* of the data"):
        _train(_recipe(tiny_tree), tmp_path / "run")
    assert sorted(path.name for path in (tmp_path / "run" / "checkpoints").glob("checkpoint-*")) == [
        "checkpoint-2",
        "checkpoint-4",
    ]


def test_bad_step_can_be_skipped_but_not_many(
    tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recipe = _recipe(tiny_tree, training={"on_nan": "skip"})
    with monkeypatch.context() as patch:
        _poison(patch, 6)
        trained, _ = _train(recipe, tmp_path / "once")
    assert trained.skipped_steps == 1
    assert all(bool(torch.isfinite(tensor).all()) for tensor in _weights(trained).values())
    _poison(monkeypatch, 6, 8)
    with pytest.raises(DivergedError, match="2 steps had to be skipped"):
        _train(recipe, tmp_path / "twice")


def test_weights_that_are_not_finite_are_never_saved(tiny_tree: dict[str, Any], tmp_path: Path):
    with pytest.raises(DivergedError):
        _train(_recipe(tiny_tree, training={"learning_rate": 1e38, "warmup_steps": 0}), tmp_path / "run")
    for file in tmp_path.rglob("*.safetensors"):
        assert torch.isfinite(torch.frombuffer(bytearray(file.read_bytes()[-400:]), dtype=torch.float32)).all()


def test_checkpoints_hold_no_training_arguments(tiny_tree: dict[str, Any], tmp_path: Path):
    """``training_args.bin`` would hold the raw hub token."""
    _train(_recipe(tiny_tree), tmp_path / "run")
    names = {path.name for path in (tmp_path / "run").rglob("*") if path.is_file()}
    assert "weights.safetensors" in names
    assert "training_args.bin" not in names


def test_lora_trains_adapters_and_head_and_merges_exactly(tiny_tree: dict[str, Any], tmp_path: Path):
    recipe = _recipe(tiny_tree, method="lora", peft={"r": 4})
    trained, opened = _train(recipe, tmp_path / "run")
    before = AutoModelForSequenceClassification.from_pretrained(opened.name).state_dict()
    learnt = {name for name, parameter in trained.model.named_parameters() if parameter.requires_grad}
    assert all("lora_" in name or "modules_to_save" in name for name in learnt)
    assert any("classifier.modules_to_save" in name for name in learnt)
    after = {name.removeprefix("base_model.model."): tensor for name, tensor in trained.model.state_dict().items()}
    frozen = "bert.encoder.layer.0.attention.self.query.base_layer.weight"
    assert torch.equal(after[frozen], before[frozen.replace(".base_layer", "")])
    inputs = {"input_ids": torch.tensor([[101, 2307, 3185, 102]])}
    with torch.inference_mode():
        adapted = trained.model.eval()(**inputs).logits
    folder = save_model(trained.model, opened, tmp_path / "saved")
    plain = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.inference_mode():
        torch.testing.assert_close(plain(**inputs).logits, adapted, atol=1e-5, rtol=1e-5)
    assert (tmp_path / "saved" / "adapter" / "adapter_model.safetensors").is_file()


def test_target_modules_that_the_model_has_not_are_told(tiny_tree: dict[str, Any], tmp_path: Path):
    with pytest.raises(RecipeError, match="the model has no module 'nowhere'"):
        _train(_recipe(tiny_tree, method="lora", peft={"target_modules": ["nowhere"]}), tmp_path / "run")


def test_frozen_new_parameter_is_refused_by_name(tiny_bert: Path):
    opened = open_for_training(locate_model(str(tiny_bert)), SEQUENCE_HEAD, labels=("a", "b"), method="full")
    check_new_parameters_train(opened.model, opened.new_parameters)
    opened.model.classifier.weight.requires_grad_(False)
    with pytest.raises(IntegrityError, match=r"would stay at their random start: classifier\.weight;"):
        check_new_parameters_train(opened.model, opened.new_parameters)


def test_class_weights_by_name_and_their_misspelling(
    tiny_tree: dict[str, Any], tmp_path: Path, sentences: list[tuple[str, str]], undisturbed: Trained
):
    label = sentences[0][1]
    weighted, _ = _train(_recipe(tiny_tree, training={"class_weights": {label: 5.0}}), tmp_path / "run")
    assert not torch.equal(_weights(weighted)["classifier.bias"], _weights(undisturbed)["classifier.bias"])
    with pytest.raises(RecipeError, match=f"there is no class '{label}x'; did you mean '{label}'"):
        _train(_recipe(tiny_tree, training={"class_weights": {f"{label}x": 5.0}}), tmp_path / "misspelt")


def test_token_budget_and_bf16_train(tiny_tree: dict[str, Any], tmp_path: Path):
    recipe = _recipe(tiny_tree, training={"tokens_per_batch": 256, "bf16": True, "num_train_epochs": 1})
    trained, _ = _train(recipe, tmp_path / "run")
    assert trained.steps > 3
    assert all(tensor.dtype is not torch.bfloat16 for tensor in _weights(trained).values())


def test_gradients_that_overflow_since_they_are_scaled_up_are_scaled_less(
    tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As in float16 on a GPU, where the first steps overflow by design; here with torch's scaler for CPUs."""
    first = 2.0**122
    scaler = torch.amp.GradScaler("cpu", init_scale=first)

    class Scaled(RecipeTrainer):
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.accelerator.scaler = scaler

        def compute_loss(self, model: torch.nn.Module, *args: Any, **settings: Any) -> Any:
            loss = super().compute_loss(model, *args, **settings)
            return 1000 * loss if model.training else loss  # overflows until the factor was halved a few times

    monkeypatch.setattr(import_module("toolkit.training.train"), "RecipeTrainer", Scaled)
    trained, _ = _train(_recipe(tiny_tree), tmp_path)
    assert trained.skipped_steps == 0
    assert 2.0**112 < scaler.get_scale() < first
    assert all(bool(tensor.isfinite().all()) for tensor in _weights(trained).values())
