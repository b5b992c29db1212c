"""LoRA and its kin on every architecture: the head trains whole, and adapter, merged and reloaded model agree."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tiny_models
import torch
from peft import PeftModel, PeftModelForTokenClassification, TaskType
from safetensors import safe_open
from torch import nn

from toolkit.adapters import (
    SEQUENCE_HEAD,
    LocatedModel,
    OpenedModel,
    locate_model,
    open_for_prediction,
    open_for_training,
)
from toolkit.adapters.peft_models import merge
from toolkit.errors import IntegrityError, RecipeError
from toolkit.names import LORA, Method, Task
from toolkit.tasks import task_of
from toolkit.training.peft_methods import wrap_with_peft
from toolkit.training.save import save_model
from toolkit.training.trainable import check_new_parameters_train

TEXTS = ["the film is good", "bad", "그 영화 는 좋다 , very very good !", "not dull . bright film !"]
LABELS = ("neg", "pos", "없음")
SETTINGS = {"r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "target_modules": "all-linear"}


def opened_for(name: str, folder: Path, *, method: Method = Method.PEFT) -> OpenedModel:
    located = LocatedModel(str(folder), tiny_models.pretrained(name, folder))
    return open_for_training(located, SEQUENCE_HEAD, labels=LABELS, method=method, max_length=24)


def logits(model: nn.Module, opened: OpenedModel) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(**opened.tokenizer(TEXTS, padding=True, return_tensors="pt")).logits
    return found


def learnt(model: PeftModel, opened: OpenedModel) -> PeftModel:
    """After two steps of plain torch."""
    optimizer = torch.optim.AdamW([weight for weight in model.parameters() if weight.requires_grad], lr=0.02)
    model.train()
    batch = opened.tokenizer(TEXTS, padding=True, return_tensors="pt")
    for _ in range(2):
        model(**batch, labels=torch.tensor([0, 1, 2, 1])).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


def assert_same(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Within what docs/design.md, section 4.5 allows."""
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * float(expected.abs().max()))


@pytest.mark.parametrize("name", sorted(tiny_models.ARCHITECTURES))
def test_merged_model_adapter_and_reloaded_one_agree(name: str, tmp_path: Path):
    opened = opened_for(name, tmp_path / "base")
    before = {part: weight.clone() for part, weight in opened.model.named_parameters()}
    model = wrap_with_peft(opened, LORA, SETTINGS)
    check_new_parameters_train(model, opened.new_parameters)
    adapted = logits(learnt(model, opened), opened)
    folder = save_model(model, opened, tmp_path)
    plain_model = merge(model)
    assert_same(logits(plain_model, opened), adapted)
    weights = dict(plain_model.named_parameters())
    assert not [part for part in opened.new_parameters if torch.equal(weights[part], before[part])]
    merged = open_for_prediction(LocatedModel("merged", folder), SEQUENCE_HEAD)
    assert (merged.labels, merged.max_length) == (LABELS, 24)
    assert_same(logits(merged.model, merged), adapted)
    again = open_for_prediction(locate_model(str(tmp_path / "adapter")), SEQUENCE_HEAD)
    assert task_of(locate_model(str(tmp_path / "adapter"))) is Task.TEXT_CLASSIFICATION
    assert (again.labels, again.max_length, again.family) == (LABELS, 24, opened.family)
    assert_same(logits(again.model, again), adapted)
    # Through peft alone, on a base with another random head.
    plain = open_for_training(LocatedModel("base", tmp_path / "base"), SEQUENCE_HEAD, labels=LABELS, method=Method.PEFT)
    assert_same(logits(PeftModel.from_pretrained(plain.model, str(tmp_path / "adapter")).eval(), plain), adapted)


@pytest.mark.parametrize("name", ["bert", "roberta", "deberta-v2", "electra", "gpt2", "t5", "bart", "marian"])
def test_no_adapter_is_put_on_the_head(name: str, tmp_path: Path):
    opened = opened_for(name, tmp_path)
    prefix = opened.model.base_model_prefix
    linear = {
        part
        for part, module in opened.model.named_modules()
        if part.startswith(f"{prefix}.") and (type(module).__name__ == "Conv1D" or isinstance(module, nn.Linear))
    }
    model = wrap_with_peft(opened, LORA, SETTINGS)
    wrapped = {
        part.removeprefix("base_model.model.").removesuffix(".lora_A")
        for part, _ in model.named_modules()
        if part.endswith(".lora_A")
    }
    new = {part.rpartition(".")[0] for part in opened.new_parameters}
    assert wrapped == linear - new
    assert not [part for part, _ in model.named_parameters() if part.count("modules_to_save") > 1]
    assert model.peft_config["default"].task_type == "SEQ_CLS"


def test_the_task_type_decides_the_class_that_wraps_the_model(tmp_path: Path):
    model = wrap_with_peft(opened_for("bert", tmp_path), LORA, SETTINGS, task_type=TaskType.TOKEN_CLS)
    assert type(model) is PeftModelForTokenClassification
    assert model.peft_config["default"].task_type == "TOKEN_CLS"


@pytest.mark.parametrize("method", ["dora", "rslora"])
@pytest.mark.parametrize("name", ["bert", "gpt2", "own-encoder-decoder"])
def test_each_method_has_its_flag_and_can_be_merged(name: str, method: str, tmp_path: Path):
    opened = opened_for(name, tmp_path / "base")
    model = wrap_with_peft(opened, method, SETTINGS)
    config = model.peft_config["default"]
    assert (config.use_dora, config.use_rslora) == (method == "dora", method == "rslora")
    adapted = logits(learnt(model, opened), opened)
    save_model(model, opened, tmp_path)
    for folder in ("model", "adapter"):
        again = open_for_prediction(LocatedModel(folder, tmp_path / folder), SEQUENCE_HEAD)
        assert_same(logits(again.model, again), adapted)


def test_settings_that_do_not_fit_are_refused_in_one_line(tmp_path: Path):
    opened = opened_for("bert", tmp_path)
    with pytest.raises(RecipeError, match=r"no module 'querry'; did you mean 'query'\?") as refused:
        wrap_with_peft(opened, LORA, SETTINGS | {"target_modules": ["querry", "value"]})
    assert "\n" not in str(refused.value)
    with pytest.raises(RecipeError, match="peft: "):
        wrap_with_peft(opened, LORA, SETTINGS | {"target_modules": "no_such_module"})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run: a BERT with LoRA, and its base beside it."""
    opened = opened_for("bert", tmp_path / "base")
    save_model(learnt(wrap_with_peft(opened, LORA, SETTINGS), opened), opened, tmp_path)
    return tmp_path


def refusal(folder: Path) -> str:
    with pytest.raises(IntegrityError) as refused:
        open_for_prediction(LocatedModel("mine", folder), SEQUENCE_HEAD)
    (fault,) = refused.value.faults
    assert "\n" not in fault.message
    return fault.message


def test_adapter_whose_base_has_changed_is_refused(run: Path):
    tiny_models.pretrained("bert", run / "base", seed=1)
    assert "was trained on other weights than" in refusal(run / "adapter")


@pytest.mark.parametrize("other", ["roberta", "gpt2", "t5"])
def test_adapter_on_a_base_of_another_kind_is_refused(run: Path, other: str):
    """Also where nobody noted which base it was."""
    tiny_models.pretrained(other, run / "other")
    settings = json.loads((run / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    settings["base_model_name_or_path"] = str(run / "other")
    (run / "adapter" / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
    assert "other weights than" in refusal(run / "adapter")
    for name in ("base.json", "config.json", "tokenizer.json", "tokenizer_config.json"):
        (run / "adapter" / name).unlink()
    assert "the adapter does not fit its base model" in refusal(run / "adapter")


def test_adapter_of_plain_peft_brings_as_many_labels_as_it_has_rows(run: Path):
    for name in ("base.json", "config.json", "tokenizer.json", "tokenizer_config.json"):
        (run / "adapter" / name).unlink()
    opened = open_for_prediction(LocatedModel("mine", run / "adapter"), SEQUENCE_HEAD)
    merged = open_for_prediction(LocatedModel("mine", run / "model"), SEQUENCE_HEAD)
    assert opened.labels == ("LABEL_0", "LABEL_1", "LABEL_2")
    assert_same(logits(opened.model, opened), logits(merged.model, merged))


def test_damaged_adapters_are_refused_and_nothing_is_executed(run: Path):
    weights, settings = run / "adapter" / "adapter_model.safetensors", run / "adapter" / "adapter_config.json"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:2000])
    assert "damaged" in refusal(run / "adapter")
    weights.unlink()
    (run / "adapter" / "adapter_model.bin").write_bytes(b"pickle")
    assert refusal(run / "adapter") == "adapter_model.safetensors is missing"
    weights.write_bytes(whole)
    settings.write_text("[]", encoding="utf-8")
    assert refusal(run / "adapter") == "adapter_config.json is damaged"


@pytest.mark.parametrize(
    "changes", [{"peft_type": "XLORA"}, {"peft_type": None}, {"shadow_model": "any/model"}, {"megatron_config": {}}]
)
def test_adapters_that_no_recipe_makes_or_that_name_code_are_refused(run: Path, changes: dict[str, Any]):
    file = run / "adapter" / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    with pytest.raises(RecipeError, match="which the toolkit does not open"):
        open_for_prediction(LocatedModel("mine", run / "adapter"), SEQUENCE_HEAD)


def test_adapter_is_no_model_to_train_on(run: Path):
    with pytest.raises(IntegrityError, match="this is an adapter without its model; take the merged one"):
        open_for_training(LocatedModel("mine", run / "adapter"), SEQUENCE_HEAD, labels=LABELS, method=Method.FULL)


def test_weights_are_readable_as_the_files_beside_them(run: Path):
    for folder in ("model", "adapter"):
        modes = {file.stat().st_mode & 0o777 for file in (run / folder).iterdir()}
        assert len(modes) == 1, sorted(run.iterdir())
    with safe_open(run / "adapter" / "adapter_model.safetensors", framework="pt") as file:
        assert any("classifier" in name for name in file.keys())  # noqa: SIM118
