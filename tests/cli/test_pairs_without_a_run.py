"""A model that learnt from pairs knows that it reads pairs, wherever its folder goes."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoModelForSequenceClassification

from toolkit.cli.main import run
from toolkit.recipe import build_recipe
from toolkit.workflow.fine_tune import fine_tune

METHODS: dict[str, dict[str, Any]] = {
    "full": {},
    "lora": {"method": "lora"},
    "features": {"method": "features", "training": {}},
    "scratch": {"method": "scratch", "model": {"config": {"preset": "tiny"}}, "tokenizer": {"vocab_size": 300}},
}


def _pairs(path: Path, header: tuple[str, ...] = ("text", "text_pair", "label"), n: int = 40) -> Path:
    rows = [
        (f"문장 {i % 7} cat", f"문장 {(i if i % 2 else i + 1) % 7} dog", ("same", "other")[i % 2]) for i in range(n)
    ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *(row[: len(header)] for row in rows)])
    return path


@pytest.mark.parametrize("method", METHODS)
def test_a_copied_model_reads_pairs(method: str, tiny_tree: dict[str, Any], tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    columns = {"text": "a", "text_pair": "b", "label": "label"}
    data = {**tiny_tree["data"], "source": str(_pairs(tmp_path / "a.csv", ("a", "b", "label"))), "columns": columns}
    training = {"training": {**tiny_tree["training"], "num_train_epochs": 1}}
    tree = {**tiny_tree, "data": data | {"test_size": 10, "validation_size": 8}} | training | METHODS[method]
    folder = fine_tune(build_recipe(tree), name="pairs", output_dir=tmp_path / "run", ledger=tmp_path / "l").folder
    model = str(shutil.copytree(folder / "model", tmp_path / "elsewhere" / "copied"))
    assert json.loads((tmp_path / "elsewhere" / "copied" / "config.json").read_text(encoding="utf-8"))["reads_pairs"]

    file = str(_pairs(tmp_path / "new.csv", n=6))
    assert run(["predict", model, file, "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)["predictions"]
    names = ["--text-column", "text", "--text-pair-column", "text_pair"]
    assert run(["predict", str(folder), file, *names, "--json"]) == 0
    assert alone == json.loads(capsys.readouterr().out)["predictions"]
    assert alone[0]["text_pair"] == "문장 1 dog"
    assert run(["predict", model, "one text"]) == 2
    assert "reads pairs of texts" in capsys.readouterr().err

    other = str(_pairs(tmp_path / "b.csv", ("text", "c", "label"), n=6))
    for verb in (["evaluate", model, "--data", other], ["extract", model, "--data", other, "--output", "f.parquet"]):
        assert run(verb) == 3
        assert "--text-pair-column" in capsys.readouterr().err
        assert run([*verb, "--text-pair-column", "c"]) == 0
    plain = AutoModelForSequenceClassification.from_pretrained(model, trust_remote_code=True)
    assert plain.config.reads_pairs is True


def test_an_older_model_is_told_of_a_second_text(tiny_tree: dict[str, Any], tmp_path: Path, capsys):
    tree = {**tiny_tree, "training": {**tiny_tree["training"], "num_train_epochs": 1}}
    folder = fine_tune(build_recipe(tree), name="one", output_dir=tmp_path / "run", ledger=tmp_path / "l").folder
    model = str(shutil.copytree(folder / "model", tmp_path / "copied"))
    assert "reads_pairs" not in (tmp_path / "copied" / "config.json").read_text(encoding="utf-8")
    file = str(_pairs(tmp_path / "new.csv", n=6))
    capsys.readouterr()
    assert run(["predict", model, file]) == 0
    assert "the column 'text_pair' is not read" in capsys.readouterr().err
    assert run(["predict", model, file, "--text-pair-column", "text_pair"]) == 0
    assert "is not read" not in capsys.readouterr().err
