"""Files that would fill memory, and files of every kind with flipped bits: refused, never a crash."""

from __future__ import annotations

import csv
import gzip
import json
import random
import subprocess
import sys
import zipfile

import openpyxl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest

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


def test_an_xlsx_bomb(tmp_path):
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(100):
                part.write(b" " * 1_000_000)
    assert "as a bomb does" in refused(path)


def test_a_workbook_with_links_to_others_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook(path, [["text", "label"], ["a", "b"]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/externalLinks/externalLink1.xml", "<externalLink/>")
    with pytest.raises(DataError, match="takes cells from other files"):
        read_table(str(path))


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


def originals(folder) -> list[str]:
    rows = [
        {"text": text, "label": label} for text, label in [("한국 어", "a"), ('b "q"', "b"), ("", "a"), ("d,e", "b")]
    ]
    table = pa.Table.from_pylist(rows)
    pyarrow.parquet.write_table(table, folder / "a.parquet")
    pyarrow.feather.write_feather(table, folder / "a.feather")
    with pa.ipc.new_stream(folder / "a.arrow", table.schema) as stream:
        stream.write_table(table)
    with (folder / "a.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text", "label"], *(row.values() for row in rows)])
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    (folder / "a.json").write_text(json.dumps(rows), "utf-8")
    (folder / "a.csv.gz").write_bytes(gzip.compress((folder / "a.csv").read_bytes()))
    workbook(folder / "a.xlsx", [["text", "label"], *([*row.values()] for row in rows)])
    return sorted(path.name for path in folder.iterdir())


def mutated(content: bytes, chance: random.Random) -> bytes:
    at, other = sorted(chance.sample(range(len(content)), 2))
    kind = chance.randrange(4)
    if kind == 0:
        return content[:at]
    if kind == 1:
        return content[:other] + content[at:other] + content[other:]
    if kind == 2:
        return content[:at] + content[other:]
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def fuzz(folder, n_each: int, seed: int) -> int:
    """Read files with faults; return how many were refused."""
    chance = random.Random(seed)
    n_refused = 0
    for name in originals(folder):
        content = (folder / name).read_bytes()
        for _ in range(n_each):
            (folder / name).write_bytes(mutated(content, chance))
            try:
                read_table(str(folder / name))
            except DataError:
                n_refused += 1
        (folder / name).write_bytes(content)
    return n_refused


def test_some_faults_of_every_format(tmp_path):
    assert fuzz(tmp_path, 3, seed=0) > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(5))
def test_many_faults_of_every_format(tmp_path, seed):
    assert fuzz(tmp_path, 200, seed=seed + 1) > 100
