from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict

import numpy as np
import pytest
from examined import examine_file
from transformers import AutoTokenizer

from toolkit.data.doctor import examine_section
from toolkit.data.doctor_tokens import examine_tokens
from toolkit.data.packaged import packaged_model_folder
from toolkit.data.sources import read_table
from toolkit.errors import DataError

ROWS = """text,label
good film,pos
good film,pos
Good  FILM,neg
,neg
bad,neg
bad,
"""


def test_figures_of_a_small_file(write):
    report = examine_file(write("a.csv", ROWS))
    split = report.splits["all"]
    assert (split.rows, split.classes, split.imbalance) == (6, {"neg": 3, "pos": 2}, 1.5)
    lengths = [9, 9, 10, 0, 3, 3]
    assert (split.characters.min, split.characters.max) == (0, 10)
    assert split.characters.median == np.median(lengths)
    assert split.characters.p95 == pytest.approx(np.percentile(lengths, 95), abs=0.1)
    assert (split.empty_rows, split.empty_places, split.unlabelled_rows) == (1, ("a.csv:5",), 1)
    assert len(split.unlabelled_places) == 1
    assert (split.exact_duplicates, split.normalised_duplicates) == (2, 3)
    assert split.conflicting_texts == 1
    (conflict,) = split.conflicts
    assert conflict.places == ("a.csv:2", "a.csv:3", "a.csv:4")
    assert (conflict.text, conflict.labels) == ("good film", ("pos", "pos", "neg"))
    assert report.encodings == {"a.csv": "utf-8"}
    assert len(report.warnings) == 5
    assert json.loads(json.dumps(asdict(report)))["splits"]["all"]["rows"] == 6


def test_a_file_without_labels(write):
    report = examine_file(write("a.csv", "text\none\ntwo\n"))
    assert report.splits["all"].classes is None
    assert report.warnings == ()
    with pytest.raises(DataError, match="no column 'label'"):
        examine_file("a.csv", columns={"label": "label"})


def test_a_clean_data_set_has_no_warning(write):
    rows = "".join(f"text {i},{i % 2}\n" for i in range(20))
    assert examine_file(write("a.csv", "text,label\n" + rows)).warnings == ()


def test_imbalance_small_and_single_classes(write):
    rows = "".join(f"text {i},{'rare' if i < 2 else 'common'}\n" for i in range(40))
    warnings = examine_file(write("a.csv", "text,label\n" + rows)).warnings
    assert "the largest class has 19 times the rows of the smallest" in warnings[0]
    assert warnings[1] == "1 class with fewer than 5 rows: 'rare'"
    (single,) = examine_file(write("b.csv", "text,label\na,x\nb,x\n")).warnings
    assert single.startswith("all rows have the label 'x'")


def test_pairs_are_duplicates_only_together(write):
    name = write("a.csv", "a,b\nsame,one\nsame,two\nsame,one\n")
    split = examine_file(name, columns={"text": "a", "text_pair": "b"}).splits["all"]
    assert (split.exact_duplicates, split.normalised_duplicates) == (1, 1)


def test_overlaps_between_splits(write, section):
    decomposed = unicodedata.normalize("NFD", "café film")
    train = write("train.csv", "text,label\n" + "".join(f"t {i},{i % 2}\n" for i in range(12)) + "café film,0\n")
    test = write("test.csv", f"text,label\nt 3,1\nT  3,1\n{decomposed},0\nnew,1\n")
    report = examine_section(section(train=train, test=test))
    (overlap,) = report.overlaps
    assert (overlap.first, overlap.second, overlap.exact, overlap.normalised) == ("train", "test", 1, 3)
    assert "3 of 4 rows of test are in train too, 1 of them letter for letter" in report.warnings
    assert examine_section(section(source=train)).splits["all"].rows == 13


def test_known_facts_of_rotten_tomatoes():
    split = examine_file("packaged:rotten-tomatoes").splits["all"]
    table = read_table("packaged:rotten-tomatoes")
    assert split.classes == {"negative": 4265, "positive": 4265}
    assert split.exact_duplicates == len(table.columns["text"]) - len(set(table.columns["text"]))


def test_tokens():
    tokenizer = AutoTokenizer.from_pretrained(packaged_model_folder("minilm"))
    report = examine_tokens(["a film", "a b c d e f", "\U000131f2"], tokenizer, 6)
    assert (report.max_tokens, report.median_tokens) == (8, 4.0)
    assert report.truncation_rate == pytest.approx(1 / 3)
    assert report.unknown_rate == pytest.approx(1 / 9)
    assert report.tokens_per_character == pytest.approx(9 / (6 + 11 + 1))
    pairs = examine_tokens(["a"], tokenizer, 512, pairs=["b c"])
    assert pairs.max_tokens == len(tokenizer("a", "b c")["input_ids"]) == 6
    with pytest.raises(ValueError):
        examine_tokens([], tokenizer, 6)
