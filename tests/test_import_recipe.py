"""Files of other tools become recipes: what is carried and left is told, and what has no place here is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli.main import run
from toolkit.errors import RecipeError, ResourceError
from toolkit.recipe import Recipe, load_recipe, recipe_digest
from toolkit.workflow.import_recipe import Imported, import_recipe

ALPACA = [
    {"instruction": f"say {i}", "input": f"the text {i}" if i % 2 else "", "output": f"it is {i}"} for i in range(20)
]
CHATS = [
    {"conversations": [{"from": "human", "value": f"hi {i}"}, {"from": "gpt", "value": f"ho {i}"}]} for i in range(20)
]

LLAMA_FACTORY = """\
### model
model_name_or_path: some/model-8B
trust_remote_code: true

### method
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 8
lora_target: all

### dataset
dataset: own_alpaca
template: llama3
cutoff_len: 2048
max_samples: 1000
overwrite_cache: true

### output
output_dir: saves/own
logging_steps: 10
save_steps: 500
plot_loss: true
report_to: none

### train
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1.0e-4
num_train_epochs: 3.0
lr_scheduler_type: cosine
warmup_ratio: 0.1
bf16: true
val_size: 0.1
"""

AXOLOTL = """\
base_model: some/model-1b
load_in_8bit: false
load_in_4bit: true
datasets:
  - path: chats.jsonl
    type: chat_template
    field_messages: conversations
    message_property_mappings:
      role: from
      content: value
val_set_size: 0.05
output_dir: ./outputs/out
adapter: qlora
lora_r: 32
lora_alpha: 16
lora_dropout: 0
lora_target_linear: true
sequence_len: 512
sample_packing: true
wandb_project:
gradient_accumulation_steps: 4
micro_batch_size: 2
num_epochs: 4
optimizer: adamw_torch
lr_scheduler: cosine
learning_rate: 0.0002
bf16: auto
tf32: false
gradient_checkpointing: true
flash_attention: true
warmup_ratio: 0.1
evals_per_epoch: 4
weight_decay: 0.0
"""

AUTOTRAIN = """\
task: text_classification
base_model: some/bert
project_name: own
log: tensorboard
backend: local
data:
  path: rows/
  train_split: train
  valid_split: valid
  column_mapping:
    text_column: review
    target_column: stars
params:
  max_seq_length: 128
  epochs: 3
  batch_size: 4
  lr: 2e-5
  optimizer: adamw_torch
  scheduler: linear
  gradient_accumulation: 1
  mixed_precision: fp16
hub:
  username: ${HF_USERNAME}
  token: ${HF_TOKEN}
  push_to_hub: true
"""

SCRIPT = {
    "model_name_or_path": "some/t5",
    "train_file": "pairs.jsonl",
    "source_lang": "de",
    "target_lang": "en",
    "source_prefix": "translate German to English: ",
    "max_source_length": 128,
    "output_dir": "out",
    "per_device_train_batch_size": 8,
    "learning_rate": 3e-4,
    "num_train_epochs": 2,
    "evaluation_strategy": "epoch",
    "predict_with_generate": True,
    "fp16": True,
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data as the tools lay it: beside the files, in ``data`` and in a folder of splits."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "rows").mkdir()
    (tmp_path / "data" / "alpaca.json").write_text(json.dumps(ALPACA), encoding="utf-8")
    info = {
        "own_alpaca": {"file_name": "alpaca.json"},
        "pairs": {"hf_hub_url": "some/data", "columns": {"prompt": "question", "response": "answer"}},
        "wishes": {"file_name": "x.json", "ranking": True},
        "pictures": {"file_name": "x.json", "formatting": "sharegpt", "columns": {"images": "images"}},
    }
    (tmp_path / "data" / "dataset_info.json").write_text(json.dumps(info), encoding="utf-8")
    (tmp_path / "chats.jsonl").write_text("\n".join(map(json.dumps, CHATS)), encoding="utf-8")
    pairs = [{"source": f"ein Satz {i}", "target": f"a sentence {i}"} for i in range(20)]
    (tmp_path / "pairs.jsonl").write_text("\n".join(map(json.dumps, pairs)), encoding="utf-8")
    for split in ("train", "valid"):
        lines = ["review,stars", *(f"a film {i},{i % 2}" for i in range(20))]
        (tmp_path / "rows" / f"{split}.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def imported(folder: Path, text: str | dict[str, Any], *overrides: str) -> tuple[Imported, Recipe]:
    file = folder / ("args.json" if isinstance(text, dict) else "other.yaml")
    file.write_text(json.dumps(text) if isinstance(text, dict) else text, encoding="utf-8")
    made = import_recipe(file, overrides=overrides, output=folder / "own.yaml")
    loaded = load_recipe(made.path)
    assert recipe_digest(loaded) == recipe_digest(made.recipe)
    return made, loaded


def test_llama_factory(folder: Path):
    made, recipe = imported(folder, LLAMA_FACTORY)
    assert (recipe.task, recipe.model.name, recipe.method) == ("text-generation", "some/model-8B", "lora")
    assert (recipe.peft["r"], recipe.peft["target_modules"]) == (8, "all-linear")
    data = recipe.data
    assert (data.source, data.max_length, data.validation_size) == ("data/alpaca.json", 2048, 0.1)
    assert data.columns == {"instruction": "instruction", "input": "input", "target": "output"}
    assert data.prompt == "{instruction}\n{input}"
    training = recipe.training.for_trainer()
    assert (training["learning_rate"], training["warmup_steps"], training["save_steps"]) == (1e-4, 0.1, 500)
    assert recipe.training.bf16 is True
    assert made.left.keys() >= {"template", "max_samples", "overwrite_cache", "output_dir", "plot_loss"}
    assert "code of a model is never run" in made.left["trust_remote_code"]
    assert made.carried.keys() | made.left.keys() >= set(yaml_keys(LLAMA_FACTORY)) - {"overwrite_cache"}


def yaml_keys(text: str) -> list[str]:
    """Keys of the top level with a value that asks for something."""
    pairs = (line.partition(":") for line in text.splitlines() if line[:1].isalpha())
    return [key for key, _, value in pairs if value.strip() not in ("", "false")]


def test_axolotl(folder: Path):
    made, recipe = imported(folder, AXOLOTL)
    assert (recipe.model.name, recipe.model.quantization, recipe.method) == ("some/model-1b", "4bit", "lora")
    assert (recipe.data.source, recipe.data.columns) == ("chats.jsonl", {"messages": "conversations"})
    assert (recipe.data.max_length, recipe.data.validation_size) == (512, 0.05)
    training = recipe.training.for_trainer()
    assert (training["per_device_train_batch_size"], training["num_train_epochs"]) == (2, 4)
    assert (training["eval_strategy"], training["eval_steps"]) == ("steps", 1 / 16)
    assert (training["optim"], training["lr_scheduler_type"]) == ("adamw_torch", "cosine")
    assert training["activation_checkpointing"] is True
    assert recipe.peft["lora_alpha"] == 16
    assert made.left.keys() == {"output_dir", "sample_packing", "flash_attention"}


def test_autotrain(folder: Path):
    made, recipe = imported(folder, AUTOTRAIN)
    assert (recipe.task, recipe.method, recipe.model.name) == ("text-classification", "full", "some/bert")
    assert (recipe.data.train, recipe.data.validation) == ("rows/train.csv", "rows/valid.csv")
    assert recipe.data.columns == {"text": "review", "label": "stars"}
    training = recipe.training.for_trainer()
    assert (training["num_train_epochs"], training["per_device_train_batch_size"]) == (3, 4)
    assert (training["learning_rate"], training["lr_scheduler_type"]) == (2e-5, "linear")
    assert "hf auth login" in made.left["hub.token"]
    assert "HF_TOKEN" not in made.text
    assert made.left.keys() >= {"project_name", "backend", "hub.username", "hub.push_to_hub"}


def test_autotrain_chats_of_the_hub(folder: Path):
    text = (
        "task: llm-sft\nbase_model: some/chat\nproject_name: own\nbackend: local\n"
        "data:\n  path: some/chats\n  train_split: train\n  valid_split: null\n  chat_template: tokenizer\n"
        "  column_mapping:\n    text_column: messages\n"
        "params:\n  block_size: 2048\n  model_max_length: 4096\n  peft: true\n  quantization: int4\n"
        "  target_modules: all-linear\n  epochs: 2\n  mixed_precision: bf16\n"
    )
    made, recipe = imported(folder, text)
    assert (recipe.task, recipe.method, recipe.model.quantization) == ("text-generation", "lora", "4bit")
    assert (recipe.data.source, recipe.data.columns) == ("some/chats:train", {"messages": "messages"})
    assert (recipe.data.max_length, recipe.training.bf16) == (4096, True)
    assert made.left.keys() >= {"data.chat_template", "params.block_size", "project_name"}


def test_arguments_of_a_script_for_words(folder: Path):
    arguments = {
        "model_name_or_path": "some/bert",
        "task_name": "ner",
        "dataset_name": "some/entities",
        "text_column_name": "words",
        "label_column_name": "ner_tags",
        "output_dir": "out",
        "num_train_epochs": 3,
        "do_train": True,
    }
    made, recipe = imported(folder, arguments)
    assert (recipe.task, recipe.data.source) == ("token-classification", "some/entities")
    assert recipe.data.columns == {"tokens": "words", "tags": "ner_tags"}
    assert made.left.keys() == {"output_dir", "do_train"}


def test_arguments_of_a_script(folder: Path):
    made, recipe = imported(folder, SCRIPT)
    assert (recipe.task, recipe.data.source, recipe.data.max_length) == ("translation", "pairs.jsonl", 128)
    assert (recipe.data.source_language, recipe.data.target_language) == ("de", "en")
    assert recipe.data.prompt == "translate German to English: {source}"
    assert recipe.training.for_trainer()["eval_strategy"] == "epoch"
    assert recipe.training.bf16 == "auto"
    assert made.left.keys() == {"output_dir", "predict_with_generate"}


def test_training_arguments_alone_need_task_model_and_data(folder: Path):
    arguments = {"learning_rate": 1e-4, "per_device_train_batch_size": 8, "num_train_epochs": 2, "push_to_hub": True}
    with pytest.raises(RecipeError) as caught:
        imported(folder, arguments)
    assert [word for word in ("task=", "model.name=", "data.source=") if word in str(caught.value)] == [
        "task=",
        "model.name=",
        "data.source=",
    ]
    assert not (folder / "own.yaml").exists()
    said = ("task=text-classification", "model.name=packaged:minilm", "data.source=rows/train.csv")
    _, recipe = imported(folder, arguments, *said)
    assert recipe.training.for_trainer()["learning_rate"] == 1e-4
    assert recipe.data.columns == {"text": "review", "label": "stars"}  # told by the file


def test_a_setting_that_a_recipe_refuses_is_left_with_its_reason(folder: Path):
    made, recipe = imported(folder, AXOLOTL.replace("adamw_torch", "no_such_optimizer"))
    assert "no_such_optimizer" in made.left["optimizer"]
    assert recipe.training.for_trainer()["optim"] != "no_such_optimizer"


REFUSED = {
    "dpo": (LLAMA_FACTORY.replace("stage: sft", "stage: dpo"), "preferred answers"),
    "reward": (LLAMA_FACTORY.replace("stage: sft", "stage: rm"), "reward model"),
    "freeze": (LLAMA_FACTORY.replace("finetuning_type: lora", "finetuning_type: freeze"), "'freeze' is no method"),
    "unknown data": (LLAMA_FACTORY.replace("own_alpaca", "own_alpca"), "did you mean 'own_alpaca'"),
    "ranked": (LLAMA_FACTORY.replace("own_alpaca", "wishes"), "ranks answers"),
    "pictures": (LLAMA_FACTORY.replace("own_alpaca", "pictures"), "pictures, films or sounds"),
    "two layouts": (LLAMA_FACTORY.replace("own_alpaca", "own_alpaca,pairs"), "different columns"),
    "adapter": (LLAMA_FACTORY + "adapter_name_or_path: saves/other\n", "begins anew"),
    "axolotl rl": (AXOLOTL + "rl: dpo\n", "preferences"),
    "axolotl type": (AXOLOTL.replace("type: chat_template", "type: input_output"), "type 'input_output'"),
    "axolotl keys": (AXOLOTL.replace("role: from", "role: who"), "who, value"),
    "axolotl vision": (AXOLOTL + "processor_type: AutoProcessor\n", "no pictures"),
    "autotrain task": (AUTOTRAIN.replace("text_classification", "image_classification"), "no task of this version"),
    "autotrain trainer": (
        AUTOTRAIN.replace("text_classification", "llm").replace("epochs: 3", "epochs: 3\n  trainer: orpo"),
        "'orpo' learns from preferences",
    ),
    "autotrain data": (AUTOTRAIN.replace("path: rows/", "path: nowhere/at all/"), "no data file"),
    "a recipe": (
        "task: text-classification\nmodel: {name: m}\ndata: {source: a.csv}\nmethod: full\n",
        "recipe already",
    ),
    "something else": ("services:\n  web: {image: nginx}\n", "found the keys services"),
    "no keys": ("- a\n- b\n", "keys with values"),
    "broken": ("model_name_or_path: [a\nstage: sft\n", "other.yaml"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_carried_is_refused_and_nothing_is_written(name: str, folder: Path):
    text, words = REFUSED[name]
    with pytest.raises(RecipeError) as caught:
        imported(folder, text)
    assert words in str(caught.value)
    assert not (folder / "own.yaml").exists()


def test_a_token_never_gets_into_a_recipe(folder: Path):
    token = "hf_" + "a1" * 17
    made, _ = imported(folder, AUTOTRAIN.replace("${HF_TOKEN}", token))
    assert token not in made.text + "".join(made.lines())


def test_a_file_that_is_there_stays(folder: Path):
    (folder / "own.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(ResourceError, match="exists already"):
        imported(folder, LLAMA_FACTORY)
    assert (folder / "own.yaml").read_text(encoding="utf-8") == "mine"


def test_the_command_lists_what_was_carried_and_left(folder: Path, capsys: pytest.CaptureFixture[str]):
    (folder / "other.yaml").write_text(AXOLOTL, encoding="utf-8")
    assert run(["recipes", "import", "other.yaml"]) == 0
    shown = capsys.readouterr().out
    assert "adapter → method" in shown
    assert "sample_packing: rows of pretrained models are padded" in shown
    assert run(["recipes", "check", "other-recipe.yaml"]) == 0
    assert run(["recipes", "import", "other.yaml"]) == 4
    assert run(["recipes", "import", "absent.yaml"]) == 2
    (folder / "bad.yaml").write_text(AXOLOTL + "rl: kto\n", encoding="utf-8")
    assert run(["recipes", "import", "bad.yaml", "--json"]) == 2
    assert not (folder / "bad-recipe.yaml").exists()
