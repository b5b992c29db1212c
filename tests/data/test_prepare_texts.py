from __future__ import annotations

import unicodedata

import pytest

from toolkit.data.prepare_texts import prepare_texts
from toolkit.data.sources import read_table
from toolkit.errors import DataError

PAIR = ("source", "target")


def lines(word: str, n_rows: int) -> str:
    return "".join(f"{word} {i}\n" for i in range(n_rows))


def pairs(n_rows: int) -> str:
    return "source,target\n" + "".join(f"Satz {i},sentence {i}\n" for i in range(n_rows))


def test_line_parallel_files_a_split(write, section):
    files = {}
    for split, n_rows in (("train", 20), ("validation", 3), ("test", 4)):
        source, target = write(f"{split}.de", lines(f"{split} Satz", n_rows)), write(f"{split}.en", lines("s", n_rows))
        files[split] = {"source": source, "target": target}
    data = prepare_texts(section(**files), columns=PAIR)
    assert data.train.column_names == ["id", "source", "target"]
    assert data.train["source"][:] == [f"train Satz {i}" for i in range(20)]
    assert data.train["target"][:] == [f"s {i}" for i in range(20)]
    assert data.test.to_dict() == {
        "id": [0, 1, 2, 3],
        "source": [f"test Satz {i}" for i in range(4)],
        "target": [f"s {i}" for i in range(4)],
    }
    assert len(data.validation) == 3
    assert data.source == "train.de + train.en, validation.de + validation.en, test.de + test.en"
    assert data.warnings == ()


def test_columns_of_parallel_files_can_have_other_names(write, section):
    source = {"de": write("a.de", lines("Satz", 10)), "en": write("a.en", lines("s", 10))}
    data = prepare_texts(section(source=source, columns={"source": "de", "target": "en"}), columns=PAIR)
    for rows in (data.train, data.validation, data.test):
        assert rows["source"] == [f"Satz {i}" for i in rows["id"]]
        assert rows["target"] == [f"s {i}" for i in rows["id"]]


def test_one_source_is_divided_at_random_by_the_split_seed_alone(write, section):
    name = write("a.csv", pairs(100))
    data, again = (prepare_texts(section(source=name), columns=PAIR) for _ in range(2))
    other = prepare_texts(section(source=name, split_seed=1), columns=PAIR)
    splits = (data.train, data.validation, data.test)
    assert [len(rows) for rows in splits] == [70, 10, 20]
    assert sorted(i for rows in splits for i in rows["id"]) == list(range(100))
    for rows in splits:
        assert rows["source"] == [f"Satz {i}" for i in rows["id"]]
        assert rows["target"] == [f"sentence {i}" for i in rows["id"]]
    assert data.test["id"] == again.test["id"] != other.test["id"]
    assert data.digest == again.digest != other.digest
    assert data.warnings == ()


def test_single_texts_leave_other_columns_alone(write, section):
    data = prepare_texts(section(source=write("a.csv", "text,label\n" + "t,1\n" * 10)), columns=("text",))
    assert data.train.column_names == ["id", "text"]
    plain = prepare_texts(section(source=write("a.txt", lines("line", 10)), validation_size=0), columns=("text",))
    assert (len(plain.train), plain.validation, len(plain.test)) == (8, None, 2)


def test_packaged_dialogues(section):
    data = prepare_texts(section(source="packaged:chatterbot", subset="korean"), columns=PAIR)
    table = read_table("packaged:chatterbot", subset="korean")
    for rows in (data.train, data.validation, data.test):
        for row in rows.select(range(5)):
            cell = table.columns["source"][row["id"]]
            assert row["source"] == unicodedata.normalize("NFC", cell)
    assert len(data.train) + len(data.validation) + len(data.test) == table.n_rows


def test_decomposed_korean_is_composed(write, section):
    korean = "안녕하세요"
    name = write("a.csv", "source,target\n" + f"{unicodedata.normalize('NFD', korean)},{korean}\n" * 10)
    data = prepare_texts(section(source=name), columns=PAIR)
    assert set(data.train["source"]) == set(data.train["target"]) == {korean}


def test_blank_sources_leave_training_and_blank_targets_every_split(write, section):
    train = write("train.csv", pairs(10) + "a,\n  ,b\n")
    test = write("test.csv", pairs(2) + "c, \n ,d\n")
    data = prepare_texts(section(train=train, test=test, validation_size=0), columns=PAIR)
    assert data.train["id"][:] == list(range(10))
    assert data.test["id"][:] == [0, 1, 3]
    assert data.warnings[:4] == (
        "train.csv: blank target, left out of the train split, in 1 row (line 12)",
        "test.csv: blank target, left out of the test split, in 1 row (line 4)",
        "train.csv: blank text, left out of training, in 1 row (line 13)",
        "test.csv: blank text, kept in the test split, in 1 row (line 5)",
    )


def test_a_split_without_any_target_measures_nothing(write, section):
    train, test = write("train.csv", pairs(10)), write("test.csv", "source,target\nc, \nd,\n")
    with pytest.raises(DataError, match=r"test\.csv: no test row has a target; give rows with a text in that column"):
        prepare_texts(section(train=train, test=test, validation_size=0), columns=PAIR)


def test_pairs_that_are_in_two_splits_are_counted_and_a_shared_source_is_not(write, section):
    train = write("train.csv", pairs(10))
    test = write("test.csv", "source,target\nSatz 3,sentence 3\nSATZ 4,Sentence  4\nSatz 5,another one\n")
    data = prepare_texts(section(train=train, test=test, validation_size=0), columns=PAIR)
    assert data.warnings == (
        "2 of 3 rows of the test split are in the train split too (but for case, spacing or Unicode form)",
    )


def test_missing_columns_of_all_splits_at_once(write, section):
    train, test = write("train.csv", "first,target\na,b\n"), write("test.csv", "source,second\na,b\n")
    with pytest.raises(DataError) as caught:
        prepare_texts(section(train=train, test=test), columns=PAIR)
    assert [str(fault) for fault in caught.value.faults] == [
        "train.csv: no column 'source'; columns: first, target; say which is the source with data.columns.source or "
        "--text-column",
        "test.csv: no column 'target'; columns: source, second; say which is the target with data.columns.target or "
        "--label-column",
    ]


def test_nothing_to_learn_from(write, section):
    name = write("a.csv", "source,target\n" + "a,\n" * 10)
    with pytest.raises(DataError, match=r"a\.csv: no training row is left; rows need a text in each of source, target"):
        prepare_texts(section(source=name), columns=PAIR)


def test_the_digest_sees_both_sides(write, section):
    changes = [("Satz 3", "Satz 3"), ("Satz 3", "Satz  3"), ("sentence 3", "sentence  3")]
    digests = set()
    for change in changes:
        name = write("a.csv", pairs(10).replace(*change))
        digests.add(prepare_texts(section(source=name), columns=PAIR).digest)
    assert len(digests) == 3
