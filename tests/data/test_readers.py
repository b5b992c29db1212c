from __future__ import annotations

import csv
import json
import os

import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from datasets import ClassLabel, Dataset, Features, List, Value
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.data.readers_arrow import from_arrow
from toolkit.data.sources import read_splits, read_table
from toolkit.errors import DataError, HubError, RecipeError

ODD = ["NA", "007", "None", "1e5", "123", "null", "nan", "", " x ", "true", "-0", "1.10"]


def fault_of(source, **options) -> str:
    with pytest.raises(DataError) as caught:
        read_table(source, **options)
    return str(caught.value)


def test_text_stays_text_in_every_format(write, tmp_path):
    rows = [{"text": text, "label": str(i)} for i, text in enumerate(ODD)]
    csv_lines = "text,label\n" + "".join(f'"{row["text"]}",{row["label"]}\n' for row in rows)
    files = [
        write("a.csv", csv_lines),
        write("a.tsv", csv_lines.replace('"', "").replace(",", "\t")),
        write("a.jsonl", "\n".join(json.dumps(row) for row in rows)),
        write("a.ndjson", "\n".join(json.dumps(row) for row in rows)),
        write("a.json", json.dumps(rows, indent=1)),
        "a.parquet",
        "a.feather",
        "a.arrow",
    ]
    table = pa.Table.from_pylist(rows)
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    pa.feather.write_feather(table, tmp_path / "a.feather")
    with pa.ipc.new_stream(tmp_path / "a.arrow", table.schema) as stream:
        stream.write_table(table)
    for name in files:
        assert read_table(name).columns == {"text": ODD, "label": [row["label"] for row in rows]}, name


def test_json_numbers_keep_their_spelling(write):
    name = write("a.jsonl", '{"text": 1e5, "label": 007}\n'.replace("007", "7.10") + '{"text": null, "label": true}')
    assert read_table(name).columns == {"text": ["1e5", None], "label": ["7.10", "true"]}


def test_parquet_values_become_text(write, tmp_path):
    write("x", "")
    table = pa.table(
        {
            "whole": [1, None, -3],
            "real": [5.0, float("nan"), 0.1],
            "flag": [True, False, None],
            "kind": pa.array(["a", "b", "a"]).dictionary_encode(),
        }
    )
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    assert read_table("a.parquet").columns == {
        "whole": ["1", None, "-3"],
        "real": ["5.0", None, "0.1"],
        "flag": ["true", "false", None],
        "kind": ["a", "b", "a"],
    }


def test_class_labels_saved_by_datasets_get_their_names(write, tmp_path):
    write("x", "")
    features = Features({"text": Value("string"), "label": ClassLabel(names=["neg", "pos"])})
    Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features).to_parquet(
        tmp_path / "a.parquet"
    )
    table = read_table("a.parquet")
    assert table.columns["label"] == ["pos", "neg", None]
    assert table.categories == {"label": ("neg", "pos")}


@given(
    rows=st.lists(
        st.tuples(*[st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)] * 2),
        min_size=1,
    ).filter(lambda rows: all(any(cell.strip() for cell in row) for row in rows))
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_csv_module_writes_comes_back(rows, tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, quoting=csv.QUOTE_ALL)
        writer.writerows([("text", "label"), *rows])
    table = read_table(str(path))
    assert list(zip(table.columns["text"], table.columns["label"], strict=True)) == rows


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_marks_and_empty_lines_just_work(write, line_end, mark):
    lines = ["text,label", "one,a", '"two', 'lines",b', "three,c", "", ""]
    table = read_table(write("a.csv", mark + line_end.join(lines)))
    assert table.columns["text"] == ["one", f"two{line_end}lines", "three"]
    assert [table.place(row) for row in range(3)] == [("a.csv", 2), ("a.csv", 3), ("a.csv", 5)]


def test_a_cell_of_three_megabytes(write):
    long = "x" * 3_000_000
    assert read_table(write("a.csv", f"text,label\n{long},a\n")).columns["text"] == [long]


def test_tsv_has_no_quoting_unless_told(write):
    name = write("a.tsv", 'text\tlabel\n"never closed\ta\n"q"\tb\n')
    assert read_table(name).columns["text"] == ['"never closed', '"q"']
    quoted = write("b.tsv", 'text\tlabel\n"a\tb"\tc\n')
    assert read_table(quoted, quoting=True).columns["text"] == ["a\tb"]
    assert read_table(write("c.csv", 'text,label\n"open,a\n'), quoting=False).columns["text"] == ['"open']


def test_plain_text_breaks_at_line_ends_only(write):
    table = read_table(write("a.txt", "one\u2028still one\r\n\r\nthree\n\n\n"))
    assert table.columns == {"text": ["one\u2028still one", "", "three"]}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", "", "a.csv: the file is empty"),
        ("a.csv", "\n\n", "a.csv: the file is empty"),
        ("a.csv", "text,label\n\n", "a.csv: only a header, no rows"),
        ("a.csv", "text,label,text\na,b,c\n", "a.csv:1: duplicate column 'text'"),
        ("a.csv", "text,label\na,b\n\nc\n", "a.csv:4: 1 cell where the header has 2"),
        (
            "a.csv",
            'text,label\na,b\n"c,d\ne,f\n',
            "a.csv:3: a quote that opens in this record is never closed",
        ),
        ("a.csv", 'text,label\na,b\n"c" d,e\n', "a.csv:3: broken quoting"),
        ("a.csv", "text,label\na,b\nc\0,d\n", "a.csv:3: a NUL character"),
        ("a.json", "[]", "a.json: an empty list"),
        ("a.json", '[{"text": "a"},\n {"text": "b"}\n', "a.json:3: the list is not closed"),
        ("a.json", '[{"text": "a"}\n {"text": "b"}]', "a.json:2: the list of objects breaks off"),
        ("a.json", '[{"text": "a"},\n["b"]]', "a.json:2: a list where a row should be"),
        ("a.json", '[{"text": "a"}]\nx', "a.json:1: more after the end of the list"),
        ("a.jsonl", '{"text": "a"}\n{"text": \n', "a.jsonl:2: not valid JSON"),
        ("a.jsonl", '{"text": "a"} {"text": "b"}\n', "a.jsonl:1: more after the line's JSON object"),
        ("a.jsonl", '{"text": "a"}\n\n{"text": "a", "text": "b"}', "a.jsonl:3: duplicate key 'text'"),
        (
            "a.jsonl",
            '{"text": "a"}\n{"text": "\\ud800"}',
            "a.jsonl:2: column 'text' holds half of a surrogate",
        ),
        ("a.jsonl", '{"text": ' + "[" * 100_000, "a.jsonl:1: nested too deeply"),
        ("a.parquet", "PAR1 or so", "a.parquet: not a readable parquet file"),
        ("a.arrow", "ARROW", "a.arrow: not a readable arrow file"),
        ("a.txt", "\n \n", "a.txt: the file is empty"),
        ("a.csv.gz", "x", "a.csv.gz: not a gzip archive"),
        (
            "a.conll.gz",
            "x",
            "a.conll.gz: compressed (.gz), and only packed text is read, such as .csv.gz; unpack it first",
        ),
        ("a.cvs", "x", "a.cvs: no reader for '.cvs' files; did you mean '.csv'?"),
        ("a", "x", "a: neither a data file nor a hub id; allowed: .csv, .tsv, .json"),
    ],
)
def test_broken_files_are_refused_with_their_place(write, name, content, expected):
    assert fault_of(write(name, content)).startswith(expected)


def test_all_ragged_rows_are_reported_up_to_ten(write):
    name = write("a.csv", "text,label\n" + "x\n" * 13)
    lines = fault_of(name).split("\n")
    assert len(lines) == 11
    assert lines[0].startswith("a.csv:2:")
    assert lines[-1] == "a.csv: and 3 more such rows"


def test_surrogate_pairs_are_characters(write):
    assert read_table(write("a.jsonl", '{"text": "\\ud83d\\ude00"}')).columns["text"] == ["\U0001f600"]


def test_json_objects_one_after_the_other(write):
    name = write("a.json", '{"text": "a"}\n{"text": "b",\n "label": "x"}\n\n{"text": "c"}\n')
    table = read_table(name)
    assert table.columns == {"text": ["a", "b", "c"], "label": [None, "x", None]}
    assert [table.place(row)[1] for row in range(3)] == [1, 2, 5]


def test_lists_of_objects_know_their_lines(write):
    table = read_table(write("a.json", '[\n{"text": "a"},\n\n{"text": "b"}, {"text": "c"}\n]'))
    assert [table.place(row)[1] for row in range(3)] == [2, 4, 4]


def test_what_keeps_a_path_from_being_read(write, tmp_path):
    write("reviews.csv", "text,label\na,b\n")
    assert fault_of("reveiws.csv") == "reveiws.csv: no such file; did you mean 'reviews.csv'?"
    assert "no folder 'nowhere'" in fault_of("nowhere/reviews.csv")
    (tmp_path / "folder.csv").mkdir()
    assert "a folder, not a file" in fault_of("folder.csv")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.csv")
        assert "regular files only" in fault_of("pipe.csv")


def test_several_files_are_one_table(write):
    write("a.csv", "text,label\na,1\nb,2\n")
    write("b.jsonl", '{"label": "3", "text": "c"}')
    table = read_table(["a.csv", "b.jsonl"])
    assert table.columns == {"text": ["a", "b", "c"], "label": ["1", "2", "3"]}
    assert [table.place(row) for row in range(3)] == [("a.csv", 2), ("a.csv", 3), ("b.jsonl", 1)]
    with pytest.raises(IndexError):
        table.place(3)


def test_several_files_report_all_their_faults(write):
    write("a.csv", "text,label\na,1\n")
    write("b.csv", "text,lable\na,1\n")
    assert "b.csv: no column 'label'; did you mean 'lable'?" in fault_of(["a.csv", "b.csv"])
    assert fault_of(["x.csv", "a.csv", "y.csv"]).count("no such file") == 2


def test_parallel_files(write):
    write("train.en", "one\r\n\r\nthree\n")
    write("train.de", "eins\nzwei\ndrei")
    files = {"source": "train.en", "target": "train.de"}
    assert read_table(files).columns == {"source": ["one", "", "three"], "target": ["eins", "zwei", "drei"]}
    write("train.de", "eins\nzwei\n")
    assert "train.en 3, train.de 2" in fault_of(files)


def test_names_that_look_like_hub_ids(write, tmp_path):
    (tmp_path / "folder").mkdir()
    assert "no such file" in fault_of("folder/reviews.csv")
    assert "no reader for '.cvs'" in fault_of("folder/reviews.cvs")
    with pytest.raises(HubError):
        read_splits("org/name.v2")


def test_a_file_has_no_subset(write):
    with pytest.raises(RecipeError, match=r"data\.subset"):
        read_table(write("a.csv", "text,label\na,b\n"), subset="x")


@pytest.mark.parametrize("kind", [pa.list_(pa.string()), pa.large_list(pa.large_string())], ids=str)
def test_lists_of_names_are_kept_and_still_no_text(tmp_path, kind):
    path = tmp_path / "a.parquet"
    cells = [["b", "가, 나"], [], None]
    pyarrow.parquet.write_table(pa.table({"text": ["x", "y", "z"], "labels": pa.array(cells, kind)}), path)
    table = read_table(str(path))
    assert table.columns["labels"] == ['["b", "가, 나"]', "[]", None]
    assert table.not_text == {"labels": "lists"}


def test_lists_of_class_numbers_get_their_names():
    dataset = Dataset.from_dict(
        {"labels": [[1, 0], [], [1]]}, features=Features({"labels": List(ClassLabel(names=["joy", "화"]))})
    )
    table = from_arrow(dataset.with_format("arrow")[:], name="x")
    assert table.columns["labels"] == ['["화", "joy"]', "[]", '["화"]']
    assert table.categories == {"labels": ("joy", "화")}
