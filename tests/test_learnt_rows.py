"""Test rows that a run has learnt from: found by fingerprints, told first, measured without."""

import json
import unicodedata

import numpy as np
import pytest

from toolkit.cli.main import run
from toolkit.data.examples import Examples
from toolkit.data.row_keys import row_keys
from toolkit.data.tables import Part, Table
from toolkit.hub.card.render import render_card
from toolkit.recipe import load_recipe
from toolkit.run_result import RunResult
from toolkit.trials.finished import read_run

GOOD, BAD = ("a moving film", "warm and funny", "great fun"), ("a dull film", "cold and slow", "no fun at all")


def rows(prefix, n=20):
    return [(f"{prefix} {i} {(GOOD, BAD)[i % 2][i % 3]}", ("good", "bad")[i % 2]) for i in range(n)]


def written(path, lines):
    path.write_text("text,label\n" + "".join(f"{text},{label}\n" for text, label in lines), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learnt")
    learnt = rows("영화", 30)
    written(folder / "train.csv", learnt)
    # Letters taken apart and other cases are the same rows.
    same = [(unicodedata.normalize("NFD", text).upper(), label) for text, label in learnt[:6]]
    written(folder / "test.csv", same + rows("new", 14))
    written(folder / "clean.csv", rows("new", 14))
    recipe = (
        "task: text-classification\nmodel: {name: packaged:minilm}\nmethod: features\n"
        f"data: {{train: '{folder / 'train.csv'}', test: '{folder / 'TEST'}', validation_size: 4}}\n"
    )
    for name in ("test", "clean"):
        (folder / f"{name}.yaml").write_text(recipe.replace("TEST", f"{name}.csv"), encoding="utf-8")
        command = ["fine-tune", str(folder / f"{name}.yaml"), "--output-dir", str(folder / name)]
        assert run([*command, "--ledger", str(folder / "trials.jsonl")]) == 0
    return folder


def test_keys_are_those_of_the_examples():
    texts = {"text": ["Ａ film", "", "한국 영화", None], "text_pair": ["x", "y", "z", "w"]}
    examples = Examples.of(Table(texts, (Part("a.csv", range(2, 6)),)))
    np.testing.assert_array_equal(row_keys(examples.to_dataset()), examples.keys)


def test_a_leaked_test_row_is_told_first(folder, capsys):
    metrics = json.loads((folder / "test/metrics.json").read_text(encoding="utf-8"))["splits"]["test"]
    assert (metrics["rows"], metrics["learnt_from"]["rows"]) == (20, 6)
    without = metrics["learnt_from"]["without"]
    # The other run was tested on the other rows alone, by the same model.
    other = json.loads((folder / "clean/metrics.json").read_text(encoding="utf-8"))["splits"]["test"]
    assert without == {"rows": 14, "metrics": other["metrics"]}
    assert "learnt_from" not in other
    lines = (folder / "trials.jsonl").read_text(encoding="utf-8").splitlines()
    trials = {json.loads(line)["recipe"]: json.loads(line) for line in lines}
    assert trials["test"]["learnt_from"]["rows"] == 6
    assert "learnt_from" not in trials["clean"]
    assert run(["fine-tune", str(folder / "test.yaml"), "--output-dir", str(folder / "test")]) == 0
    shown = capsys.readouterr().out.strip()
    assert shown.startswith("It has learnt from 6 of the 20 test rows. Without them: accuracy ")
    assert "the test rows chose nothing" not in shown
    assert run(["trials", "list", "--ledger", str(folder / "trials.jsonl")]) == 0
    assert "6 test rows learnt from; accuracy" in capsys.readouterr().out
    page = (folder / "test/report.html").read_text(encoding="utf-8")
    assert page.index("It has learnt from 6 of the 20") < page.index("reaches")


@pytest.mark.parametrize(
    ("language", "words"), [("en", "**It has learnt from 6 of these"), ("ko", "6개는 학습에 쓰인")]
)
def test_the_card_tells_it_first(folder, language, words):
    recipe, text = load_recipe(folder / "test/recipe.yaml"), (folder / "test/recipe.yaml").read_text(encoding="utf-8")
    card = render_card(read_run(folder / "test").result, recipe, recipe_yaml=text, language=language)
    assert words in card.split("\n## ")[0]
    if language == "en":
        assert card.index(words) < card.index("**It reaches")


def test_evaluate_on_rows_that_a_run_has_learnt_from(folder, capsys):
    for model in (folder / "test", folder / "test/model"):
        assert run(["evaluate", str(model), "--data", str(folder / "train.csv")]) == 0
        first = capsys.readouterr().out.splitlines()[0]
        assert first == "It has learnt from 30 of the 30 test rows, so this says nothing about new texts."
    assert run(["evaluate", str(folder / "test"), "--data", str(folder / "test.csv"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["splits"]["test"]["learnt_from"]["rows"] == 6
    assert run(["evaluate", str(folder / "test"), "--data", str(folder / "clean.csv")]) == 0
    assert "It has learnt" not in capsys.readouterr().out


def test_fingerprints_hold_no_text_and_damage_is_told(folder, tmp_path, capsys):
    raw = (folder / "test/learnt-rows.npy").read_bytes()
    assert b"film" not in raw
    assert "영화".encode() not in raw
    damaged = tmp_path / "run"
    (damaged / "model").mkdir(parents=True)
    for file in (folder / "test").rglob("*"):
        if file.is_file():
            target = damaged / file.relative_to(folder / "test")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes() if file.name != "learnt-rows.npy" else raw[: len(raw) // 2])
    assert run(["evaluate", str(damaged), "--data", str(folder / "clean.csv")]) == 7
    assert "damaged" in capsys.readouterr().err


def test_results_come_back(folder):
    for name in ("test", "clean"):
        value = json.loads((folder / name / "metrics.json").read_text(encoding="utf-8"))
        assert RunResult.from_json(value).to_json() == value
