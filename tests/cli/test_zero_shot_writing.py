"""`toolkit zero-shot` for tasks that write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from writing_models import writing_model

from toolkit.cli.main import run


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(writing_model("llama", tmp_path_factory.mktemp("model")))


def test_texts_and_files_are_answered_alike(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("body\nthe film is good\n그 영화 는 좋다\n", encoding="utf-8")
    prompt = ["--task", "translation", "--template", "the film : {source}", "--json"]
    assert run(["zero-shot", model, "the film is good", "그 영화 는 좋다", *prompt]) == 0
    said = json.loads(capsys.readouterr().out)["predictions"]
    assert run(["zero-shot", model, str(file), "--text-column", "body", *prompt]) == 0
    assert json.loads(capsys.readouterr().out)["predictions"] == said
    assert [row["text"] for row in said] == ["the film is good", "그 영화 는 좋다"]
    assert all(row["prediction"] for row in said)


def test_a_template_reads_the_columns_that_it_names(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, joined = tmp_path / "rows.csv", tmp_path / "joined.csv"
    file.write_text("context,question\nthe film,is it {context} good\n그 영화,좋다\n", encoding="utf-8")
    joined.write_text("source\nthe film : is it {context} good !\n그 영화 : 좋다 !\n", encoding="utf-8")
    asked = ["--task", "text-generation", "--json", "--template"]
    assert run(["zero-shot", model, str(file), *asked, "{context} : {question} !"]) == 0
    said = json.loads(capsys.readouterr().out)["predictions"]
    assert run(["zero-shot", model, str(joined), *asked, "{source}"]) == 0
    whole = json.loads(capsys.readouterr().out)["predictions"]
    assert [row["prediction"] for row in said] == [row["prediction"] for row in whole]
    assert said[0]["text"] == "the film\nis it {context} good"
    assert run(["zero-shot", model, str(file), *asked, "{contxt} : {question} !"]) == 3
    assert "no column 'contxt'; did you mean 'context'?" in capsys.readouterr().err
    assert run(["zero-shot", model, "the film", *asked, "{question} !"]) == 0
    assert run(["zero-shot", model, "the film", *asked, "{context} {question} !"]) == 2
    assert "give a file with the columns 'context', 'question'" in capsys.readouterr().err
    assert run(["zero-shot", model, str(file), "--text-column", "context", *asked, "{context} {question} !"]) == 2
    assert "--text-column: the template reads the columns context and question" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--task", "summarisation"], "did you mean 'summarization'"),
        (["--task", "translation", "--labels", "a,b"], "--labels: translation writes a text; leave it out"),
        (["--task", "translation", "--template", "x"], "--template: it lacks {source}"),
        (["--task", "translation", "--template", "{source}", "--template", "a {source}"], "give one"),
        ([], "--labels: name the labels to choose from"),
    ],
)
def test_what_cannot_be_asked_is_one_line(
    arguments: list[str], told: str, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["zero-shot", model, "the film", *arguments]) == 2
    assert told in capsys.readouterr().err
