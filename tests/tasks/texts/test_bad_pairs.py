"""What is wrong with pairs, languages and prompts is told in a line before the long work, by the real commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from writing_models import PAIRS, write_pairs, writing_model

from toolkit.cli.main import run as command


def recipe(folder: Path, model: str, rows: Path, **data: object) -> str:
    tree = {
        "task": "translation",
        "model": {"name": str(writing_model(model, folder / model))},
        "data": {"source": str(rows), "columns": {"source": "source", "target": "target"}, "test_size": 4, **data},
        "method": "full",
        "training": {"max_steps": 1, "per_device_train_batch_size": 4, "bf16": False},
        "evaluation": {"generation": {"max_new_tokens": 5}},
    }
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    return str(path)


def lines_of(arguments: list[str], capsys: pytest.CaptureFixture[str], *, code: int) -> list[str]:
    assert command(arguments) == code
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]


def test_languages_that_are_not_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = write_pairs(tmp_path)
    told = lines_of(["fine-tune", recipe(tmp_path, "nllb", rows)], capsys, code=2)
    assert [line.split(": ")[1].split(".")[-1] for line in told] == ["source_language", "target_language"]
    known = recipe(tmp_path, "nllb", rows, source_language="en", target_language="kor_Hnag")
    (line,) = lines_of(["fine-tune", known], capsys, code=2)
    assert "'kor_Hnag' is none of the 202 languages of the model; did you mean 'kor_Hang'?" in line


@pytest.mark.parametrize("model", ["t5", "llama"])
def test_a_prompt_without_room_for_a_source(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = recipe(tmp_path, model, write_pairs(tmp_path), prompt="good bad " * 40 + "{source}")
    (line,) = lines_of(["fine-tune", long], capsys, code=2)
    assert "data.prompt: the prompt has 8" in line
    assert "reads 40; shorten it, so that a source has room" in line


@pytest.mark.parametrize("model", ["nllb", "gpt2"])
def test_empty_and_long_targets_are_counted(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "train.jsonl"
    odd = [("a film", ""), ("a film", " \t"), ("very dull", "나쁘다 " * 60)]
    found = [{"source": source, "target": target} for source, target in [*PAIRS, *odd]]
    rows.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in found), encoding="utf-8")
    languages = {"source_language": "en", "target_language": "ko"} if model == "nllb" else {}
    splits = {"train": str(rows), "test": str(write_pairs(tmp_path)), "source": None, "validation_size": 0}
    written = recipe(tmp_path, model, rows, **languages, **splits)
    assert command(["fine-tune", written, "--output-dir", str(tmp_path / "run")]) == 0
    told = capsys.readouterr().err
    assert "train.jsonl: blank target, left out of the train split, in 2 rows (lines 21, 22)" in told
    assert "1 of 42 texts" in told if model == "nllb" else "1 of 21 texts" in told
    assert "longer than max_length 40 and were cut" in told
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["data"]["cut"]["cut"] == 1


def test_zero_shot_names_its_own_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = str(writing_model("nllb", tmp_path / "nllb"))
    asked = ["zero-shot", model, "the film is good", "--task", "translation"]
    told = lines_of(asked, capsys, code=2)
    assert [line.split(": ")[1] for line in told] == ["--source-language", "--target-language"]
    assert command([*asked, "--source-language", "en", "--target-language", "ko", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["predictions"]
    assert row["text"] == "the film is good"
    assert 0 < row["probability"] <= 1


def test_a_run_is_no_model_but_has_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    writing_model("t5", tmp_path / "run" / "model")
    (line,) = lines_of(["zero-shot", str(tmp_path / "run"), "a", "--task", "translation"], capsys, code=5)
    assert line.endswith(f"this is a run; name its model: {tmp_path / 'run' / 'model'}")
