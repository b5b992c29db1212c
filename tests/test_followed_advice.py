"""What messages advise is followed to the letter, and ends in success."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from toolkit.cli.main import run

RECIPE = """task: text-classification
model: {name: packaged:minilm}
data: {source: rows.csv, columns: {text: review, label: stars}}
method: full
"""
WRITES = "task=text-generation data.columns={}"
AGAIN = WRITES.replace("{}", "{{}}")  # where what is advised is put in

ADVICES = {
    "key": ("training.lerning_rate=1", r"did you mean '(\w+)'", "training.{0}=1"),
    "section": ("trainig.learning_rate=1", r"did you mean '(\w+)'", "{0}.learning_rate=1"),
    "method": ("method=lorra", r"did you mean '(\w+)'", "method={0}"),
    "peft": ("peft.r=8", r"such as method: (\w+)", "peft.r=8 method={0}"),
    "no steps": ("training.max_steps=0", r"write (-1) to go by num_train_epochs", "training.max_steps={0}"),
    "eval_steps": (
        "training.eval_strategy=steps",
        r"such as (\w+): (\d+)",
        "training.eval_strategy=steps training.{0}={1}",
    ),
    "evaluations": (
        "training.eval_strategy=no training.load_best_model_at_end=true",
        r"set (\w+): (\w+) too",
        "training.eval_strategy=no training.{0}={1}",
    ),
    "all or one": ("data.test_size=1.0", r"write (1) for one", "data.test_size={0}"),
    "label or labels": ("data.columns.labels=tags", r"keep (label) for one class", "data.columns.{0}=stars"),
    "labels in a text": (
        "'data.columns={text: review, labels: \"toxic, insult\"}'",
        r"(\[toxic, insult\])",
        "'data.columns={{text: review, labels: {0}}}'",
    ),
    "model": (
        "model.config.preset=tiny",
        r"an override takes it out with (=null)",
        "model.config.preset=tiny model.config{0}",
    ),
    "scratch": (
        "method=scratch",
        r"write model\.config, such as (\{.*?\}), instead",
        "method=scratch model.name=null model.config='{0}'",
    ),
    "metric": ("evaluation.metrics=[acuracy]", r"did you mean '(\w+)'", "evaluation.metrics=[{0}]"),
    "best metric": ("training.metric_for_best_model=bleu", r"allowed: (\w+)", "training.metric_for_best_model={0}"),
    "encoding": ("data.encoding=utf9", r"did you mean '([\w-]+)'", "data.encoding={0}"),
    "features": ("features.pooling=cls", r"write method: (\w+)", "features.pooling=cls method={0}"),
    "schedule": (
        "training.lr_scheduler_type=reduce_lr_on_plateau",
        r"such as (\w+) or",
        "training.lr_scheduler_type={0}",
    ),
    "workers": (
        "training.dataloader_prefetch_factor=2",
        r"it needs (\w+) of at least (\d)",
        "training.dataloader_prefetch_factor=2 training.{0}={1}",
    ),
    "seed": ("training.seed=1", r"write (\w+) at the top level", "{0}=1"),
    "split": (
        "data.validation=rows.csv",
        r"rename source to (\w+)",
        "data.validation=rows.csv data.source=null data.{0}=rows.csv",
    ),
    "averages": (
        "training.average_checkpoints=3 training.load_best_model_at_end=false",
        r"set (\w+): (\w+), or",
        "training.average_checkpoints=3 training.{0}={1}",
    ),
    "sampling": (
        f"{WRITES} evaluation.generation.temperature=0.7",
        r"add (\w+): (\w+)",
        f"{AGAIN} evaluation.generation.temperature=0.7 evaluation.generation.{{0}}={{1}}",
    ),
    "beams": (
        f"{WRITES} evaluation.generation.length_penalty=1.0",
        r"add (\w+) of at least (\d)",
        f"{AGAIN} evaluation.generation.length_penalty=1.0 evaluation.generation.{{0}}={{1}}",
    ),
    "targets": (
        f"{WRITES} evaluation.metrics=[chrf]",
        r"name (\w+) and (\w+) in data\.columns",
        "task=text-generation 'data.columns={{{0}: review, {1}: stars}}' evaluation.metrics=[chrf]",
    ),
    "prompt": (
        "task=translation data.columns={} 'data.prompt=\"Translate it:\"'",
        r"it lacks (\{source\})",
        "task=translation data.columns={{}} 'data.prompt=\"Translate it: {0}\"'",
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("recipe.yaml").write_text(RECIPE, encoding="utf-8")
    rows = [f"film {number} is {word},{word}" for number in range(30) for word in ("good", "bad")]
    Path("rows.csv").write_text("\n".join(["review,stars", *rows]), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("name", ADVICES)
def test_what_a_recipe_is_told_to_change_mends_it(name: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, advice, then = ADVICES[name]
    assert run(["recipes", "check", "recipe.yaml", *shlex.split(first)]) == 2
    told = capsys.readouterr().err
    found = re.search(advice, told)
    assert found is not None, told
    followed = run(["recipes", "check", "recipe.yaml", *shlex.split(then.format(*found.groups()))])
    assert followed == 0, capsys.readouterr().err


@pytest.mark.parametrize(
    ("first", "code", "advice", "then"),
    [
        ("recipes check movie-sentimnt", 2, r"did you mean '([\w-]+)'", "recipes check {0}"),
        ("recipes check movie-sentimnt", 2, r"`toolkit (recipes list)`", "{0}"),
        ("doctor --data row.csv", 3, r"did you mean '([\w.]+)'", "doctor --data {0} --text-column review"),
        ("doctor --data rows.csv", 3, r"or (--text-column)", "doctor --data rows.csv {0} review"),
        (
            "doctor --data rows.csv --text-column reviw",
            3,
            r"did you mean '(\w+)'",
            "doctor --data rows.csv --text-column {0}",
        ),
        ("trials lst", 2, r"Did you mean '(\w+)'", "trials {0}"),
        ("trials lst", 2, r"see toolkit (trials --help)", "{0}"),
    ],
)
def test_what_a_command_is_told_to_change_mends_it(
    first: str, code: int, advice: str, then: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(shlex.split(first)) == code
    told = capsys.readouterr().err
    found = re.search(advice, told)
    assert found is not None, told
    assert run(shlex.split(then.format(*found.groups()))) == 0, capsys.readouterr().err


def test_the_lines_that_doctor_ends_with_make_a_recipe_that_is_in_order(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--data", "rows.csv", "--text-column", "review", "--label-column", "stars"]) == 0
    lines = capsys.readouterr().out.splitlines()
    begin = next(index for index, line in enumerate(lines) if line.startswith("task:"))
    Path("made.yaml").write_text("\n".join(lines[begin:]), encoding="utf-8")
    assert run(["recipes", "check", "made.yaml"]) == 0, capsys.readouterr().err
