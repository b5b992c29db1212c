"""Texts that are longer than a model reads are counted and said by whatever reads them."""

from __future__ import annotations

import copy
import csv
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from transformers import AutoTokenizer

from toolkit.cli.main import run as command

SAID = re.compile(r"([\d,]+) of ([\d,]+) texts \(([\d.]+) %\) .*max_length ([\d,]+) .*longest has ([\d,]+) tokens")


def _said(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, ...]]:
    return SAID.findall(capsys.readouterr().err)


def _independent(folder: Path, rows: list[tuple[str, ...]], limit: int) -> tuple[int, int]:
    """Count with the library's tokenizer, nothing cut."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    lengths = [len(tokenizer(*row, verbose=False)["input_ids"]) for row in rows]
    return sum(length > limit for length in lengths), max(lengths)


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("method", ["full", "features"])
def test_classification(method: str, pairs: bool, tiny_bert: Path, tiny_tree: Any, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    texts = [
        (f"film {i} " + "word " * (i * 3 % 40), *([f"second {i} " + "b " * (i % 7)] if pairs else []))
        for i in range(60)
    ]
    header = ("text", *(["text_pair"] if pairs else []), "label")
    for name, some in (("train", texts[:40]), ("test", texts[40:])):
        with Path(f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([header, *((*row, "ab"[i % 2]) for i, row in enumerate(some))])
    tree = copy.deepcopy(tiny_tree)
    columns = {name: name for name in header}
    tree |= {"data": {"train": "train.csv", "test": "test.csv", "max_length": 24, "columns": columns}, "method": method}
    tree["training"] |= {"max_steps": 2}
    if method == "features":
        del tree["training"]
    Path("r.yaml").write_text(yaml.safe_dump(tree), encoding="utf-8")
    for again in ("out", "again"):  # the features of the second run are cached
        assert command(["fine-tune", "r.yaml", "--output-dir", again, *(["seed=1"] if again == "again" else [])]) == 0
        n_cut, longest = _independent(tiny_bert, texts[:40], 24)
        (said,) = _said(capsys)
        assert said == (str(n_cut), "40", f"{100 * n_cut / 40:.1f}", "24", str(longest))
        kept = json.loads(Path(again, "metrics.json").read_text("utf-8"))
        assert kept["data"]["cut"] == {"texts": 40, "cut": n_cut, "longest": longest, "max_length": 24}
        assert kept["splits"]["test"]["slices"]["cut_rows"] == _independent(tiny_bert, texts[40:], 24)[0]
    n_cut, longest = _independent(tiny_bert, texts[40:], 24)
    for verb in (["evaluate", "out", "--data", "test.csv", "--json"], ["predict", "out", "test.csv"]):
        assert command(verb) == 0
        printed = capsys.readouterr()
        assert [each[:2] + each[3:] for each in SAID.findall(printed.err)] == [(str(n_cut), "20", "24", str(longest))]
        if verb[-1] == "--json":
            assert json.loads(printed.out)["data"]["cut"]["cut"] == n_cut
    assert command(["predict", "out", "a film", *(["--text-column", "text"] if not pairs else [])]) in (0, 2, 3)
    assert _said(capsys) == []
