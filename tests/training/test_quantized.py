"""Adapters on quantized models, beside plain transformers, peft and bitsandbytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model, prepare_model_for_kbit_training
from peft_cases import LABELS, head_of, logits_of, loss_of
from tiny_models import pretrained
from transformers import BitsAndBytesConfig
from writing_models import PAIRS

from toolkit.adapters import LocatedModel, OpenedModel, open_for_training
from toolkit.adapters.adapter_folder import merge_dequantized
from toolkit.adapters.quantization import stored_bytes
from toolkit.errors import RecipeError
from toolkit.names import Method, Task
from toolkit.recipe import build_recipe
from toolkit.run_result.log import training_losses
from toolkit.tasks import room_of
from toolkit.training.peft_methods import adapt
from toolkit.trials.finished import FinishedRun
from toolkit.workflow.export import Format, export
from toolkit.workflow.fine_tune import fine_tune

pytest.importorskip("bitsandbytes")

BITS = ("4bit", "8bit")
PLACES = [
    ("llama", Task.TEXT_GENERATION),
    ("gpt2", Task.TEXT_GENERATION),
    ("t5", Task.TEXT_GENERATION),
    ("bert", Task.TEXT_CLASSIFICATION),
    ("bert", Task.TOKEN_CLASSIFICATION),
]
PLAIN: dict[str, dict[str, Any]] = {
    "4bit": {
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_use_double_quant": True,
        "bnb_4bit_compute_dtype": torch.float32,
    },
    "8bit": {"load_in_8bit": True},
}
HEADS = {Task.TEXT_GENERATION: [], Task.TEXT_CLASSIFICATION: ["classifier"], Task.TOKEN_CLASSIFICATION: ["classifier"]}
POOLERS = {Task.TEXT_CLASSIFICATION: ["pooler.dense"]}
LORA: dict[str, Any] = {
    "r": 4,
    "lora_alpha": 8,
    "lora_dropout": 0.0,
    "target_modules": "all-linear",
    "init_lora_weights": False,
}


def opened_in(bits: str, folder: Path, task: Task) -> OpenedModel:
    head = head_of(task)
    return open_for_training(
        LocatedModel(str(folder), folder),
        head,
        labels=LABELS if head.is_labelled else (),
        method=Method.PEFT,
        max_length=24,
        quantization=bits,
    )


def recipe_for(folder: Path, bits: str, task: Task = Task.TEXT_CLASSIFICATION, **changes: Any) -> Any:
    pairs = task is Task.TEXT_GENERATION
    columns = {"columns": {"source": "source", "target": "target"}} if pairs else {}
    tree: dict[str, Any] = {
        "task": task.value,
        "model": {"name": str(folder), "quantization": bits},
        "data": {"source": "rows.jsonl", **columns, "test_size": 6, "validation_size": 6, "max_length": 24},
        "method": "lora",
        **changes,
    }
    return build_recipe(tree)


@pytest.mark.parametrize("bits", BITS)
@pytest.mark.parametrize(("name", "task"), PLACES)
def test_gradients_are_those_of_the_plain_libraries(name: str, task: Task, bits: str, tmp_path: Path):
    """In training the library's layers compute in float32 too, so the adapters' gradients have to be the same."""
    folder = pretrained(name, tmp_path / name)
    opened = opened_in(bits, folder, task)
    whole = {"modules_to_save": HEADS[task] + POOLERS.get(task, [])} if HEADS[task] else {}
    recipe = recipe_for(folder, bits, task, peft=LORA)
    ours = adapt(recipe, opened, task_type=head_of(task).task_type(opened.family)).model

    skipped = {"llm_int8_skip_modules": whole["modules_to_save"]} if whole else {}
    labels = {"num_labels": len(LABELS)} if whole else {}
    factory = head_of(task).auto_class(opened.family)
    settings = BitsAndBytesConfig(**PLAIN[bits], **skipped)
    plain = factory.from_pretrained(folder, quantization_config=settings, dtype=torch.float32, **labels)
    plain = prepare_model_for_kbit_training(plain, use_gradient_checkpointing=False)
    task_type = head_of(task).task_type(opened.family)
    theirs = get_peft_model(plain, LoraConfig(**LORA, task_type=task_type, **whole))
    trained = {name: weight for name, weight in ours.named_parameters() if weight.requires_grad}
    reference = {name: weight for name, weight in theirs.named_parameters() if weight.requires_grad}
    assert trained.keys() == reference.keys()
    with torch.no_grad():
        for part, weight in reference.items():
            weight.copy_(trained[part])

    for model in (ours, theirs):
        torch.manual_seed(1)  # the same dropout
        loss_of(model.train(), opened).backward()
    largest = max(float(weight.grad.abs().max()) for weight in reference.values() if weight.grad is not None)
    assert largest > 1e-3
    for part, weight in reference.items():
        assert (weight.grad is None) == (trained[part].grad is None), part
        if weight.grad is not None:
            assert float((weight.grad - trained[part].grad).abs().max()) <= 1e-5 * max(1.0, largest), part


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pairs to write, whose sources have labels too."""
    file = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = [
        {"source": source, "target": target, "text": source, "label": "no" if "bad" in source else "yes"}
        for source, target in PAIRS * 2
    ]
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    return file


def run_on(name: str, task: Task, bits: str, rows: Path, folder: Path, **training: Any) -> FinishedRun:
    base = pretrained(name, folder / "base")
    usual = {"max_steps": 12, "learning_rate": 2e-2, "logging_steps": 1, "warmup_steps": 0, "save_strategy": "no"}
    recipe = recipe_for(base, bits, task, training={**usual, **training})
    recipe = recipe.model_copy(update={"data": recipe.data.model_copy(update={"source": str(rows)})})
    return fine_tune(recipe, name=name, output_dir=folder / "run", ledger=folder / "trials.jsonl")


@pytest.mark.parametrize(
    ("name", "task", "bits", "training"),
    [
        ("llama", Task.TEXT_GENERATION, "4bit", {"activation_checkpointing": True}),
        ("gpt2", Task.TEXT_GENERATION, "8bit", {}),
        ("t5", Task.TEXT_GENERATION, "4bit", {}),
        ("bert", Task.TEXT_CLASSIFICATION, "8bit", {"bf16": True}),
    ],
)
def test_it_learns_is_kept_as_an_adapter_and_merges_into_what_its_bits_stand_for(
    name: str, task: Task, bits: str, training: dict[str, Any], rows: Path, tmp_path: Path
):
    run = run_on(name, task, bits, rows, tmp_path, **training)
    losses = [line["loss"] for line in training_losses(run.folder)]
    assert sum(losses[-3:]) < sum(losses[:3])
    assert run.result.is_adapter
    assert run.result.parity is not None
    assert run.result.parity["saved"]["largest_gap"] <= 1e-5
    assert 0 < run.result.cost["quantized_base_bytes"] < run.result.cost["float32_base_bytes"]
    assert (run.folder / "model" / "adapter_model.safetensors").is_file()
    assert "BitsAndBytesConfig(**config.base_quantization)" in (run.folder / "README.md").read_text(encoding="utf-8")
    config = json.loads((run.folder / "model" / "config.json").read_text(encoding="utf-8"))
    assert config["base_quantization"][f"load_in_{bits}"]
    assert "quantization_config" not in config

    opened = room_of(task).open(LocatedModel("run", run.folder / "model"))
    assert isinstance(opened.model, PeftModel)
    before = logits_of(opened)
    assert float((logits_of(merge_dequantized(opened)) - before).abs().max()) <= 1e-5 * float(before.abs().max())
    exported = export(str(run.folder), form=Format.MERGED, output_dir=tmp_path / "merged")
    assert exported.parity.passed
    config = json.loads((tmp_path / "merged" / "config.json").read_text(encoding="utf-8"))
    assert not config.keys() & {"base_quantization", "quantization_config"}


def test_bytes_are_those_of_the_format(tmp_path: Path):
    """Half a byte a number and a scale a block of 64, which is quantized too; one byte and a scale a row."""
    folder = pretrained("llama", tmp_path / "llama")
    for bits in BITS:
        model = opened_in(bits, folder, Task.TEXT_GENERATION).model
        kept, whole = stored_bytes(model)
        layers = [module for module in model.modules() if type(module).__name__ in ("Linear4bit", "Linear8bitLt")]
        numbers = sum(layer.in_features * layer.out_features for layer in layers)
        rest = whole // 4 - numbers
        if bits == "8bit":
            scales = 4 * sum(layer.out_features for layer in layers)
        else:
            blocks = [-(-layer.in_features * layer.out_features // 64) for layer in layers]
            scales = sum(n + 4 * -(-n // 256) for n in blocks)
        packed = numbers if bits == "8bit" else numbers // 2
        assert kept == 4 * rest + packed + scales


@pytest.mark.parametrize("method", ["full", "features", "zero-shot"])
def test_other_methods_are_refused_with_what_to_write(method: str):
    with pytest.raises(RecipeError, match=r"model.quantization.*method: lora"):
        recipe_for(Path("tiny"), "4bit", method=method)


def test_a_model_of_our_own_is_refused_before_any_work():
    tree = {"model": {"config": {"preset": "tiny"}, "quantization": "8bit"}, "method": "scratch"}
    with pytest.raises(RecipeError, match="scratch begins at random"):
        recipe_for(Path("tiny"), "8bit", **tree)


def test_bits_are_named_with_those_that_there_are():
    with pytest.raises(RecipeError, match="4bit"):
        recipe_for(Path("tiny"), "3bit")


def test_a_model_that_is_quantized_already_is_refused(tmp_path: Path):
    folder = pretrained("bert", tmp_path / "bert")
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    settings["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_8bit": True}
    (folder / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    with pytest.raises(RecipeError, match="quantized already"):
        opened_in("4bit", folder, Task.TEXT_CLASSIFICATION)


@pytest.mark.parametrize("method", ["loha", "hra", "boft"])
def test_methods_that_take_bits_for_numbers_are_refused(method: str, tmp_path: Path):
    folder = pretrained("llama", tmp_path / "llama")
    for bits in BITS:
        opened = opened_in(bits, folder, Task.TEXT_GENERATION)
        task_type = head_of(Task.TEXT_GENERATION).task_type(opened.family)
        with pytest.raises(RecipeError) as found:
            adapt(recipe_for(folder, bits, Task.TEXT_GENERATION, method=method), opened, task_type=task_type)
        (fault,) = found.value.faults
        assert "\n" not in fault.message
