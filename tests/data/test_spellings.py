"""Tables that other programs write, in the spellings that there are, are read to the same rows."""

from __future__ import annotations

import csv
import gzip
import json

import openpyxl
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.data.labels.number import Number
from toolkit.data.sources import read_table
from toolkit.errors import DataError

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"), exclude_characters="=")
    | st.sampled_from(' ,;"|한글'),
    min_size=1,
    max_size=12,
).filter(lambda text: text == text.strip() and text.casefold() not in ("true", "false"))
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(["pos", "neg"])), min_size=2, max_size=8)


def each_writing(rows, folder):
    """Write rows with every program; yield the names of the files."""
    frame = pandas.DataFrame(rows, columns=["text", "label"])
    polar = polars.DataFrame(rows, schema=["text", "label"], orient="row")
    for separator, word in ((",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")):
        frame.to_csv(folder / f"pandas-{word}.csv", sep=separator, index=False)
        polar.write_csv(folder / f"polars-{word}.csv", separator=separator, quote_style="non_numeric")
        with (folder / f"csv-{word}.csv").open("w", encoding="utf-16", newline="") as stream:
            csv.writer(stream, delimiter=separator).writerows([("text", "label"), *rows])
    frame.to_csv(folder / "pandas.csv.gz", index=False)
    frame.to_csv(folder / "pandas.csv.zst", index=False, compression=None)
    (folder / "pandas.csv.zst").write_bytes(pa.compress((folder / "pandas.csv.zst").read_bytes(), "zstd", asbytes=True))
    for orient in ("records", "columns", "index", "split", "table"):
        frame.to_json(folder / f"pandas-{orient}.json", orient=orient, index=None if orient != "table" else False)
    frame.to_json(folder / "pandas.jsonl.gz", orient="records", lines=True)
    polar.write_ndjson(folder / "polars.jsonl")
    polar.write_parquet(folder / "polars.parquet")
    records = [{"text": text, " label ": label} for text, label in rows]
    (folder / "wrapped.json").write_text(json.dumps({"version": "1", "data": records}), "utf-8")
    pyarrow.parquet.write_table(pa.Table.from_pylist(records), folder / "pyarrow.parquet")
    book = openpyxl.Workbook()
    for row in [("text", "label"), *rows]:
        book.active.append(row)
    book.save(folder / "openpyxl.xlsx")
    return sorted(folder.iterdir())


@given(rows=ROWS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=5)
def test_all_writers_agree(rows, tmp_path):
    for path in each_writing(rows, tmp_path):
        table = read_table(str(path))
        assert list(table.columns) == ["text", "label"], path.name
        assert list(zip(table.columns["text"], table.columns["label"], strict=True)) == rows, path.name


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_line_ends(tmp_path, line_end):
    content = line_end.join(["text;label", "a, b;x", '"c; d";y', ""])
    (tmp_path / "a.csv").write_bytes(content.encode("cp949"))
    assert read_table(str(tmp_path / "a.csv")).columns == {"text": ["a, b", "c; d"], "label": ["x", "y"]}


def test_korean_of_excel(tmp_path):
    (tmp_path / "a.csv").write_bytes("text,label\r\n정말 좋은 영화,긍정\r\n지루한 영화,부정\r\n".encode("cp949"))
    table = read_table(str(tmp_path / "a.csv"))
    assert table.columns["label"] == ["긍정", "부정"]
    assert table.parts[0].encoding == "cp949"


def test_quotes_in_tsv_only_where_rows_fall_apart_otherwise(tmp_path):
    (tmp_path / "a.tsv").write_text('text\tlabel\n"a\nb"\tx\n"c"\ty\n', "utf-8")
    table = read_table(str(tmp_path / "a.tsv"))
    assert table.columns["text"] == ["a\nb", "c"]
    assert "in quotes" in table.notes[0]


def test_the_line_of_excel_that_names_the_separator(tmp_path):
    (tmp_path / "a.csv").write_text("sep=;\ntext;label\na,b;x\n", "utf-8")
    table = read_table(str(tmp_path / "a.csv"))
    assert table.columns == {"text": ["a,b"], "label": ["x"]}
    assert table.place(0)[1] == 3


def test_a_file_without_header(tmp_path):
    rows = [("good film", "pos"), ("bad film", "neg"), ("fine", "pos"), ("dull", "neg"), ("great", "pos")]
    with (tmp_path / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)
    table = read_table(str(tmp_path / "a.csv"))
    assert list(zip(table.columns["0"], table.columns["1"], strict=True)) == rows
    assert "no header" in table.notes[0]


@pytest.mark.parametrize(
    "content",
    [
        "text,label\na,1\nb,0\nc,1\nd,0\n",
        "review,stars\na,1\nb,2\nc,1\nd,2\n",
        "0,1\nfirst text,pos\nsecond,neg\nthird,pos\nfourth,neg\n",
        ",0,1\n0,a,pos\n1,b,neg\n2,c,pos\n3,d,neg\n",
    ],
)
def test_headers_stay_headers(tmp_path, content):
    (tmp_path / "a.csv").write_text(content, "utf-8")
    assert read_table(str(tmp_path / "a.csv")).n_rows == 4


def test_plain_text_with_commas_or_tabs_stays_text(tmp_path):
    lines = ["one, two", "three, four", "five, six"]
    (tmp_path / "a.txt").write_text("\n".join(lines), "utf-8")
    assert read_table(str(tmp_path / "a.txt")).columns == {"text": lines}
    (tmp_path / "b.txt").write_text("name\tage of it\nhere is one line only\n", "utf-8")
    assert read_table(str(tmp_path / "b.txt")).n_rows == 2


def test_sheets_by_name(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["nothing"])
    book.active.append(["here"])
    sheet = book.create_sheet("리뷰 목록")
    for row in [["text", "label", None], ["a", 1.0, None], [None, None, None], ["b", True, None]]:
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    table = read_table(f"{tmp_path / 'a.xlsx'}#리뷰 목록")
    assert table.columns == {"text": ["a", "b"], "label": ["1", "true"]}
    assert table.place(1)[1] == 4
    with pytest.raises(DataError, match="no sheet '리뷰 목룍'; did you mean '리뷰 목록'"):
        read_table(f"{tmp_path / 'a.xlsx'}#리뷰 목룍")
    assert "the sheet 'Sheet' is read" in read_table(str(tmp_path / "a.xlsx")).notes[0]


def test_open_document(tmp_path):
    import zipfile

    space = 'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'  # noqa: E501
    word = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
    number = '<table:table-cell office:value-type="float" office:value="{}"/>'
    empty = '<table:table-cell table:number-columns-repeated="1000"/>'
    rows = [word.format("text") + word.format("label"), word.format('한<text:s text:c="2"/>글') + number.format("5")]
    body = "".join(f"<table:table-row>{row}{empty}</table:table-row>" for row in rows)
    end = f'<table:table-row table:number-rows-repeated="1000000">{empty}</table:table-row>'
    content = f'<x {space}><table:table table:name="S">{body}{end}</table:table></x>'
    with zipfile.ZipFile(tmp_path / "a.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
    assert read_table(str(tmp_path / "a.ods#S")).columns == {"text": ["한  글"], "label": ["5"]}


def test_packed_text_that_breaks_off(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"text,label\n" + b"a,b\n" * 9)[:-9])
    with pytest.raises(DataError, match="damaged gzip archive"):
        read_table(str(tmp_path / "a.csv.gz"))


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        (["4,5", "3", "0,25"], ["4.5", "3", "0.25"]),
        (["1,234", "5,678"], None),
        (["4,5", "3.5"], None),
        (["4.5", "3"], ["4.5", "3"]),
    ],
)
def test_decimal_commas_where_the_whole_column_agrees(cells, read):
    kind = Number().fitted(cells)
    if read is None:
        with pytest.raises(ValueError, match="could not convert"):
            [kind.clean(cell) for cell in cells]
    else:
        assert [kind.clean(cell) for cell in cells] == read
