"""Several labels a text and numbers as labels: read, checked, divided, encoded."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import torch
from datasets import Dataset
from examined import examine_file
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from toolkit.data.encode import PaddingCollator, encode, rows_at
from toolkit.data.labels import label_kind
from toolkit.data.labels.class_sets import ClassSet
from toolkit.data.labels.name_lists import label_separator
from toolkit.data.normalise import clean_number, names_of, number_text
from toolkit.data.packaged import packaged_model_folder
from toolkit.data.prepare import prepare_classification
from toolkit.data.rows import prepare_rows
from toolkit.data.splits import quantile_strata, set_strata
from toolkit.errors import DataError, RecipeError
from toolkit.names import Problem

SETS, SCORES = Problem.MULTI_LABEL, Problem.REGRESSION
TOPICS = [["sport"], ["art", "sport"], [], ["art"], ["art", "politics"]]


def test_every_problem_has_its_kind_of_label():
    assert [label_kind(problem).problem for problem in Problem] == list(Problem)


def topics(n_rows: int) -> str:
    rows = ({"text": f"text {i}", "labels": TOPICS[i % len(TOPICS)]} for i in range(n_rows))
    return "".join(json.dumps(row) + "\n" for row in rows)


def scores(n_rows: int) -> str:
    return "a\tb\tscore\n" + "".join(f"one {i}\ttwo {i}\t{i % 21 / 4:.3f}\n" for i in range(n_rows))


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ('["b", "a", "b"]', ["a", "b"]),
        ("b;a; ", ["a", "b"]),
        ("a, b", ["a, b"]),
        ("[]", []),
        ("", []),
        (None, []),
        ("[3, 10]", ["10", "3"]),
        (' ["스포츠, 연예"] ', ["스포츠, 연예"]),
    ],
)
def test_names_of_a_cell(cell: str | None, names: list[str]):
    assert names_of(ClassSet(separator=";").clean(cell)) == names


@pytest.mark.parametrize(
    "cell",
    ["['a' + 'b']", "[a, b]", "('a', 'b'", "['a''b']", "[0.5, 0.25]", "[[1]]", '[{"a": 1}]', "[" * 5000 + "]" * 5000],
)
def test_what_looks_like_a_list_and_is_none_of_names(cell: str):
    with pytest.raises(ValueError):
        ClassSet(separator=";").clean(cell)


def test_one_separator_for_the_whole_column():
    assert label_separator(["a, b", "c"]) == ","
    assert label_separator(["a, b", "c|d"]) == "|"
    assert label_separator(["arts, culture;sport", "a|b", '["x;y"]']) == ";"
    assert label_separator(["a", None, '["x, y"]']) == ";"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_from_its_text(number: float):
    assert float(clean_number(number_text(number))) == number
    assert clean_number(f" {number!r} ") == number_text(number)


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity", "1_000", "3,8", "high", "5 stars"])
def test_what_is_no_finite_number(cell: str):
    with pytest.raises(ValueError):
        clean_number(cell)


def test_several_labels_of_a_json_file(write, section):
    data = prepare_classification(section(source=write("a.jsonl", topics(100))), problem=SETS)
    assert (data.problem, data.labels) == (SETS, ("art", "politics", "sport"))
    assert (len(data.train), len(data.validation), len(data.test)) == (70, 10, 20)
    for rows in (data.train, data.validation, data.test):
        for row in rows:
            expected = TOPICS[row["id"] % 5]
            assert row["label"] == [float(name in expected) for name in data.labels]
            assert row["label_names"] == sorted(expected)
            assert row["reference"] == ", ".join(sorted(expected))
        # Each set keeps its share.
        assert set(Counter(rows["reference"]).values()) == {len(rows) // 5}
    assert data.warnings == ()


def test_csv_has_the_same_rows_and_digest_as_json(write, section):
    lines = "".join(f'text {i},"{", ".join(TOPICS[i % 5])}"\n' for i in range(50))
    from_csv = prepare_classification(
        section(source=write("a.csv", "text,tags\n" + lines), columns={"labels": "tags"}), problem=SETS
    )
    from_json = prepare_classification(section(source=write("a.jsonl", topics(50))), problem=SETS)
    assert from_csv.digest == from_json.digest
    assert from_csv.train["label"][:] == from_json.train["label"][:]


def test_parquet_lists_have_the_same_rows_and_digest_as_json(write, section, tmp_path):
    rows = {"text": [f"text {i}" for i in range(50)], "labels": [TOPICS[i % 5] for i in range(50)]}
    pyarrow.parquet.write_table(pyarrow.table(rows), tmp_path / "a.parquet")
    from_json = prepare_classification(section(source=write("a.jsonl", topics(50))), problem=SETS)
    from_parquet = prepare_classification(section(source="a.parquet"), problem=SETS)
    assert from_parquet.digest == from_json.digest


def test_the_column_may_be_called_label(write, section):
    name = write("a.csv", "text,label\n" + "".join(f"t{i},{'a;b' if i % 2 else 'b'}\n" for i in range(20)))
    assert prepare_classification(section(source=name, columns={"label": "label"}), problem=SETS).labels == ("a", "b")
    assert prepare_classification(section(source=name), problem=SETS).labels == ("a", "b")
    with pytest.raises(DataError, match="no column 'labels'"):
        prepare_classification(section(source=write("b.csv", "text,tag\na,b\n")), problem=SETS)


def test_the_separator_is_that_of_all_splits(write, section):
    train = write("train.csv", "text,labels\n" + 'x,"arts, culture;sport"\ny,sport\n' * 10)
    test = write("test.csv", 'text,labels\nz,"arts, culture"\n')
    data = prepare_classification(section(train=train, test=test), problem=SETS)
    assert data.labels == ("arts, culture", "sport")
    assert data.test["label_names"][0] == ["arts, culture"]


def test_names_that_only_one_side_has_are_told(write, section):
    train = write("train.jsonl", topics(20))
    test = write("test.jsonl", '{"text": "x", "labels": ["sport", "weather"]}\n{"text": "y", "labels": []}\n')
    data = prepare_classification(section(train=train, test=test, validation_size=0), problem=SETS)
    assert data.test["reference"][:] == ["sport, weather", ""]
    assert data.test["label"][:] == [[0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]
    assert data.warnings == (
        "the test split has 1 row of a class that training has not ('weather'); counted as wrong",
        "the test split has no row of 2 of 3 classes ('art', 'politics'); f1 is the mean over all of them",
    )


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ('{"text": "a", "labels": [["x"]]}\n{"text": "b", "labels": ["x"]}', "no list of names .* in 1 row .line 1."),
        ('{"text": "a", "labels": {"x": 3}}\n{"text": "b", "labels": {}}', "no list of names .* in 1 row .line 1."),
        (
            '{"text": "a", "labels": [0, 0, 1]}\n{"text": "b", "labels": [1, 0, 0]}',
            "0 and 1, .* in 2 rows .lines 1, 2",
        ),
        ('{"text": "a", "labels": ["x"]}\n' * 20, "all 14 training rows have the labels 'x'"),
        ('{"text": "a", "labels": []}\n' * 20, "all 14 training rows have the labels none"),
    ],
)
def test_several_labels_that_cannot_be_learnt(write, section, rows: str, message: str):
    with pytest.raises(DataError, match=message):
        prepare_classification(section(source=write("a.jsonl", rows)), problem=SETS)


def test_lists_of_two_class_numbers_are_names(write, section):
    rows = "".join(f'{{"text": "t{i}", "labels": [{"0, 1" if i % 2 else "1, 0"}]}}\n' for i in range(10))
    with pytest.raises(DataError, match="the labels '0', '1'"):
        prepare_classification(section(source=write("a.jsonl", rows)), problem=SETS)


def test_lists_are_still_no_single_label(write, section):
    with pytest.raises(DataError, match="column 'labels' holds lists"):
        prepare_classification(section(source=write("a.jsonl", topics(20)), columns={"label": "labels"}))


def test_labels_of_a_model_name_the_lines(write, section):
    name = write("a.jsonl", topics(40))
    learnt = prepare_classification(section(source=name), problem=SETS).train["id"]
    lines = ", ".join(str(i + 1) for i in learnt if "politics" in TOPICS[i % 5])
    with pytest.raises(DataError) as caught:
        prepare_classification(section(source=name), problem=SETS, label_names=["sport", "art"])
    assert f"labels that the model has not ('politics') in 5 rows (lines {lines})" in str(caught.value)
    data = prepare_classification(section(source=name), problem=SETS, label_names=["x", "sport", "politics", "art"])
    assert data.labels == ("x", "sport", "politics", "art")
    assert {"sport, art", "politics, art"} <= set(data.train["reference"])


def test_scores_of_pairs(write, section):
    columns = {"text": "a", "text_pair": "b", "label": "score"}
    data = prepare_classification(section(source=write("a.tsv", scores(210)), columns=columns), problem=SCORES)
    assert (data.problem, data.labels, data.warnings) == (SCORES, ("score",), ())
    for rows in (data.train, data.validation, data.test):
        assert rows["label"][:] == [i % 21 / 4 for i in rows["id"]]
        assert rows["reference"][:] == [f"{i % 21 / 4:g}" for i in rows["id"]]
        assert rows["text_pair"][:] == [f"two {i}" for i in rows["id"]]
        # Every tenth of the scores is in every split.
        assert np.mean(rows["label"]) == pytest.approx(2.5, abs=0.2)


def test_only_the_recipe_says_that_integers_are_scores(write, section):
    name = write("a.csv", "text,label\n" + "".join(f"t {i},{i % 6}\n" for i in range(60)))
    assert prepare_classification(section(source=name)).labels == ("0", "1", "2", "3", "4", "5")
    data = prepare_classification(section(source=name), problem=SCORES)
    assert data.train["label"][:] == [float(i % 6) for i in data.train["id"]]
    assert data.train["reference"][:] == [str(i % 6) for i in data.train["id"]]


def test_scores_taken_for_classes_are_told(write, section):
    name = write("a.csv", "text,label\n" + "".join(f"t {i},{i % 4 + 0.5}\n" for i in range(80)))
    (warning,) = prepare_classification(section(source=name)).warnings
    assert "model.problem_type: regression" in warning


def test_faults_of_scores_name_their_lines_in_every_split(write, section):
    train = write("train.csv", "text,label\na,1\nb,high\nc,nan\nd,2\n")
    test = write("test.csv", "text,label\na,1\nb,\nc,inf\n")
    with pytest.raises(DataError) as caught:
        prepare_classification(section(train=train, test=test), problem=SCORES)
    assert str(caught.value).split("\n") == [
        "train.csv: the label is not a finite number (such as 'high') in 2 rows (lines 3, 4)",
        "test.csv: the label is not a finite number (such as 'inf') in 1 row (line 4)",
    ]
    missing = write("missing.csv", "text,label\na,1\nb,\n")
    with pytest.raises(DataError, match=r"no label in 1 row \(line 3\)"):
        prepare_classification(section(train=train, test=missing), problem=SCORES)


def test_one_score_is_refused_and_shots_too(write, section):
    name = write("a.csv", "text,label\n" + "t,3.50\n" * 20)
    with pytest.raises(DataError, match=r"all 14 training rows have the score 3\.5"):
        prepare_classification(section(source=name), problem=SCORES)
    for problem in (SCORES, SETS):
        with pytest.raises(RecipeError, match=r"data\.shots_per_class"):
            prepare_classification(section(source=name, shots_per_class=3), problem=problem)


def test_scores_beyond_training_are_told(write, section):
    train = write("train.csv", "text,label\n" + "".join(f"t {i},{i % 6}\n" for i in range(30)))
    test = write("test.csv", "text,label\na,7\nb,3\n")
    (warning,) = prepare_classification(section(train=train, test=test, validation_size=0), problem=SCORES).warnings
    assert warning == "the test split has 1 row with a score outside of those of training (0 to 5)"


def test_tiny_data_divides_whatever_the_labels(write, section):
    sets = prepare_classification(section(source=write("a.jsonl", topics(5))), problem=SETS)
    numbers = prepare_classification(
        section(source=write("b.tsv", scores(4)), columns={"text": "a", "label": "score"}), problem=SCORES
    )
    assert (len(sets.train), len(numbers.train)) == (3, 2)


def test_strata():
    labels = ["a"] * 5 + ["b"] * 4 + ["c"]
    assert set_strata(labels) == ["a"] * 5 + [""] * 5
    assert Counter(quantile_strata(list(range(100)))) == {str(tenth): 10 for tenth in range(10)}
    assert len(set(quantile_strata([3.0] * 7))) == 1


def test_rare_sets_reach_every_split(write, section):
    """Sets with a row each would all stay in training if each were a class of its own."""
    rows = "".join(
        json.dumps({"text": f"t{i}", "labels": [f"{i}", "x"] if i % 2 else ["x"]}) + "\n" for i in range(200)
    )
    data = prepare_classification(section(source=write("a.jsonl", rows)), problem=SETS)
    assert sum(i % 2 for i in data.test["id"]) == 20


def test_rows_to_measure_on(write):
    name = write("a.csv", "text,labels\nx,b|a\ny,\n")
    rows = prepare_rows(name, kind=label_kind(SETS), require_label=True)
    assert rows["label_names"][:] == [["a", "b"], []]
    assert rows["reference"][:] == ["a, b", ""]
    assert prepare_rows(write("b.csv", "text\nx\n"), kind=label_kind(SETS)).column_names == ["id", "text"]
    # The command line names a label column whatever the recipe called it.
    columns = {"labels": "nowhere", "label": "labels"}
    assert prepare_rows(name, columns=columns, kind=label_kind(SETS))["label_names"][0] == ["a", "b"]


def test_scores_to_measure_on_and_to_predict(write):
    name = write("a.csv", "text,label\nx,3.50\ny,good\nz,\n")
    assert prepare_rows(name, kind=label_kind(SCORES))["reference"][:] == ["3.5", None, None]
    with pytest.raises(DataError, match=r"not a finite number in 1 row \(line 3\)"):
        prepare_rows(name, kind=label_kind(SCORES), require_label=True)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([2, 0, 1], torch.tensor([2, 0, 1])),
        ([0.5, 4.0, -1.25], torch.tensor([[0.5], [4.0], [-1.25]])),
        ([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]], torch.tensor([[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]])),
    ],
)
def test_encoded_labels_become_tensors_of_their_kind(labels, expected: torch.Tensor):
    tokenizer = AutoTokenizer.from_pretrained(packaged_model_folder("minilm"))
    rows = Dataset.from_dict({"text": ["one", "two words", "three"], "label": labels})
    encoded = encode(rows, tokenizer, max_length=16)
    assert encoded["labels"][:] == labels
    batch = PaddingCollator(0)(rows_at(encoded, range(3)))
    assert batch["labels"].dtype == expected.dtype
    assert torch.equal(batch["labels"], expected)
    assert batch["input_ids"].shape == batch["attention_mask"].shape == (3, 4)


def test_doctor_counts_labels_of_sets(write):
    name = write("a.jsonl", topics(50) + '{"text": "text 0", "labels": ["art"]}\n{"text": "y", "labels": [[1]]}\n')
    report = examine_file(name, problem=SETS)
    split = report.splits["all"]
    assert split.classes == {"art": 31, "sport": 20, "politics": 10}
    assert (split.unlabelled_rows, split.misread_rows, split.misread_places) == (10, 1, ("a.jsonl:52",))
    assert split.conflicts[0].labels == ("sport", "art")
    assert report.warnings == (
        "1 row whose label is not a list of names (a.jsonl:52); training refuses them",
        "1 repetition of an earlier row but for case, spacing or Unicode form (1 letter for letter)",
        "1 text with different labels",
    )


def test_doctor_measures_scores(write):
    name = write("a.csv", "text,label\n" + "".join(f"t {i},{i}\n" for i in range(5)) + "x,good\ny,\n")
    split = examine_file(name, problem=SCORES).splits["all"]
    assert (split.classes, split.imbalance) == (None, None)
    assert (split.misread_rows, split.unlabelled_rows) == (1, 1)
    assert (split.scores.min, split.scores.mean, split.scores.max) == (0.0, 2.0, 4.0)
    assert split.scores.sd == pytest.approx(np.std(range(5)), abs=1e-4)
    warnings = examine_file(name).warnings
    assert not any("regression" in line for line in warnings)
    fractions = write("b.csv", "text,label\n" + "".join(f"t {i},{i / 2}\n" for i in range(6)))
    assert "model.problem_type: regression" in examine_file(fractions).warnings[0]
