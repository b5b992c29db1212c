"""Small models of every kind as a push would send them: files by name, with golden rows, metrics and a card."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from tiny_models import pretrained

from toolkit.adapters import SEQUENCE_HEAD, LocatedModel, OpenedModel, open_for_training
from toolkit.evaluation.proof.golden import make_golden
from toolkit.hub.push.manifest import model_manifest
from toolkit.names import LORA, SPECS, Method, Problem, Task
from toolkit.tasks import room_of
from toolkit.training.peft_methods import wrap_with_peft
from toolkit.training.save import save_model

LABELS = ("nein", "ja", "어쩌면")
SENTENCES = (
    "the film is good",
    "the film is very very bad .",
    "그 영화 는 좋다",
    "그 영화 는 나쁘다 !",
    "not dull , not bright",
    "a b c d e f g h",
    "was",
    "a film a b c d e f g h the film is was good bad very not dull bright " * 3,
)
METRICS = {"splits": {"test": {"rows": 8, "metrics": {"accuracy": {"value": 0.8451}, "f1": {"value": None}}}}}
RECIPE = "task: {task}\nmethod: full\ndata: {{columns: {{}}}}\nevaluation: {{metrics: [{metric}]}}\n"
CARD = """---
library_name: transformers
model-index:
- name: tiny
  results:
  - task: {type: text-classification}
    dataset: {type: rows, name: rows}
    metrics:
    - {type: accuracy, name: Accuracy, value: 0.845}
---
# tiny
"""


def labelled_rows() -> Dataset:
    texts = list(SENTENCES)
    return Dataset.from_dict(
        {"id": list(range(len(texts))), "text": texts, "reference": [LABELS[i % 3] for i in range(len(texts))]}
    )


def labelled(name: str, folder: Path, *, method: Method = Method.FULL, base_name: str = "base", seed: int = 1) -> Path:
    """A run with a trained head: ``model/``, ``golden.json``, for a LoRA method ``adapter/`` with random weights."""
    base = pretrained(name, folder / "base")
    located = LocatedModel(base_name, base, revision=None)
    opened = open_for_training(located, SEQUENCE_HEAD, labels=LABELS, method=method, problem=Problem.SINGLE_LABEL)
    model: Any = opened.model
    if method is Method.PEFT:
        model = wrap_with_peft(opened, LORA, {"r": 4, "target_modules": ["query", "value"]})
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=1.0 if parameter.requires_grad else 0)
    save_model(model, opened, folder)
    write_run(folder, task=Task.TEXT_CLASSIFICATION, rows=labelled_rows())
    return folder


def translating(folder: Path) -> Path:
    """A run of our own Transformer that translates."""
    pretrained("own-encoder-decoder", folder / "model")
    rows = {"id": list(range(8)), "source": list(SENTENCES), "target": list(reversed(SENTENCES))}
    write_run(folder, task=Task.TRANSLATION, rows=Dataset.from_dict(rows))
    return folder


def write_run(folder: Path, *, task: Task, rows: Dataset) -> None:
    saved = open_saved(folder, task=task)
    for name, content in (
        ("golden.json", json.dumps(make_golden(room_of(task), saved, rows))),
        ("metrics.json", json.dumps(METRICS)),
        ("README.md", CARD),
        ("recipe.yaml", RECIPE.format(task=task.value, metric=SPECS[task].all_metrics[0])),
    ):
        (folder / name).write_text(content, encoding="utf-8")


def open_saved(folder: Path, *, task: Task = Task.TEXT_CLASSIFICATION) -> OpenedModel:
    return room_of(task).open(LocatedModel("saved", folder / "model"))


def sent(run: Path, *, what: str = "model") -> dict[str, bytes]:
    """The files of a push by their names."""
    files = [file.origin or file.source for file in model_manifest(run / what).files]
    extra = [run / name for name in ("golden.json", "metrics.json", "README.md", "recipe.yaml")]
    return {Path(str(file)).name: Path(str(file)).read_bytes() for file in (*files, *extra)}


def golden_of(run: Path) -> dict[str, Any]:
    golden: dict[str, Any] = json.loads((run / "golden.json").read_text(encoding="utf-8"))
    return golden


def with_problem(opened: OpenedModel, problem: Problem) -> OpenedModel:
    """The same weights, read as answers to another kind of question."""
    opened.model.config.problem_type = problem.value
    return dataclasses.replace(opened, problem=problem)


def report_of(golden: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """What a fresh process says of a model that is all right."""
    labels = golden["labels"]
    opened = {
        "class": "BertForSequenceClassification",
        "adapter": False,
        "id2label": {str(number): name for number, name in enumerate(labels)},
        "label2id": {name: number for number, name in enumerate(labels)},
        "versions": {"torch": "2"},
        "missing": [],
        "mismatched": [],
    }
    usual = {
        "files": ["config.json", "model.safetensors", "golden.json", "metrics.json", "README.md", "recipe.yaml"],
        "folder": "nowhere",
        "golden": golden,
        "opened": opened,
        "ids": [row["ids"] for row in golden["rows"]],
        "answers": [dict(row) for row in golden["rows"]],
    }
    return {**usual, **changes}
