"""Files as they stand in public bug reports (tests/data/real_files/cases): read right, or called what they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.data.columns import pick_columns
from toolkit.data.sources import read_table
from toolkit.errors import DataError

CASES = Path(__file__).parent / "real_files" / "cases"
SHARED = Path(__file__).parents[3] / "shared" / "cases"
FOLDERS = [CASES, *([SHARED] if SHARED.is_dir() else [])]
"""The copies that every clone has, and the folders of the reports where they are."""

READ = [
    ("01/rows.csv", 60, {"billing", "delivery", "technical"}, "semicolons"),
    ("01/plain.csv", 60, {"billing", "delivery", "technical"}, "semicolons"),
    ("02/reviews.tsv", 40, {"긍정", "부정"}, None),
    ("02/reviews.csv", 40, {"긍정", "부정"}, "tabs"),
    ("02/reviews.txt", 40, {"긍정", "부정"}, "tabs"),
    ("04/rows.csv", 48, {" pos", " neg"}, None),
    ("05/columns.csv", 48, {"billing", "delivery", "technical"}, "2 columns without name and content left out"),
    ("05/rows.csv", 48, {"billing", "delivery", "technical"}, "3 rows without content left out"),
    ("31/wrapped.json", 36, {"billing", "delivery", "technical"}, None),
    ("31/columns.json", 36, {"billing", "delivery", "technical"}, None),
    ("31/split.json", 36, {"billing", "delivery", "technical"}, None),
    ("31/list.txt", None, {"billing", "delivery", "technical"}, "JSON"),
    ("36/mixed.csv", 48, {"billing", "delivery", "technical"}, None),
    ("36/mac.csv", 48, {"billing", "delivery", "technical"}, None),
    ("36/windows.jsonl", 48, {"billing", "delivery", "technical"}, None),
]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
@pytest.mark.parametrize(("name", "n_rows", "labels", "note"), READ, ids=[case[0] for case in READ])
def test_read_right(folder, name, n_rows, labels, note):
    table = read_table(str(folder / name))
    assert list(table.columns) == ["text", "label"]
    assert n_rows is None or table.n_rows == n_rows
    assert set(table.columns["label"]) == labels
    assert all(text and len(text) > 10 for text in table.columns["text"])
    said = "\n".join(table.notes)
    assert note in said if note else not said


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("17/pointer.csv", "a Git LFS pointer.*git lfs pull"),
        ("17/pointer.parquet", "a Git LFS pointer.*git lfs pull"),
        ("17/renamed.csv", r"an Excel workbook.*name it \.xlsx"),
        ("17/book.xlsx", "not a readable Excel workbook"),
    ],
)
def test_called_what_it_is(name, expected):
    with pytest.raises(DataError, match=expected) as caught:
        read_table(str(CASES / name))
    assert len(caught.value.faults) == 1


def test_columns_called_by_numbers():
    table = pick_columns(
        read_table(str(CASES / "07/rows.csv")), columns={"text": "0", "label": "1"}, needed=["text", "label"]
    )
    assert set(table.columns["label"]) == {"billing", "delivery", "technical"}


def test_chats_are_no_table_of_texts():
    table = read_table(str(CASES / "31/chat.jsonl"))
    with pytest.raises(DataError, match="no column 'text'; columns: messages"):
        pick_columns(table, columns={}, needed=["text"])


@pytest.mark.parametrize("name", ["question", "review"])
def test_lines_are_the_column_that_the_recipe_calls_its_own(name):
    lines = pick_columns(
        read_table(str(CASES / "32/questions.txt")), columns={"source": name, "target": "answer"}, needed=["source"]
    )
    assert lines.n_rows == 3
    assert list(lines.columns) == ["source"]


def test_carriage_returns_alone_end_lines():
    assert read_table(str(CASES / "36/mac.txt")).n_rows == 5


@pytest.mark.parametrize("path", sorted(CASES.glob("broken/*")), ids=lambda path: path.name)
def test_damaged_binary_files_are_refused(path):
    with pytest.raises(DataError) as caught:
        read_table(str(path))
    assert caught.value.faults[0].where.startswith(str(path))


def test_a_flipped_bit_does_not_kill_the_process():
    command = [sys.executable, "-m", "toolkit", "doctor", "--data", str(CASES / "broken/bit-flip.arrow")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "bit-flip.arrow: not a readable arrow file" in done.stderr
