"""What people bring as labels, taken from public reports of faults: read right, or told in one line that helps.

The files are those of the reports (tests/cases_labels); `toolkit` is called as on a command line.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from toolkit.cli.main import main

CASES = Path(__file__).with_name("cases_labels")
Case = Callable[..., tuple[int, str]]


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Case:
    """Runs a command in a copy of a case's folder; gives its exit code, and all that it has written."""
    monkeypatch.chdir(tmp_path)

    def run(number: str, *arguments: str) -> tuple[int, str]:
        shutil.copytree(CASES / number, tmp_path, dirs_exist_ok=True)
        try:
            code = main(list(arguments))
        except SystemExit as end:
            code = end.code
        out = capsys.readouterr()
        return int(code or 0), out.out + out.err

    return run


def fine_tune(case: Case, number: str, *overrides: str, out: str = "out") -> tuple[int, str]:
    return case(number, "fine-tune", "recipe.yaml", *overrides, "--output-dir", out, "--ledger", "trials.jsonl")


def metrics(run: str) -> Mapping[str, Any]:
    return json.loads(Path(run, "metrics.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("train", ["train.csv", "train.parquet"])
def test_08_labels_with_and_without_a_fraction(case: Case, train: str):
    code, said = fine_tune(case, "08", f"data.train={train}", "data.test=test.csv")
    assert (code, metrics("out")["labels"]) == (0, ["0", "1"])
    assert metrics("out")["splits"]["test"]["metrics"]["accuracy"]["value"] == 1.0, said
    for name in ("test.csv", "mixed.csv"):
        code, said = case("08", "evaluate", "out", "--data", name, "--json")
        assert (code, json.loads(said)["splits"]["test"]["metrics"]["accuracy"]["value"]) == (0, 1.0)
    assert "classes: 2" in case("08", "doctor", "--data", "mixed.csv")[1]


def test_10_nan_is_missing(case: Case):
    code, said = fine_tune(case, "10", "data.source=rows.jsonl")
    assert (code, Path("trials.jsonl").exists()) == (3, False)
    assert re.search(r"rows.jsonl: no label in 2 rows \(lines 6, \d+\)", said)
    code, said = case("10", "doctor", "--data", "rows.jsonl")
    assert "classes: 3" in said
    assert "2 rows without a label; training refuses them" in said
    code, said = case("10", "zero-shot", "packaged:minilm", "texts.jsonl", "--labels", "billing,delivery,technical")
    assert code == 0
    assert "blank text, predicted all the same, in 1 row (line 2)" in said
    assert "NaN" not in said


@pytest.mark.parametrize("source", ["rows.jsonl", "ints.jsonl", "rows.parquet", "words.csv"])
def test_12_vectors_name_nothing_until_they_are_named(case: Case, source: str):
    code, said = fine_tune(case, "12", f"data.source={source}")
    assert code == 3
    assert "vectors of 0 and 1, which name nothing, in 60 rows" in said
    code, said = fine_tune(case, "12", f"data.source={source}", "data.labels=[billing,delivery,technical]")
    assert (code, metrics("out")["labels"]) == (0, ["billing", "delivery", "technical"])
    # The model's outputs name the places of new rows.
    assert case("12", "evaluate", "out", "--data", source)[0] == 0


def test_14_a_column_for_each_label(case: Case):
    code, _ = fine_tune(case, "14", "data.columns.labels=[toxic, insult, threat]")
    assert (code, metrics("out")["labels"]) == (0, ["toxic", "insult", "threat"])
    assert case("14", "evaluate", "out", "--data", "rows.csv")[0] == 0
    assert case("14", "predict", "out", "rows.csv", "--output", "answers.csv")[0] == 0
    code, said = fine_tune(case, "14", "data.columns.labels=toxic", out="out2")
    assert code == 3
    assert (
        "write data.columns.labels: [toxic, insult, threat] (or --label-column for each), or data.columns.label: toxic"
        in said
    )


def test_34_ids_are_no_labels(case: Case):
    code, said = case("34", "doctor", "--data", "rows.csv", "--label-column", "id")
    assert code == 0
    assert "60 rows have 60 different labels: this is hardly a column of labels" in said
    assert fine_tune(case, "34", "data.columns.label=id")[0] == 3
    assert fine_tune(case, "34", "data.columns.label=label")[0] == 0


def test_41_pairs(case: Case):
    assert fine_tune(case, "41")[0] == 0
    for model in ("out", "out/model"):
        code, said = case("41", "predict", model, "a man sleeps")
        assert code == 2
        assert "this model reads pairs of texts" in said
        assert "'a' and 'b'" in said
        code, said = case("41", "predict", model, "missing.csv")
        assert code == 3
        assert "no column 'b'" in said
        assert "--text-pair-column" in said
        code, said = case("41", "predict", model, "empty.csv", "--output", "answers.csv")
        assert code == 0
        assert "blank text, predicted all the same, in 2 rows (lines 2, 3)" in said
    Path("other.csv").write_text("a,c,label\nthe dog runs,the cat runs,other\n", encoding="utf-8")
    for model in ("out", "out/model"):
        for verb in (("predict", model, "other.csv"), ("evaluate", model, "--data", "other.csv")):
            assert case("41", *verb)[0] == 3
            assert case("41", *verb, "--text-pair-column", "c")[0] == 0
    named = ("--text-column", "a", "--text-pair-column", "b")
    assert "48 rows" in case("41", "doctor", "--data", "rows.csv", *named, "--model", "packaged:minilm")[1]
    assert case("41", "doctor", "--data", "rows.csv", "--model", "out")[0] == 0
    code, said = case("41", "zero-shot", "out/model", "missing.csv", "--labels", "same,other")
    assert code == 3
    assert "no column 'b'" in said
    assert case("41", "extract", "out/model", "--data", "missing.csv", "--output", "f.parquet")[0] == 3


# What messages advise is done to the letter.

ADVICE = re.compile(r"(?:write|set|or) (data|training|model)\.([a-z_.]+)(?:: |=)(\[[^\]]*\]|[\w.-]+)")


def _two(*labels: str) -> str:
    return "text,labels\n" + "".join(
        f'"text {i} {labels[i % len(labels)]}","{labels[i % len(labels)]}"\n' for i in range(40)
    )


FLAGS = "text,toxic,rude\n" + "".join(f"t{i},{i % 2},{i // 2 % 2}\n" for i in range(40))
WRONG = {
    "vectors": (_two("[0, 1, 0]", "[1, 0, 0]", "[1, 1, 0]"), {"labels": "labels"}),
    "words of vectors": (_two("0 1", "1 1", "0 0"), {"labels": "labels"}),
    "one column": (FLAGS, {"labels": "toxic"}),
    "columns in a text": (FLAGS, {"labels": "toxic, rude"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_advice_works_when_it_is_followed(tmp_path: Path, name: str):
    from toolkit.data import prepare_classification
    from toolkit.errors import DataError, RecipeError
    from toolkit.recipe import build_recipe

    content, columns = WRONG[name]
    (tmp_path / "rows.csv").write_text(content, encoding="utf-8")
    tree: dict[str, Any] = {
        "task": "text-classification",
        "model": {"name": "packaged:minilm"},
        "method": "features",
        "data": {"source": str(tmp_path / "rows.csv"), "columns": columns},
    }

    def prepare() -> None:
        recipe = build_recipe(tree)
        prepare_classification(recipe.data, problem=recipe.problem)

    with pytest.raises((DataError, RecipeError)) as error:
        prepare()
    advised = ADVICE.findall(str(error.value))
    assert advised
    for section, key, value in advised:
        *path, last = key.split(".")
        changed = json.loads(json.dumps(tree))
        parent = changed[section]
        for part in path:
            parent = parent.setdefault(part, {})
        if path == ["columns"]:
            parent.clear()
        parent[last] = [part.strip() for part in value[1:-1].split(",")] if value.startswith("[") else value
        followed = build_recipe(changed)
        assert len(prepare_classification(followed.data, problem=followed.problem).train)


def test_merge_labels_is_advised_and_works(case: Case):
    text = "text,label\n" + "".join(
        f"{'good' if i % 2 else 'bad'} {i},{('Good', 'bad', 'good', 'BAD')[i % 4]}\n" for i in range(60)
    )
    Path("looks.csv").write_text(text, encoding="utf-8")
    source = ("data.train=null", "data.test=null", "data.source=looks.csv")
    code, said = fine_tune(case, "08", *source)
    advised = re.search(r"data\.merge_labels: true", said)
    assert code == 0
    assert advised
    assert len(metrics("out")["labels"]) == 4
    code, said = fine_tune(case, "08", *source, advised[0].replace(": ", "="), out="merged")
    assert (code, metrics("merged")["labels"]) == (0, ["BAD", "Good"])
    assert case("08", "evaluate", "merged", "--data", "looks.csv")[0] == 0
    assert case("08", "evaluate", "merged/model", "--data", "looks.csv")[0] == 0


def test_labels_with_commas(case: Case):
    for labels in (("--labels", '"food, drinks",service'), ("--labels", "food, drinks", "--labels", "service")):
        code, said = case("08", "zero-shot", "packaged:minilm", "the soup was cold", *labels, "--json")
        row = json.loads(said)["predictions"][0]
        assert code == 0
        assert {"probability:food, drinks", "probability:service"} <= row.keys()


@pytest.mark.parametrize("path", [r"C:\Users\min\rows.csv", r"C:\new\table.csv", r"C:\data\rows.csv"])
def test_paths_of_windows_in_double_quotes(case: Case, path: str):
    recipe = 'task: text-classification\nmethod: features\nmodel: {name: packaged:minilm}\ndata:\n  source: "%s"\n'
    Path("double.yaml").write_text(recipe % path, encoding="utf-8")
    code, said = case("08", "recipes", "check", "double.yaml")
    assert code == 2
    assert re.search(r"double.yaml:5:\d+: .*/ or in single quotes", said)
    for advised in (path.replace("\\", "/"), path):
        quoted = recipe.replace('"%s"', "'%s'") % advised
        Path("single.yaml").write_text(quoted, encoding="utf-8")
        assert case("08", "recipes", "check", "single.yaml")[0] == 0


def test_a_folder_of_windows_is_no_hub_id(case: Case):
    Path("models/mine").mkdir(parents=True)
    code, said = case("08", "predict", r".\models\mine", "hello")
    assert code == 5
    assert "hub" not in said
    assert "write 'models/mine'" in said


def test_columns_named_by_numbers(case: Case):
    Path("numbers.csv").write_text(
        Path(CASES / "08" / "test.csv").read_text("utf-8").replace("text,label", "0,1"), "utf-8"
    )
    source = ("data.train=null", "data.source=numbers.csv", "data.validation_size=2")
    assert fine_tune(case, "08", *source, "data.columns.text=0", "data.columns.label=1")[0] == 0


def test_a_model_that_has_learnt_nothing_says_so_first(case: Case):
    rows = "".join(f"text {i % 7} {i},{'ab'[(i * i // 3) % 2]}\n" for i in range(80))
    Path("noise.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    code, said = fine_tune(case, "08", "data.train=null", "data.source=noise.csv")
    assert code == 0
    assert metrics("out")["degenerate"] in ("one-answer", "not-above-constant")
    first = next(line for line in said.splitlines() if line.startswith("packaged:minilm"))
    assert " is degenerate, " in first
    (trial,) = (json.loads(line) for line in Path("trials.jsonl").read_text("utf-8").splitlines())
    assert trial["status"] == "degenerate"
    assert "It is degenerate" in Path("out/README.md").read_text("utf-8")
    assert "is degenerate" in Path("out/report.html").read_text("utf-8")
