"""Characters of data that would not be seen, or would change what is seen around them."""

from __future__ import annotations

import copy
import csv
import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml

from toolkit.cli.main import run as command
from toolkit.wording import escaped_json, table, visible

HOSTILE = "\x1b]0;title\x07\x1b[2J\x9b31m\u202egood\u2066\u200b\u2060\ufeff\x7f"
TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
SEEN = {"\x1b": "␛", "\x07": "␇", "\x00": "␀", "\x7f": "␡", "\r": "␍", "\x85": "⟨U+0085⟩", "\u202e": "⟨U+202E⟩"}


@pytest.mark.parametrize("character", SEEN)
def test_each_has_a_symbol(character: str):
    assert visible(f"a{character}b") == f"a{SEEN[character]}b"


def test_all_that_unicode_calls_control_or_format_are_seen_and_nothing_else_is_changed():
    for code in range(0x30000):
        shown = visible(f"a{chr(code)}b")
        turns = unicodedata.bidirectional(chr(code)) in TURNING
        if (turns or unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")) and chr(code) not in "\t\n":
            assert len(shown) == 3 or "⟨U+" in shown
            assert all(unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in shown)
        elif unicodedata.category(chr(code)) != "Cf":
            assert shown == f"a{chr(code)}b"


@pytest.mark.parametrize("text", ["tab\tand\nline", "👨‍👩‍👧", "می‌خواهم", "क्‍ष", "한글 ＝", "é"])
def test_what_writing_needs_stays(text: str):
    assert visible(text) == text
    assert visible("posi\u200dtive\u200c") == "posi⟨U+200D⟩tive⟨U+200C⟩"


def test_json_and_tables():
    printed = escaped_json(json.dumps({HOSTILE: [HOSTILE, "👨‍👩‍👧"]}, ensure_ascii=False))
    assert json.loads(printed) == {HOSTILE: [HOSTILE, "👨‍👩‍👧"]}
    assert visible(printed) == printed
    assert table([["a\x1b", "x"], ["bcd", "y"]], header=["n", "m"]) == ["n    m", "a␛   x", "bcd  y"]


def test_no_output_of_a_run_has_any(tiny_tree: dict[str, Any], tmp_path: Path, capsys, monkeypatch):
    """The label and the texts are hostile: what people look at shows symbols, predictions and model keep the data."""
    monkeypatch.chdir(tmp_path)
    label, text = "po\u202es\x1b[31m", f"good {HOSTILE} film"
    rows = [row for i in range(20) for row in ((f"{text} {i}", label), (f"dull film {i}", "neg"))]
    with Path("data.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text", "label"), *rows])
    tree = copy.deepcopy(tiny_tree)
    tree["data"] = {"source": "data.csv", "test_size": 10, "validation_size": 4, "max_length": 16}
    tree["training"] |= {"max_steps": 2}
    Path("recipe.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    assert command(["fine-tune", "recipe.yaml", "--output-dir", "out"]) == 0
    assert command(["predict", "out", text, "--output", "labelled.csv"]) == 0
    assert command(["predict", "out", text]) == 0
    assert command(["doctor", "--data", "data.csv"]) == 0
    assert command(["evaluate", "out", "--data", "data.csv"]) == 0
    assert command(["evaluate", "out", "--data", "data.csv", "--json"]) == 0
    pages = [Path("out", name).read_text("utf-8") for name in ("report.html", "README.md")]
    for shown in (*capsys.readouterr(), *pages):
        assert visible(shown) == shown
    assert "⟨U+202E⟩" in pages[0]
    with Path("labelled.csv").open(encoding="utf-8", newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["text"] == text
    assert label in json.loads(Path("out/model/config.json").read_text("utf-8"))["id2label"].values()
