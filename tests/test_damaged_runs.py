"""Files of a finished run that are damaged: one line and exit code 7 in every verb that reads them, or the answer."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from limits import write_recipe

from toolkit.cli.main import run as command

HARMLESS = (0, 7)
ODD: tuple[Any, ...] = (None, 5, -1, 1.5e308, "x", "", [], [1], {}, {"a": None}, True, [[]], {"rows": "many"})


@pytest.fixture(scope="module")
def finished(tiny_tree: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("damaged")
    tree = {**tiny_tree, "training": {**tiny_tree["training"], "num_train_epochs": 1}}
    recipe = write_recipe(tree, folder / "recipe.yaml")
    assert command(["fine-tune", str(recipe), "--output-dir", str(folder / "run"), "--ledger", str(folder / "l")]) == 0
    return folder


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value in a tree, one of a list for all."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from _paths(inner, (*path, key))


def _changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    tree = json.loads(json.dumps(tree))
    inner = tree
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return tree


def _told(arguments: list[str], capsys: pytest.CaptureFixture[str], codes: tuple[int, ...] = HARMLESS) -> int:
    code = command(arguments)
    said = capsys.readouterr().err
    assert code in codes, (arguments, said)
    assert not code or "error: " in said
    return code


def _verbs(folder: Path) -> list[list[str]]:
    again = ["fine-tune", str(folder / "recipe.yaml"), "--output-dir", str(folder / "run"), "--ledger", "l"]
    return [again, ["push", str(folder / "run"), "me/mine", "--card-only"]]


def test_mutations_of_metrics(finished: Path, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = finished / "run" / "metrics.json"
    kept = file.read_text(encoding="utf-8")
    tree = json.loads(kept)
    cases = [(path, value) for path in _paths(tree) for value in (..., *ODD)]
    chosen = random.Random(0).sample(cases, 30)  # many more, of every file of a run: tests/fuzz
    refused = 0
    try:
        for path, value in chosen:
            file.write_text(json.dumps(_changed(tree, path, value)), encoding="utf-8")
            refused += sum(_told(verb, capsys) == 7 for verb in _verbs(finished))
    finally:
        file.write_text(kept, encoding="utf-8")
    assert refused > 10


@pytest.mark.parametrize("name", ["metrics.json", "recipe.yaml", "files.json", "golden.json", "trial.json"])
@pytest.mark.parametrize("content", [b"null", b"\xff\xfe\x00", b"[" * 100_000])
def test_files_that_are_something_else(name: str, content: bytes, finished: Path, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    (run / name).write_bytes(content)
    shutil.copy(finished / "recipe.yaml", tmp_path)
    for verb in (*_verbs(tmp_path), ["predict", str(run), "a film"]):
        _told(verb, capsys, (0, 4, 7))


@pytest.mark.parametrize("escape", ["\\UFFFFFFFF", "\\U00110000", "\\uD800", "\\x00"])
def test_escapes_that_are_no_character(escape: str, finished: Path, tmp_path: Path, capsys, monkeypatch):
    """In a recipe they are told with their place, and in the files of a run as damage."""
    monkeypatch.chdir(tmp_path)
    run = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    with (run / "recipe.yaml").open("a", encoding="utf-8") as file:
        file.write(f'note: "{escape}"\n')
    Path("rows.csv").write_text("text,label\na film,good\n", encoding="utf-8")
    n_lines = len((run / "recipe.yaml").read_text(encoding="utf-8").splitlines())
    for code, verb in (
        (2, ["recipes", "check", str(run / "recipe.yaml")]),
        (2, ["fine-tune", str(run / "recipe.yaml"), "--json"]),
        (7, ["predict", str(run), "a film"]),
        (7, ["evaluate", str(run), "--data", "rows.csv"]),
        (7, ["push", str(run), "me/mine", "--card-only"]),
    ):
        assert command(verb) == code
        assert f"{run / 'recipe.yaml'}:{n_lines}:" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["metrics.json", "trial.json", "files.json", "model/config.json"])
def test_half_a_surrogate_pair_in_json(
    name: str, finished: Path, tmp_path: Path, quick_processes: None, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    run = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    tree = json.loads((run / name).read_text(encoding="utf-8"))
    for key in ("model", "_name_or_path"):
        (run / name).write_text(json.dumps({**tree, key: "\ud800"}), encoding="utf-8")
        for verb in (
            ["predict", str(run), "a film"],
            ["push", str(run), "me/mine", "--card-only"],
            ["verify", str(run)],
        ):
            _told(verb, capsys)


def test_predict_refuses_a_changed_model(finished: Path, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("text,label\na film,good\n", encoding="utf-8")
    run = Path(shutil.copytree(finished / "run", tmp_path / "run"))
    assert command(["predict", str(run), "a film"]) == 0
    weights = run / "model" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-5] ^= 1  # one bit of one number
    weights.write_bytes(content)
    for verb in (["predict", str(run), "a film"], ["evaluate", str(run), "--data", "rows.csv"]):
        assert command(verb) == 7
        assert f"{weights}: this file changed since the run was done" in capsys.readouterr().err
    (run / "model" / "tokenizer_config.json").unlink()
    assert command(["predict", str(run), "a film"]) == 7
    assert "this file of the run is missing" in capsys.readouterr().err


def test_odd_recipes_of_runs(finished: Path, tmp_path: Path, capsys):
    file = finished / "run" / "recipe.yaml"
    kept = file.read_text(encoding="utf-8")
    tree = yaml.safe_load(kept)
    try:
        for path in (("data",), ("data", "columns"), ("evaluation", "metrics"), ("task",), ("method",)):
            for value in (..., *ODD[::3]):
                file.write_text(yaml.safe_dump(_changed(tree, path, value)), encoding="utf-8")
                _told(["predict", str(finished / "run"), "a film"], capsys)
    finally:
        file.write_text(kept, encoding="utf-8")
