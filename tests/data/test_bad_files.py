"""Files that would fill memory: refused, in bounded memory. Those of full size are behind `make soak`."""

from __future__ import annotations

import gzip
import json
import lzma
import subprocess
import sys
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.parquet
import pytest
from fuzz_worker import Worker

from toolkit.data.sources import read_table
from toolkit.errors import DataError

# Reads a file in a process whose memory ends at 1.5 GB where the system has such a limit.
BOUNDED = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (3 << 29, 3 << 29))
except ImportError:
    pass
from toolkit.data.sources import read_table
from toolkit.errors import ToolkitError
try:
    read_table(sys.argv[1])
except ToolkitError as error:
    sys.exit(f"refused: {error}")
"""

ODS = "application/vnd.oasis.opendocument.spreadsheet"


def refused(path) -> str:
    """Return why a file is refused, in bounded memory and within a minute."""
    done = subprocess.run([sys.executable, "-c", BOUNDED, str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith("refused: "), done.stderr
    return done.stderr


def test_ten_thousand_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"c{i}" for i in range(10_000)) + "\n" + "," * 9_998 + "1,2\n" * 1, "utf-8")
    with pytest.raises(DataError, match="10,000 columns, and at most 4,096"):
        read_table(str(path))
    pyarrow.parquet.write_table(pa.table({f"c{i}": ["x"] for i in range(5000)}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match="5,000 columns"):
        read_table(str(tmp_path / "a.parquet"))
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps({f"k{i}": "x"}) for i in range(5000)), "utf-8")
    with pytest.raises(DataError, match="columns, and at most"):
        read_table(str(tmp_path / "a.jsonl"))


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".txt"])
def test_a_cell_of_a_hundred_megabytes(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    head, tail = {".csv": ("text,label\n", ",a\n"), ".jsonl": ('{"text": "', '"}\n'), ".txt": ("", "\n")}[suffix]
    path.write_text(head + "x" * 100_000_000 + tail, "utf-8")
    assert "a line of more than" in refused(path)


def test_a_quote_that_never_closes_is_found_at_once(tmp_path):
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write('text,label\na,b\n"never closed,a\n')
        for _ in range(50):
            stream.write("some words in a row of text,label\n" * 30_000)  # 50 MB
    assert "a.csv:3: a cell of more than 16,777,216 characters; is a quote" in refused(path)


def test_a_gzip_bomb(tmp_path):
    path = tmp_path / "a.csv.gz"
    with gzip.open(path, "wb") as stream:
        for _ in range(200):
            stream.write(b"text,label\n" * 100_000)  # 220 MB
    assert "as a bomb does" in refused(path)


def test_a_zstandard_bomb(tmp_path):
    path = tmp_path / "a.csv.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        for _ in range(200):
            stream.write(b"text,label\n" * 100_000)  # 220 MB
    assert "as a bomb does" in refused(path)


@pytest.mark.parametrize("name", ["a.xlsx", "a.ods"])
def test_a_bomb_of_a_spreadsheet(tmp_path, name):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(*(("mimetype", ODS) if name == "a.ods" else ("[Content_Types].xml", "<Types/>")))
        with archive.open("content.xml" if name == "a.ods" else "xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(100):
                part.write(b" " * 1_000_000)
    assert "as a bomb does" in refused(path)


@pytest.mark.parametrize("content", ['[{"text": %s1%s}]', '{"data": %s1%s}', "%s%s"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_json_that_is_nested_deeply(tmp_path, content, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text(content % ("[" * 100_000, "]" * 100_000), "utf-8")
    with pytest.raises(DataError, match="nested too deeply"):
        read_table(str(path))


@pytest.mark.parametrize("entity", [b'SYSTEM "file:///etc/hostname"', b'"lol"'])
def test_an_ods_with_entities_is_refused(tmp_path, entity):
    path = tmp_path / "a.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", ODS)
        archive.writestr("content.xml", b"<!DOCTYPE x [<!ENTITY e %s>]><x>&e;</x>" % entity)
    with pytest.raises(DataError, match="not a readable OpenDocument spreadsheet"):
        read_table(str(path))


def test_a_workbook_with_links_to_others_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook(path, [["text", "label"], ["a", "b"]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
    with pytest.raises(DataError, match="takes cells from other files"):
        read_table(str(path))


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SHARED = (
    b'<Override PartName="/xl/sharedStrings.xml" '
    b'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
ODS_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            '<row r="2000000000"><c r="A2000000000" t="inlineStr"><is><t>a</t></is></c></row>',
            "more than 2,097,152 rows",
        ),
        ('<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>' * 200, "as those of a bomb do"),
    ],
)
def test_a_small_workbook_that_is_a_large_table(tmp_path, rows, words):
    plain, path = tmp_path / "plain.xlsx", tmp_path / "a.xlsx"
    workbook(plain, [["text", "label"], ["a", "b"]])
    header = '<row r="1"><c r="A1" t="inlineStr"><is><t>text</t></is></c></row>'
    parts = {
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{SHEET}"><sheetData>{header}{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{SHEET}"><si><t>{"x" * 1_000_000}</t></si></sst>',
    }
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name == "[Content_Types].xml":
                target.writestr(name, source.read(name).replace(b"</Types>", SHARED + b"</Types>"))
            elif name not in parts:
                target.writestr(name, source.read(name))
        for name, part in parts.items():
            target.writestr(name, part)
    assert words in refused(path)


def test_a_small_ods_that_is_a_large_table(tmp_path):
    path = tmp_path / "a.ods"
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>"
    row = f'<table:table-row table:number-rows-repeated="{{}}">{cell}{cell.replace("{}", "a")}</table:table-row>'
    table = f'<table:table table:name="a">{row.format(1, "text")}{row.format(2_000_000, "x" * 10_000)}</table:table>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", ODS)
        archive.writestr("content.xml", f"<office:document-content {ODS_NAMES}>{table}</office:document-content>")
    assert "as those of a bomb do" in refused(path)


def test_a_workbook_with_entities_is_refused(tmp_path):
    plain, path = tmp_path / "plain.xlsx", tmp_path / "a.xlsx"
    workbook(plain, [["text", "label"], ["a", "b"]])
    entity = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, entity + content if name == "xl/worksheets/sheet1.xml" else content)
    with pytest.raises(DataError, match="not a readable Excel workbook"):
        read_table(str(path))


def workbook(path, rows) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


MEGABYTE = b"x" * 1_000_000
FULL_SIZE = {
    "quote.csv": (b'text,label\na,b\n"never closed,a\n', b"some words in a row of text,label\n" * 30_000, b""),
    "cell.csv": (b'text,label\n"', b"some words of one cell\n" * 40_000, b'",a\n'),
    "line.jsonl": (b'{"text": "', MEGABYTE, b'", "label": "a"}\n'),
    "line.json": (b'[{"text": "', MEGABYTE, b'", "label": "a"}]\n'),
    "line.txt": (b"", MEGABYTE, b"\n"),
    "bomb.csv.gz": (b"", b"text,label\n" * 90_000, b""),
    "line.jsonl.xz": (b'{"text": "', MEGABYTE, b'"}\n'),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", FULL_SIZE)
def test_a_gigabyte(tmp_path, name):
    """Of the command itself: seconds, and the memory of a small file."""
    first, block, last = FULL_SIZE[name]
    opened = {".gz": gzip.open, ".xz": lzma.open}.get(name[-3:], open)
    with opened(tmp_path / name, "wb") as stream:
        stream.write(first)
        for _ in range(1000):
            stream.write(block)
        stream.write(last)
    worker = Worker(tmp_path)
    try:
        worker.run(["doctor", "--data", "packaged:rotten-tomatoes"])
        source = [f"data.source={name}", "data.columns={text: text, label: label}"]
        for command in (["doctor", "--data", name], ["fine-tune", "movie-sentiment", *source]):
            ended = worker.run(command)
            assert (ended.code, ended.fault) == (3, None), ended.said
            assert ended.n_bytes < 200_000_000
            assert ended.seconds < 30
    finally:
        worker.close()
        (tmp_path / name).unlink()
