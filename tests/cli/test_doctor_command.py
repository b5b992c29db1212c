"""`toolkit doctor`: all checks, splits, a model, rows to correct, and recipe lines that work when they are followed."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from toolkit.cli.main import run
from toolkit.data import prepare_classification
from toolkit.names import Problem
from toolkit.recipe import load_recipe

SETS = Problem.MULTI_LABEL
RECIPE = "A recipe for these data:\n\n"


def write(path: Path, rows, header=("text", "label"), encoding="utf-8") -> str:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return str(path)


def films(n: int = 60):
    good, bad = "a moving, warm and funny film", "a dull, cold and slow film"
    return [(f"{(good, bad)[i % 2]}, number {i}", ("good", "bad")[i % 2]) for i in range(n)]


def doctor(capsys, *arguments: str) -> str:
    assert run(["doctor", *arguments]) == 0
    out = capsys.readouterr().out
    told = out.split(RECIPE)[0]
    if "--json" in arguments:
        return out
    assert max(map(len, told.splitlines())) <= 80 or "/" in max(told.splitlines(), key=len)  # a long path
    return out


def test_without_a_model_nothing_heavy_is_imported(tmp_path):
    name = write(tmp_path / "a.csv", films())
    code = (
        "import sys; from toolkit.cli.main import run; run(['doctor', '--data', sys.argv[1]]);"
        "print('HEAVY', sorted({'torch', 'transformers', 'datasets', 'sklearn', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, name], capture_output=True, text=True, check=True, env=os.environ
    )
    assert done.stdout.endswith("HEAVY []\n")


def checked(out: str, folder: Path, *, output: str) -> Path:
    """Write the recipe to a file and check it."""
    file = folder / f"{output}.yaml"
    file.write_text(out.split(RECIPE)[1], encoding="utf-8")
    assert run(["recipes", "check", str(file)]) == 0
    return file


def followed(out: str, folder: Path, *, output: str) -> dict:
    """Follow the advice literally: write the recipe to a file, check it, carry it out."""
    file = checked(out, folder, output=output)
    command = ["fine-tune", str(file), "--output-dir", str(folder / output), "--ledger", str(folder / "trials.jsonl")]
    tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert run([*command, *(["training.max_steps=1"] if tree["method"] == "full" else [])]) == 0
    return tree


def test_scores_become_numbers_and_the_recipe_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [(f"영화 {i}번, {'좋아요' * (i % 5)}", f"{i % 5 / 2 + 0.25}") for i in range(40)]
    write(tmp_path / "별점.csv", rows, header=("후기", "별점"), encoding="cp949")
    out = doctor(capsys, "--data", "별점.csv", "--text-column", "후기", "--label-column", "별점")
    assert "scores, for which there is model.problem_type" in " ".join(out.split())
    tree = followed(out, tmp_path, output="scores")
    assert tree["model"]["problem_type"] == "regression"


def test_uneven_classes_get_weights_and_the_recipe_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [(f"text number {i}", "rare" if i % 12 == 0 else "common") for i in range(72)]
    write(tmp_path / "a.csv", rows)
    tree = followed(doctor(capsys, "--data", "a.csv"), tmp_path, output="uneven")
    assert (tree["training"], tree["evaluation"]["metrics"][0]) == ({"class_weights": "balanced"}, "f1")


@pytest.mark.parametrize(("rows", "method"), [(1_420, "features"), (1_440, "full")])
def test_method_is_that_of_a_recipe_for_the_file(tmp_path, capsys, monkeypatch, rows, method):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", [(f"text number {i}", "ab"[i % 2]) for i in range(rows)])
    assert yaml.safe_load(doctor(capsys, "--data", "a.csv").split(RECIPE)[1])["method"] == method
    assert (
        run(["recipes", "new", "--task", "text-classification", "--data", "a.csv", "--model", "packaged:minilm"]) == 0
    )
    assert yaml.safe_load((tmp_path / "a.yaml").read_text(encoding="utf-8"))["method"] == method


def test_splits_are_compared_and_the_recipe_names_them(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = films()
    write(tmp_path / "train.csv", [*rows[:40], ("한국어로 쓴 글", "good")])
    only_good = [row for row in rows[40:] if row[1] == "good"]
    write(tmp_path / "test.csv", [*only_good, rows[0], ("A " + rows[2][0][2:].upper(), "good"), ("new " * 60, "new")])
    out = doctor(capsys, "--train", "train.csv", "--test", "test.csv")
    told = " ".join(out.split())
    assert "2 of 13 rows of test are in train too, 1 of them letter for letter" in told
    assert "train has no row of 1 class of test: 'new'" in told
    assert "test has no row of 1 class of train: 'bad'" in told
    assert "1 text mostly in Hangul letters, unlike the rest (train.csv:42)" in told
    assert yaml.safe_load(out.split(RECIPE)[1])["data"] == {"train": "train.csv", "test": "test.csv"}


def test_what_a_tokenizer_does_to_korean_is_told(tmp_path, capsys):
    name = write(
        tmp_path / "a.csv", [(f"이 영화는 정말 {'좋아요' if i % 2 else '싫어요'} {i}", str(i % 2)) for i in range(30)]
    )
    told = " ".join(doctor(capsys, "--data", name, "--model", "packaged:minilm").split())
    assert "100% of the Hangul syllables apart into jamo" in told
    assert "Nothing to warn of" not in told
    # Rows that are the same unknown words to the model are not accused.
    assert "loses too much of these texts to tell which rows to look at" in told
    assert "nearly repeats" not in told
    checked = tmp_path / "checked.csv"
    assert run(["doctor", "--data", name, "--model", "packaged:minilm", "--output", str(checked)]) == 2
    assert not checked.exists()


def test_wrong_labels_are_found_corrected_and_given_back(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = films()
    wrong = {3: "good", 10: "bad", 44: "bad"}
    twin = (rows[20][0].replace("number", "numbers"), rows[20][1])
    write(tmp_path / "a.csv", [(text, wrong.get(i, label)) for i, (text, label) in enumerate(rows)] + [twin])
    out = doctor(capsys, "--data", "a.csv", "--model", "packaged:minilm", "--output", "checked.csv", "--json")
    trust = json.loads(out)["trust"]
    assert {d["place"] for d in trust["doubts"] if d["suggestion"]} == {f"a.csv:{i + 2}" for i in wrong}
    with (tmp_path / "checked.csv").open(encoding="utf-8", newline="") as stream:
        checked = list(csv.DictReader(stream))
    assert list(checked[0]) == ["line", "text", "label", "suggestion", "reason"]
    assert len(checked) == 61
    assert {int(row["line"]) - 2 for row in checked[:3]} == set(wrong)
    for row in checked:
        row["label"] = row["suggestion"] or row["label"]
    write(tmp_path / "corrected.csv", [list(row.values()) for row in checked], header=list(checked[0]))
    told = doctor(capsys, "--data", "corrected.csv", "--model", "packaged:minilm")
    assert "labels that other rows contradict: 0" in told
    followed(told, tmp_path, output="corrected")


def test_rows_to_correct_keep_formulas_and_say_so(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [(f"={text}" if i < 3 else text, label) for i, (text, label) in enumerate(films())]
    write(tmp_path / "a.csv", rows)
    assert run(["doctor", "--data", "a.csv", "--model", "packaged:minilm", "--output", "checked.csv"]) == 0
    assert "checked.csv: 3 texts would run as formulas in a spreadsheet" in capsys.readouterr().err
    with (tmp_path / "checked.csv").open(encoding="utf-8", newline="") as stream:
        assert sorted(row["text"] for row in csv.DictReader(stream)) == sorted(text for text, _ in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "a.csv", "--train", "a.csv"], "give --data for one set of rows"),
        ([], "give --data for one set of rows"),
        (["--data", "a.csv", "--output", "b.csv"], "add --model packaged:minilm"),
        (["--data", "a.csv", "--output", "b.txt", "--model", "packaged:minilm"], "written as .csv"),
        (["--data", "a.csv", "--output", "a.csv", "--model", "packaged:minilm"], "would replace the file that is read"),
    ],
)
def test_options_that_do_not_fit(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.csv", films())
    assert run(["doctor", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_columns_of_labels_vectors_and_spellings_become_a_recipe_that_runs(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = [(f"{'damn ' * (i % 2)}{'stupid ' * (i % 3 > 0)}text {i}", i % 2, int(i % 3 > 0)) for i in range(60)]
    write(tmp_path / "flags.csv", flags, header=("text", "욕설", "insult"))
    out = doctor(capsys, "--data", "flags.csv", "--label-column", "욕설", "--label-column", "insult")
    assert "labels: 2 (insult 40, 욕설 30)" in out
    tree = followed(out, tmp_path, output="flags")
    assert tree["data"]["columns"] == {"labels": ["욕설", "insult"]}
    assert run(["evaluate", "flags", "--data", "flags.csv", "--json"]) == 0  # the run knows its columns
    capsys.readouterr()

    write(tmp_path / "vectors.csv", [(text, f"[{one}, {other}]") for text, one, other in flags])
    several = ["--data", "vectors.csv", "--problem", "multi_label_classification"]
    assert run(["doctor", *several]) == 3
    assert "(or --labels)" in capsys.readouterr().err
    out = doctor(capsys, *several, "--labels", 'toxic,"rude, insulting"')
    section = load_recipe(checked(out, tmp_path, output="vectors")).data
    assert prepare_classification(section, problem=SETS).labels == ("toxic", "rude, insulting")
    capsys.readouterr()

    write(tmp_path / "spelt.csv", [(text, ("Yes", "no", "yes ", "NO")[i % 4]) for i, (text, *_) in enumerate(flags)])
    out = doctor(capsys, "--data", "spelt.csv", "--merge-labels")
    assert "Nothing to warn of." in out
    section = load_recipe(checked(out, tmp_path, output="spelt")).data
    assert sorted(map(str.lower, prepare_classification(section).labels)) == ["no", "yes"]
    out = doctor(capsys, "--data", "spelt.csv", "--labels", "Yes,no")
    assert "labels that are not among the named ones ('NO', 'yes')" in " ".join(out.split())
    assert "labels:" not in out.split(RECIPE)[1]


def test_several_columns_are_refused_where_labels_are_one_class(tmp_path, capsys):
    name = write(tmp_path / "a.csv", [(f"text {i}", i % 2, 1) for i in range(9)], header=("text", "a", "b"))
    columns = ["--label-column", "a", "--label-column", "b"]
    assert run(["doctor", "--data", name, *columns, "--problem", "single_label_classification"]) == 2
    assert "2 columns of labels are named" in capsys.readouterr().err


def test_what_the_readers_took_upon_themselves_stands_in_the_json(tmp_path, capsys):
    lines = [f"film {i};{i % 5},{i % 10}" for i in range(30)]
    (tmp_path / "a.csv").write_text("\n".join(["text;stars", *lines, ";"]), encoding="utf-8")
    arguments = ["--data", str(tmp_path / "a.csv"), "--label-column", "stars", "--problem", "regression", "--json"]
    notes = " ".join(json.loads(doctor(capsys, *arguments))["notes"])
    assert "columns are separated by semicolons" in notes
    assert "1 row without content left out" in notes
    assert "commas in the scores begin the fraction" in notes
    (tmp_path / "b.csv").write_text("\n".join(f"film {i},{('good', 'bad')[i % 2]}" for i in range(30)), "utf-8")
    found = json.loads(doctor(capsys, "--data", str(tmp_path / "b.csv"), "--text-column", "0", "--json"))
    assert "no header" in " ".join(found["notes"])
