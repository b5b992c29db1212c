"""The demo's app runs with plain transformers; for Gradio, which is not installed, there is a stand-in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from huggingface_hub import RepoCard
from run_results import recipe_of, result_of
from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

from toolkit.adapters.scratch import open_from_scratch
from toolkit.data.vocabulary import train_tokenizer
from toolkit.errors import RecipeError
from toolkit.hub.push.space import GRADIO, write_space
from toolkit.names import Task
from toolkit.tasks import room_of
from toolkit.training.save import save_model

GRADIO_STUB = """
class Interface:
    def __init__(self, **settings):
        self.settings = settings
    def launch(self):
        raise AssertionError("an import launches nothing")
class _Part:
    def __init__(self, **settings):
        self.settings = settings
Textbox = Label = Number = _Part
"""
WORKER = """
import importlib.util, json, sys
sys.path.insert(0, sys.argv[1])
answers = []
for path in sys.argv[2:]:
    specification = importlib.util.spec_from_file_location("app", path)
    app = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(app)
    settings = app.demo.settings
    assert all(len(row) == len(settings["inputs"]) for row in settings["examples"])
    answers.append([settings["fn"](*row) for row in settings["examples"]])
assert not any(name.partition(".")[0] == "toolkit" for name in sys.modules)
print(json.dumps(answers))
"""
LABELS = {0: "negative", 1: '긍정 "yes"'}


def _classifier(tiny_bert: Path, folder: Path, **config: Any) -> Path:
    torch.manual_seed(0)
    BertForSequenceClassification(BertConfig.from_pretrained(tiny_bert, **config)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tiny_bert).save_pretrained(folder)
    return folder


def _translator(folder: Path) -> Path:
    tokenizer = train_tokenizer(["Two dogs play.", "개가 논다."] * 9, kind="bpe", vocab_size=300, max_length=32)
    shape = {"hidden_size": 32, "encoder_layers": 1, "decoder_layers": 1, "num_attention_heads": 2}
    opened = open_from_scratch(
        {"architecture": "encoder-decoder", "intermediate_size": 32, **shape},
        tokenizer,
        head=room_of(Task.TRANSLATION).head,
        labels=(),
        max_length=32,
    )
    return save_model(opened.model, opened, folder)


def test_apps_answer_with_plain_transformers(
    metrics: dict[str, Any], translation: dict[str, Any], tiny_bert: Path, tmp_path: Path
):
    example = {"inputs": {"text": 'a "quote" \\ and 가'}}
    both = {"method": "full", "data": {"source": "a.csv", "columns": {"text": "a", "text_pair": "b"}}}
    one = _classifier(tiny_bert, tmp_path / "one", id2label=LABELS)
    number = _classifier(tiny_bert, tmp_path / "number", id2label={0: "score"}, problem_type="regression")
    written = _translator(tmp_path / "translator")
    config = json.loads((written / "config.json").read_text(encoding="utf-8"))
    cases = [
        (one, metrics | {"example": example}, {"method": "full"}, None, ()),
        (number, metrics | {"problem": "regression"}, both, None, [{"text": "alone"}, {"text": "a", "text_pair": "b"}]),
        (
            written,
            translation,
            {"method": "scratch", "data": {"source": "a.csv", "max_length": 8}},
            config,
            [{"text": "Two dogs"}],
        ),
    ]
    apps = []
    for model, of_run, recipe, model_config, rows in cases:
        space = write_space(
            model,
            repo_id=str(model),
            result=result_of(of_run),
            recipe=recipe_of(recipe),
            model_config=model_config,
            examples=rows,
        )
        apps.append(str(space / "app.py"))
    (tmp_path / "stubs").mkdir()
    (tmp_path / "stubs" / "gradio.py").write_text(GRADIO_STUB, encoding="utf-8")
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "worker.py", "stubs", *apps],
        cwd=tmp_path,
        env=os.environ | {"HF_MODULES_CACHE": str(tmp_path / "cache"), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    (scores,), (score,), (text,) = json.loads(done.stdout.splitlines()[-1])
    assert scores.keys() == set(LABELS.values())
    assert sum(scores.values()) == pytest.approx(1)
    assert isinstance(score, float)
    assert isinstance(text, str)


def test_the_folder_of_a_space(metrics: dict[str, Any], tmp_path: Path):
    recipe = {"method": "full", "hub": {"license": "mit"}}
    space = write_space(
        tmp_path, repo_id="me/mine", result=result_of(metrics), recipe=recipe_of(recipe), revision="0" * 40
    )
    assert sorted(file.name for file in space.iterdir()) == ["README.md", "app.py", "requirements.txt"]
    data = RepoCard((space / "README.md").read_text(encoding="utf-8")).data
    assert (data.sdk, data.sdk_version, data.app_file, data.models) == ("gradio", GRADIO, "app.py", ["me/mine"])
    assert (data.title, data.license) == ("mine", "mit")
    lines = (space / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all(line.count("==") == 1 for line in lines)
    assert f"gradio=={GRADIO}" in lines
    assert "torch==2.13.0" in lines
    app = (space / "app.py").read_text(encoding="utf-8")
    assert f'REVISION = "{"0" * 40}"' in app
    assert "toolkit" not in app
    compile(app, "app.py", "exec")
    assert yaml.safe_load("title: mine")


def test_a_run_without_a_model_has_no_demo(metrics: dict[str, Any], tmp_path: Path):
    with pytest.raises(RecipeError, match="no model of its own"):
        write_space(tmp_path, repo_id="me/mine", result=result_of(metrics), recipe=recipe_of({"method": "zero-shot"}))
