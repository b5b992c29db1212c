from __future__ import annotations

import unicodedata
from collections import Counter

import pytest

from toolkit.data.prepare import prepare_classification
from toolkit.errors import DataError, RecipeError


def reviews(n_rows: int, labels: str = "ab") -> str:
    lines = [f"review number {i},{labels[i % len(labels)]}" for i in range(n_rows)]
    return "text,label\n" + "\n".join(lines) + "\n"


def fault_of(section) -> str:
    with pytest.raises(DataError) as caught:
        prepare_classification(section)
    return str(caught.value)


def test_one_source_is_divided_stratified_and_keeps_its_row_numbers(write, section):
    data = prepare_classification(section(source=write("a.csv", reviews(100))))
    sizes = {"train": 70, "validation": 10, "test": 20}
    splits = {name: getattr(data, name) for name in sizes}
    assert {name: len(rows) for name, rows in splits.items()} == sizes
    ids = [i for rows in splits.values() for i in rows["id"]]
    assert sorted(ids) == list(range(100))
    for name, rows in splits.items():
        assert rows["id"] == sorted(rows["id"])
        assert rows["text"] == [f"review number {i}" for i in rows["id"]]
        assert rows["label"] == [i % 2 for i in rows["id"]]
        assert rows["reference"] == [data.labels[label] for label in rows["label"]]
        assert Counter(rows["label"]) == {0: sizes[name] // 2, 1: sizes[name] // 2}
    assert (data.labels, data.warnings, data.source) == (("a", "b"), (), "a.csv")


def test_the_division_depends_on_the_split_seed_alone(write, section):
    name = write("a.csv", reviews(60))
    first = prepare_classification(section(source=name))
    again = prepare_classification(section(source=name, columns={"text": "text"}))
    other = prepare_classification(section(source=name, split_seed=1))
    assert first.test["id"] == again.test["id"] != other.test["id"]
    assert first.digest == again.digest != other.digest


def test_sizes_in_rows(write, section):
    data = prepare_classification(section(source=write("a.csv", reviews(50)), test_size=8, validation_size=0))
    assert (len(data.train), data.validation, len(data.test)) == (42, None, 8)


def test_a_file_a_split(write, section):
    data = prepare_classification(
        section(
            train=write("train.csv", reviews(20)),
            validation=write("dev.jsonl", '{"text": "x", "label": "a"}\n{"text": "y", "label": "b"}'),
            test=[write("t1.csv", "label,text\nb,z\n"), write("t2.csv", "text,label\nw,a\n")],
        )
    )
    assert data.train["id"] == list(range(20))
    assert data.validation["text"] == ["x", "y"]
    assert (data.test["text"], data.test["id"], data.test["label"]) == (["z", "w"], [0, 1], [1, 0])
    assert data.source == "train.csv, dev.jsonl, t1.csv, t2.csv"


def test_validation_alone_is_cut_from_train(write, section):
    train, test = write("train.csv", reviews(20)), write("test.csv", reviews(4))
    data = prepare_classification(section(train=train, test=test))
    assert (len(data.train), len(data.validation), len(data.test)) == (18, 2, 4)


def test_packaged_labels_keep_their_order(section):
    data = prepare_classification(section(source="packaged:rotten-tomatoes", test_size=1000))
    assert data.labels == ("negative", "positive")
    assert (len(data.test), len(data.validation), len(data.train)) == (1000, 853, 6677)
    assert Counter(data.test["label"]) == {0: 500, 1: 500}
    assert data.source == "packaged:rotten-tomatoes"
    assert data.digest == "fbcd08c35192b9a7f97dafe9ca01261187ad3af7006ed50262d2d8f6549dba95"


@pytest.mark.parametrize(
    ("labels", "expected"), [(["10", "9", "-1"], ("-1", "9", "10")), (["10", "9", "b"], ("10", "9", "b"))]
)
def test_order_of_labels(write, section, labels, expected):
    name = write("a.csv", "text,label\n" + "".join(f"t{i},{labels[i % 3]}\n" for i in range(30)))
    assert prepare_classification(section(source=name)).labels == expected


def test_decomposed_letters_and_spaces_around_labels(write, section):
    korean = "영화가 정말 좋았다"
    rows = "".join(
        f"{unicodedata.normalize('NFD', korean)} {i}, {unicodedata.normalize('NFD', '긍정')} \n" for i in range(9)
    )
    name = write("a.csv", "text,label\n" + rows + "".join(f"{korean} {i},부정\n" for i in range(9)))
    data = prepare_classification(section(source=name))
    assert data.labels == ("긍정", "부정")
    assert all(text.startswith(korean) for text in data.train["text"])


def test_pairs(write, section):
    name = write("a.tsv", "s1\ts2\tlabel\n" + "".join(f"one {i}\ttwo {i}\t{i % 2}\n" for i in range(20)))
    data = prepare_classification(section(source=name, columns={"text": "s1", "text_pair": "s2"}))
    assert data.train["text_pair"] == [f"two {i}" for i in data.train["id"]]
    assert data.labels == ("0", "1")


def test_few_shot_applies_to_train_only(write, section):
    name = write("a.csv", reviews(60) + "rare 1,c\nrare 2,c\nrare 3,c\n")
    data = prepare_classification(section(source=name, shots_per_class=8))
    assert Counter(data.train["reference"]) == {"a": 8, "b": 8, "c": 2}
    assert len(data.test) == 13
    assert "1 class with fewer than 8 rows to learn from: 'c 2'" in data.warnings


def test_few_shot_rows_depend_on_the_split_seed(write, section):
    files = {"train": write("train.csv", reviews(60)), "test": write("test.csv", reviews(4))}
    chosen = [
        prepare_classification(section(**files, validation_size=0, shots_per_class=4, split_seed=seed)).train["id"][:]
        for seed in (0, 0, 1)
    ]
    assert chosen[0] == chosen[1] != chosen[2]


def test_one_class_is_refused(write, section):
    name = write("a.csv", reviews(20, "a"))
    assert fault_of(section(source=name)).startswith("a.csv: all 14 training rows have the label 'a'; a classifier")


def test_missing_labels_are_refused_with_their_lines_in_every_split(write, section):
    train = write("train.csv", reviews(10) + "x,\ny,  \n")
    test = write("test.jsonl", '{"text": "x", "label": null}\n' + '{"text": "x"}\n' * 11)
    fix = "write the labels, or take the rows out of the file"
    assert fault_of(section(train=train, test=test)).split("\n") == [
        f"train.csv: no label in 2 rows (lines 12, 13); {fix}",
        f"test.jsonl: no label in 12 rows (lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …); {fix}",
    ]


def test_missing_columns_of_all_splits_at_once(write, section):
    train, test = write("train.csv", "txt,label\na,b\n"), write("test.csv", "text,lable\na,b\n")
    assert len(fault_of(section(train=train, test=test)).split("\n")) == 2


def test_too_few_rows(write, section):
    assert "3 rows are too few to cut off 2 for test and 1 for validation" in fault_of(
        section(source=write("a.csv", reviews(3)), test_size=2)
    )
    with pytest.raises(RecipeError, match=r"data\.test_size"):
        prepare_classification(section(source="a.csv", test_size=0))


def test_blank_texts_are_left_out_of_training_and_kept_elsewhere(write, section):
    train = write("train.csv", reviews(20) + " \t,a\n,b\n")
    test = write("test.csv", reviews(3) + '"  ",a\n')
    data = prepare_classification(section(train=train, test=test, validation_size=0))
    assert (len(data.train), data.test["text"][3]) == (20, "  ")
    assert data.warnings[:2] == (
        "train.csv: blank text, left out of training, in 2 rows (lines 22, 23)",
        "test.csv: blank text, kept in the test split, in 1 row (line 5)",
    )


def test_a_very_long_cell_is_cut_and_counted(write, section):
    name = write("a.csv", reviews(20) + "x" * 3_000_000 + ",a\n")
    data = prepare_classification(section(source=name))
    assert data.warnings == ("a.csv: text cut to its first 200,000 characters in 1 row (line 22)",)
    assert max(len(text) for rows in (data.train, data.validation, data.test) for text in rows["text"]) == 200_000


def test_a_class_only_in_test_counts_as_wrong(write, section):
    train, test = write("train.csv", reviews(20)), write("test.csv", "text,label\nnew,c\nx,a\ny,b\n")
    data = prepare_classification(section(train=train, test=test))
    assert data.labels == ("a", "b")
    assert (data.test["label"], data.test["reference"]) == ([-1, 0, 1], ["c", "a", "b"])
    assert data.warnings == ("the test split has 1 row of a class that training has not ('c'); counted as wrong",)


def test_a_class_missing_in_test_is_told(write, section):
    train, test = write("train.csv", reviews(20)), write("test.csv", "text,label\nx,a\n")
    (warning,) = prepare_classification(section(train=train, test=test)).warnings
    assert warning.startswith("the test split has no row of 1 of 2 classes ('b')")


def test_repeated_rows_and_contradictions_are_counted(write, section):
    train = write("train.csv", reviews(20) + "Same  Text,a\nsame text,b\n")
    test = write("test.csv", "text,label\nSAME TEXT,a\nreview number 3,b\nnew,b\n")
    data = prepare_classification(section(train=train, test=test, validation_size=0))
    assert data.warnings == (
        "2 of 3 rows of the test split are in the train split too (but for case, spacing or Unicode form)",
        "the train split has 1 text with different labels; `toolkit doctor` lists them",
    )
    assert len(data.test) == 3


def test_classes_with_one_row_and_splits_smaller_than_the_classes(write, section):
    rows = "".join(f"single {label},{label}\n" for label in "cde")
    data = prepare_classification(section(source=write("a.csv", reviews(40) + rows), test_size=4, validation_size=2))
    assert data.warnings[:3] == (
        "3 of 5 classes have one row only, which cannot be divided: 'c', 'd', 'e'",
        "the test split of 4 rows cannot hold all 5 classes",
        "the validation split of 2 rows cannot hold all 5 classes",
    )
    assert data.labels == ("a", "b", "c", "d", "e")


def test_labels_of_a_model(write, section):
    name = write("a.csv", reviews(20))
    data = prepare_classification(section(source=name), label_names=["b", "x", "a"])
    assert data.labels == ("b", "x", "a")
    assert data.train["label"] == [2 if i % 2 == 0 else 0 for i in data.train["id"]]
    with pytest.raises(DataError, match=r"a\.csv: labels that the model has not \('b'\) in 7 rows"):
        prepare_classification(section(source=name), label_names=["a", "x"])


def test_the_digest_sees_every_cell(write, section):
    digests = set()
    for change in [
        ("text", "text"),
        ("number 7", "number  7"),
        ("number 7,b", "number 7,a"),
        ("number 7", "number 7\u0301"),
    ]:
        digests.add(prepare_classification(section(source=write("a.csv", reviews(20).replace(*change)))).digest)
    assert len(digests) == 4
