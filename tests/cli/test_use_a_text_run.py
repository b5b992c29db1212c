"""Runs whose output is text, from the recipe to predictions and evaluation, as people type them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
import yaml

from toolkit.cli.main import run

NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight"]
KOREAN = ["하나", "둘", "셋", "넷", "다섯", "여섯", "일곱", "여덟"]
PAIRS = [
    (f"{first} and {second} .", f"{left} 그리고 {right} .")
    for first, left in zip(NUMBERS, KOREAN, strict=True)
    for second, right in zip(NUMBERS, KOREAN, strict=True)
]
SHAPE = {"hidden_size": 16, "encoder_layers": 1, "decoder_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
TASKS = {
    "translation": {"evaluation": {"metrics": ["bleu", "chrf"], "generation": {"max_new_tokens": 6, "num_beams": 2}}},
    "dialogue": {
        "task": "text-generation",
        "evaluation": {"metrics": ["chrf", "perplexity"], "generation": {"max_new_tokens": 6}},
    },
    "language-model": {"task": "text-generation", "evaluation": {"generation": {"max_new_tokens": 6}}},
    "fill-mask": {},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of each task; the pairs' columns are called english and korean."""
    home = tmp_path_factory.mktemp("home")
    with (home / "pairs.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("english", "korean"), *PAIRS])
    for name, changes in TASKS.items():
        paired = name in ("translation", "dialogue")
        columns = {"source": "english", "target": "korean"} if paired else {"text": "english"}
        tree: dict[str, Any] = {
            "task": name,
            "model": {"config": SHAPE},
            "tokenizer": {"train": "bpe", "vocab_size": 320},
            "data": {"source": str(home / "pairs.csv"), "columns": columns, "test_size": 8, "max_length": 24},
            "method": "scratch",
            "training": {"num_train_epochs": 2, "tokens_per_batch": 400, "learning_rate": 1e-3, "bf16": False},
            **changes,
        }
        (home / f"{name}.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
        recipe, ledger = str(home / f"{name}.yaml"), str(home / "trials.jsonl")
        average = ["training.average_checkpoints=2"] if name == "translation" else []
        options = ["--output-dir", str(home / name), "--ledger", ledger]
        assert run(["fine-tune", recipe, *average, *options]) == 0
    return home


@pytest.fixture
def here(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(runs)
    return runs


def out(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert run(arguments) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("name", TASKS)
def test_a_run_shows_itself_in_every_form(name: str, here: Path, capsys):
    folder = here / name
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    page = (folder / "report.html").read_text(encoding="utf-8")
    card = (folder / "README.md").read_text(encoding="utf-8")
    writes = name in ("translation", "dialogue")
    assert "Own Transformer on" in page
    assert ("What it wrote" in page) == writes
    assert "trust_remote_code=True" in card
    assert f"pipeline_tag: {metrics['task']}" in card
    assert "base_model" not in card
    average = ["training.average_checkpoints=2"] if name == "translation" else []
    again = out(["fine-tune", f"{name}.yaml", *average, "--output-dir", name, "--ledger", "trials.jsonl"], capsys)
    lines = again.strip().splitlines()
    if name != "fill-mask":  # which has no baseline; so few rows teach less than one knows
        assert lines.pop(0).startswith("A free baseline is better than the model: ")
    assert lines[0].startswith("Own Transformer with method scratch and seed 0 reaches ")
    assert ("Among its worst:" in again) == writes
    assert ("the mean of the evaluations at steps" in again) == (name == "translation")
    assert f"toolkit predict {name}" in again


def test_predictions_of_texts_are_a_table_with_the_prediction_last(here: Path, capsys):
    header, first, second = out(["predict", "translation", "one and two .", "x" * 100], capsys).splitlines()
    assert header.split() == ["id", "probability", "text", "prediction"]
    assert first.split()[0] == "0"
    assert 0 < float(first.split()[1]) <= 1
    assert "x" * 79 + "…" in second
    (row, _) = json.loads(out(["predict", "translation", "one and two .", "b", "--json"], capsys))["predictions"]
    assert list(row) == ["id", "text", "prediction", "probability"]
    assert first == first[: header.index("prediction", 20)] + " ".join(row["prediction"].split())


def test_a_language_model_tells_no_probability(here: Path, capsys):
    header, row = out(["predict", "language-model", "one and"], capsys).splitlines()
    assert header.split() == ["id", "text", "prediction"]
    assert row.startswith("0   one and")
    (filled,) = json.loads(out(["predict", "fill-mask", "one <mask> two", "--json"], capsys))["predictions"]
    assert 0 < filled["probability"] <= 1
    assert "<mask>" not in filled["prediction"]


@pytest.mark.parametrize("name", ["translation", "dialogue"])
def test_pairs_of_other_names_are_named_by_text_and_label_column(name: str, here: Path, tmp_path: Path, capsys):
    new = tmp_path / "new.csv"
    new.write_text("en,ko,english\none and two .,하나 그리고 둘 .,wrong\n", encoding="utf-8")
    columns = ["--text-column", "en", "--label-column", "ko"]
    result = json.loads(out(["evaluate", name, "--data", str(new), *columns, "--json"], capsys))
    written = json.loads((here / name / "metrics.json").read_text(encoding="utf-8"))
    assert result["splits"]["test"]["metrics"].keys() == written["splits"]["test"]["metrics"].keys()
    assert (result["splits"]["test"]["rows"], result["labels"]) == (1, [])
    shown = out(["evaluate", name, "--data", str(new), *columns], capsys)
    assert "chrF, signature of sacreBLEU: nrefs:1" in shown
    output = tmp_path / "predicted.parquet"
    out(["evaluate", name, "--data", str(new), *columns, "--output", str(output)], capsys)
    (row,) = parquet.read_table(output).to_pylist()
    assert (row["text"], row["reference"]) == ("one and two .", "하나 그리고 둘 .")
    (row,) = json.loads(out(["predict", name, str(new), "--text-column", "en", "--json"], capsys))["predictions"]
    assert row["text"] == "one and two ."


@pytest.mark.parametrize("name", ["language-model", "fill-mask"])
def test_texts_are_evaluated_without_right_answers(name: str, here: Path, tmp_path: Path, capsys):
    new = tmp_path / "new.csv"
    new.write_text("english\none and two .\nfive and one .\n", encoding="utf-8")
    shown = out(["evaluate", name, "--data", str(new)], capsys)
    assert "perplexity, less is better" in shown
    output = tmp_path / "scored.parquet"
    out(["evaluate", name, "--data", str(new), "--output", str(output)], capsys)
    rows = parquet.read_table(output).to_pylist()
    assert list(rows[0]) == ["id", "text", "negative_log_likelihood", "n_tokens", "n_characters"]
    assert [row["n_characters"] for row in rows] == [13, 14]
