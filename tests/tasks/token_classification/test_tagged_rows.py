"""Sentences from files of all forms, and what is wrong with them, told with its line."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, List, Value

from toolkit.errors import DataError, RecipeError
from toolkit.recipe.schema import DataSection
from toolkit.tasks.token_classification.predictions import reference_entities
from toolkit.tasks.token_classification.prepare import TaggedData, prepare_tagged
from toolkit.tasks.token_classification.schemes import IOB2, Kind
from toolkit.tasks.token_classification.sentences import rows_in

GOOD = {"tokens": ["Ann", "is", "in", "New", "York"], "tags": ["B-PER", "O", "O", "B-LOC", "I-LOC"]}


def write(folder: Path, rows: list[dict[str, Any]], name: str = "a.jsonl") -> str:
    path = folder / name
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return str(path)


def prepared(source: str, **settings: Any) -> TaggedData:
    return prepare_tagged(DataSection(**{"train": source, "test": source, "validation_size": 0, **settings}))


def test_lists_of_words_and_tags(tmp_path: Path) -> None:
    data = prepared(write(tmp_path, [GOOD]))
    assert data.scheme == IOB2
    assert data.labels == ("O", "B-LOC", "I-LOC", "B-PER", "I-PER")  # a further token of Ann is I-PER
    sentence = rows_in(data.train)[0]
    assert sentence.text == "Ann is in New York"
    assert [sentence.text[start:end] for start, end in sentence.words] == GOOD["tokens"]
    assert sentence.tags == GOOD["tags"]


def test_lists_in_csv_and_parquet(tmp_path: Path) -> None:
    cells = {name: json.dumps(value) for name, value in GOOD.items()}
    csv = tmp_path / "a.csv"
    csv.write_text("tokens,ner\n" + ",".join('"' + cells[name].replace('"', '""') + '"' for name in cells) + "\n")
    parquet = tmp_path / "a.parquet"
    pq.write_table(pa.table({"tokens": [GOOD["tokens"]], "ner": [GOOD["tags"]]}), parquet)
    columns = {"tokens": "tokens", "tags": "ner"}
    first, second = (prepared(str(path), columns=columns) for path in (csv, parquet))
    assert rows_in(first.train) == rows_in(second.train)
    assert rows_in(first.train)[0].tags == GOOD["tags"]


def test_spans_in_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    spans = [[{"start": 0, "end": 3, "label": "PER"}], []]
    pq.write_table(pa.table({"text": ["Ann is", "is"], "spans": spans}), path)
    assert [sentence.tags for sentence in rows_in(prepared(str(path)).train)] == [["B-PER", "O"], ["O"]]


def test_class_numbers_get_their_names(tmp_path: Path) -> None:
    names = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG"]
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    rows = {"tokens": [GOOD["tokens"]], "ner_tags": [[names.index(tag) for tag in GOOD["tags"]]]}
    path = tmp_path / "a.parquet"
    Dataset.from_dict(rows, features=features).to_parquet(path)
    data = prepared(str(path), columns={"tags": "ner_tags"})
    assert rows_in(data.train)[0].tags == GOOD["tags"]
    assert data.labels == ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")  # in the data's order, those of training


def test_conll_columns_by_number(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Ann B-PER NNP\nis O VB\n", encoding="utf-8")
    assert rows_in(prepared(str(path), columns={"tags": "2"}).train)[0].tags == ["B-PER", "O"]


def test_characters_are_joined_without_blanks(tmp_path: Path) -> None:
    row = {"tokens": list("서울에 감"), "tags": ["B-L", "I-L", "O", "O", "O"]}
    assert rows_in(prepared(write(tmp_path, [row])).train)[0].text == "서울에 감"


def test_spans_end_inside_a_word(tmp_path: Path) -> None:
    text = "나는 New Yorker와 서울에 간다"
    spans = [{"start": 3, "end": 11, "label": "LOC"}, [14, 17, "LOC"]]
    row = {"text": text, "spans": [spans[0], [15, 17, "LOC"]]}
    sentence = rows_in(prepared(write(tmp_path, [row])).train)[0]
    marked = [
        text[start:end] for (start, end), tag in zip(sentence.words, sentence.tags or [], strict=True) if tag != "O"
    ]
    assert marked == ["New", "York", "서", "울"]
    assert "er" in [text[start:end] for start, end in sentence.words]


def test_spans_follow_their_text_to_normal_form_c(tmp_path: Path) -> None:
    text = unicodedata.normalize("NFD", "나는 서울에")
    start = text.index(unicodedata.normalize("NFD", "서울"))
    end = start + len(unicodedata.normalize("NFD", "서울"))
    row = {"text": text, "spans": [{"start": start, "end": end, "label": "LOC"}]}
    sentence = rows_in(prepared(write(tmp_path, [row])).train)[0]
    assert sentence.text == "나는 서울에"
    assert [
        sentence.text[slice(*word)] for word, tag in zip(sentence.words, sentence.tags or [], strict=True) if tag != "O"
    ] == [
        "서",
        "울",
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": ["a"], "tags": ["O", "O"]}, "words and tags of unlike number"),
        ({"tokens": ["a"], "tags": [""]}, "an empty tag"),
        ({"tokens": ["a", "", "b"], "tags": ["O", "O", "O"]}, "an empty word"),
        ({"tokens": ["a"], "tags": None}, "words without tags"),
        ({"tokens": ["a"], "tags": []}, "words without tags"),
        ({"tokens": None, "tags": ["O"]}, "words and tags of unlike number"),
        ({"tokens": ["a"], "tags": ["PER"]}, r"tags that are no IOB2 as the others are \('PER'\)"),
        ({"tokens": "Ann is", "tags": ["O", "O"]}, "column 'tokens' is a text and not a list"),
        ({"tokens": [["a"]], "tags": ["O"]}, "column 'tokens' is a text and not a list"),
    ],
)
def test_bad_words_and_tags_are_told_with_their_line(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=rf"{message}.* in 1 row \(line 2\)"):
        prepared(write(tmp_path, [GOOD, row, GOOD]))


def test_a_row_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        prepare_tagged(DataSection(source=write(tmp_path, [GOOD, {"tokens": "Ann is", "tags": ["O", "O"]}])))
    assert len(caught.value.faults) == 1
    with pytest.raises(DataError) as caught:
        prepare_tagged(DataSection(source=write(tmp_path, [GOOD, {"tokens": "Ann is", "tags": "O O"}])))
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize(
    ("spans", "message"),
    [
        ([[0, 9, "L"]], "a span is empty or not inside its text"),
        ([[1, 1, "L"]], "a span is empty or not inside its text"),
        ([[2, 3, "L"]], "a span is empty or not inside its text"),  # a blank
        ([[0, 2, "L"], [1, 5, "L"]], "a span lies across another"),
        ([[0, 2]], "a span has another form than"),
        ([{"start": 0, "end": "x", "label": "L"}], "a span has another form than"),
        ("0-2", "spans are no list like"),
        (None, "no spans, not even \\[\\]"),
        ({"start": [0], "end": [2, 3], "label": ["L", "L"]}, "spans are no list like"),
        ({"start": 0, "end": 2, "label": "L"}, "spans are no list like"),
    ],
)
def test_bad_spans_are_told_with_their_line(tmp_path: Path, spans: Any, message: str) -> None:
    good = {"text": "ab cd", "spans": [[0, 2, "L"]]}
    with pytest.raises(DataError, match=rf"{message}.* in 1 row \(line 2\)"):
        prepared(write(tmp_path, [good, {"text": "ab cd", "spans": spans}]))


def test_what_can_go_on_is_counted_and_named(tmp_path: Path) -> None:
    train = write(
        tmp_path, [GOOD, {"tokens": [], "tags": []}, {"tokens": ["a"], "tags": ["I-PER"]}, GOOD], "train.jsonl"
    )
    test = write(tmp_path, [GOOD, {"tokens": ["a"], "tags": ["B-ORG"]}], "test.jsonl")
    data = prepare_tagged(DataSection(train=train, test=test, validation_size=0))
    assert len(data.train) == 3
    told = "\n".join(data.warnings)
    assert f"{train}: blank text, left out of training, in 1 row (line 2)" in told
    assert f"{train}: 1 tag that IOB2 does not allow there, no entity by the strict rules, in 1 row (line 3)" in told
    assert "tags of the test split that training does not have ('B-ORG'), counted as wrong, in 1 row (line 2)" in told


def test_one_tag_teaches_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="all tokens have the tag 'O'"):
        prepared(write(tmp_path, [{"tokens": ["a"], "tags": ["O"]}]))


def test_a_missing_column_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column 'tags'"):
        prepared(write(tmp_path, [{"tokens": ["a"], "labels": ["O"]}]))
    with pytest.raises(DataError, match="no column 'spans'"):
        prepared(write(tmp_path, [{"text": "a", "label": "O"}]))


def test_shots_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="no one class to count by"):
        prepared(write(tmp_path, [GOOD]), shots_per_class=3)


def conll(folder: Path, text: str) -> str:
    path = folder / "a.conll"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_tags_of_conll_files_are_told_with_their_own_line(tmp_path: Path) -> None:
    path = conll(tmp_path, "Peter B-PER\n# c\nsleeps O\n\nin O\nBerlin LOC\nBonn B-LOC\nis O\n\nRome LOC\nBern B-LOC\n")
    with pytest.raises(DataError, match=r"no IOB2 as the others are \('LOC'\) in 2 words \(lines 6, 10\)"):
        prepared(path)
    legal = conll(tmp_path, "Peter B-PER\nsleeps O\n\nin O\nNew I-LOC\nYork I-LOC\nBonn B-LOC\n")
    told = "2 tags that IOB2 does not allow there, no entity by the strict rules, in 2 words (lines 5, 6)"
    assert f"{legal}: {told}" not in prepared(legal).warnings  # the second I-LOC follows one of its label
    assert f"{legal}: {told.replace('2 tags', '1 tag').replace('2 words (lines 5, 6)', '1 word (line 5)')}" in (
        prepared(legal).warnings
    )


def test_the_usual_number_of_columns_decides(tmp_path: Path) -> None:
    path = conll(tmp_path, "a\nEU B-ORG\nx O\n\ny O\nz O O\n")
    with pytest.raises(DataError) as caught:
        prepare_tagged(DataSection(source=path))
    assert [str(fault) for fault in caught.value.faults] == [
        f"{path}:1: 1 column where most tokens have 2",
        f"{path}:6: 3 columns where most tokens have 2",
    ]


def test_each_row_is_joined_as_its_own_tokens_are(tmp_path: Path) -> None:
    longer = {"tokens": ["서울", "에"], "tags": ["B-L", "O"]}
    rows = [{"tokens": list("서울 감"), "tags": ["B-L", "I-L", "O", "O"]}, longer]
    assert [sentence.text for sentence in rows_in(prepared(write(tmp_path, rows)).train)] == ["서울 감", "서울 에"]


@pytest.mark.parametrize(
    ("tags", "kind", "labels"),
    [
        ("PER-B PER-I O", Kind.IOB2, ("O", "PER-B", "PER-I")),
        ("B_PER O O", Kind.IOB2, ("O", "B_PER", "I_PER")),
        ("B I O", Kind.IOB2, ("O", "B", "I")),
        ("I-P E-P O", Kind.IOE, ("O", "E-P", "I-P")),
        ("B-P M-P E-P", Kind.BIOES, ("B-P", "E-P", "M-P", "S-P")),
    ],
)
def test_tags_are_kept_as_they_came(tmp_path: Path, tags: str, kind: Kind, labels: tuple[str, ...]) -> None:
    data = prepared(write(tmp_path, [{"tokens": list("abc"), "tags": tags.split()}]))
    assert (data.scheme.kind, data.labels) == (kind, labels)
    assert rows_in(data.train)[0].tags == tags.split()
    assert any("the library's pipeline knows the prefixes B- and I- alone" in line for line in data.warnings)


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        ("PER_B - -", ["PER_B", "O", "O"]),  # Naver's challenge of 2018
        ("B-P I-P -", ["B-P", "I-P", "O"]),
        ("NN - VB", ["NN", "-", "VB"]),  # parts of speech, where a dash is a dash
    ],
)
def test_a_dash_is_the_tag_outside_where_others_have_positions(tmp_path: Path, tags: str, read: list[str]) -> None:
    data = prepared(write(tmp_path, [{"tokens": list("abc"), "tags": tags.split()}]))
    assert rows_in(data.train)[0].tags == read


def test_spans_as_datasets_keep_lists_of_records(tmp_path: Path) -> None:
    text = "Ann in Rome"
    spans = {"start": [0, 7], "end": [3, 11], "label": ["PER", "LOC"]}
    rows = [{"text": text, "spans": spans}, {"text": text, "spans": {"start": [], "end": [], "label": []}}]
    expected = [["B-PER", "O", "B-LOC"], ["O", "O", "O"]]
    assert [sentence.tags for sentence in rows_in(prepared(write(tmp_path, rows)).train)] == expected
    path = tmp_path / "a.parquet"
    Dataset.from_list(rows).to_parquet(path)
    assert [sentence.tags for sentence in rows_in(prepared(str(path)).train)] == expected


def test_other_names_of_the_parts_of_spans(tmp_path: Path) -> None:
    spans = [{"start_offset": 0, "end_offset": 3, "type": "PER"}]
    assert rows_in(prepared(write(tmp_path, [{"text": "Ann is", "spans": spans}])).train)[0].tags == ["B-PER", "O"]


@pytest.mark.parametrize("text", ["서울에 간다", "e\u0301te\u0301 in Rome"])
def test_no_span_is_moved(tmp_path: Path, text: str) -> None:
    """A span of form D is kept where it covers whole characters of form C, and refused where it cuts one."""
    decomposed = unicodedata.normalize("NFD", text)
    refused = 0
    for start in range(3):
        for end in range(start + 1, 7):
            row = {"text": decomposed, "spans": [{"start": start, "end": end, "label": "L"}]}
            covered = unicodedata.normalize("NFC", decomposed[start:end]).strip()
            parts = [decomposed[:start], decomposed[start:end], decomposed[end:]]
            if "".join(unicodedata.normalize("NFC", part) for part in parts) != unicodedata.normalize("NFC", text):
                refused += 1
                with pytest.raises(DataError, match="a span begins or ends inside a character"):
                    prepared(write(tmp_path, [row, {"text": "x", "spans": []}]))
                continue
            sentence = rows_in(prepared(write(tmp_path, [row, {"text": "x", "spans": []}])).train)[0]
            (found,) = reference_entities(sentence, IOB2)
            assert sentence.text[found.start : found.end] == covered
    assert refused
