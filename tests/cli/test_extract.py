"""`extract` as people type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny_models
import torch
from transformers import AutoModel, AutoTokenizer

from toolkit.cli.main import run
from toolkit.data.feature_cache import FeatureCache, features_folder

ROWS = 'id,review,answer\nx7,"the film , good",bad\n08,NA,the film\nx7,그 영화 는 좋다,a b\n'


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_models.pretrained("bert", tmp_path_factory.mktemp("model")))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "data.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def extracted(model: str, home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., pa.Table]:
    def extract(*arguments: str) -> pa.Table:
        command = ["extract", model, "--data", "data.csv", "--output", "out.parquet", "--text-column", "review"]
        assert run([*command, *arguments, "--json"]) == 0
        (line,) = capsys.readouterr().out.splitlines()
        table = pq.read_table(home / "out.parquet")
        dim = len(table["features"][0])
        assert json.loads(line) == {"output": "out.parquet", "rows": table.num_rows, "dim": dim}
        return table

    return extract


def numbers(table: pa.Table) -> np.ndarray[Any, Any]:
    return np.array(table["features"].to_pylist())


def by_hand(model: str, text: str, pair: str | None = None) -> torch.Tensor:
    tokens = AutoTokenizer.from_pretrained(model)(text, pair, return_tensors="pt")
    with torch.no_grad():
        return AutoModel.from_pretrained(model)(**tokens).last_hidden_state[0].mean(dim=0)


def test_rows_keep_their_order_and_ids(extracted: Callable[..., pa.Table], model: str):
    table = extracted()
    assert table.schema.equals(pa.schema([("id", pa.string()), ("features", pa.list_(pa.float32()))]))
    assert table["id"].to_pylist() == ["x7", "08", "x7"]
    for found, text in zip(numbers(table), ["the film , good", "NA", "그 영화 는 좋다"], strict=True):
        np.testing.assert_allclose(found, by_hand(model, text), atol=2e-6)


def test_rows_without_ids_are_numbered_and_pairs_are_read_together(
    extracted: Callable[..., pa.Table], model: str, home: Path
):
    (home / "data.csv").write_text(ROWS.replace("id,", "other,"), encoding="utf-8")
    table = extracted("--text-pair-column", "answer")
    assert table["id"].to_pylist() == [0, 1, 2]
    np.testing.assert_allclose(numbers(table)[1], by_hand(model, "NA", "the film"), atol=2e-6)


def test_layers_and_pooling_are_as_asked(extracted: Callable[..., pa.Table]):
    last, first, both = extracted(), extracted("--layers", "0"), extracted("--layers", "-1,0")
    np.testing.assert_array_equal(numbers(both), np.hstack([numbers(last), numbers(first)]))
    assert np.abs(numbers(extracted("--pooling", "cls")) - numbers(last)).max() > 0.01


def test_cache_is_used_unless_it_is_not_wanted(extracted: Callable[..., pa.Table], monkeypatch: pytest.MonkeyPatch):
    kept_out = extracted("--no-cache")
    assert not features_folder().exists()
    kept = extracted()
    assert list(features_folder().rglob("*.safetensors"))
    np.testing.assert_array_equal(numbers(kept), numbers(kept_out))

    def never(*_arguments: object) -> None:
        raise AssertionError("computed although it is there")

    monkeypatch.setattr(FeatureCache, "add", never)
    np.testing.assert_array_equal(numbers(extracted()), numbers(kept))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--output", "out.csv"], 2, "out.csv: features cannot be written as '.csv'; allowed: .parquet"),
        (["--output", "out"], 2, "out: the file has no suffix; allowed: .parquet"),
        (["--output", "no/out.parquet"], 4, "there is no folder 'no'"),
        (["--layers", "last"], 2, "--layers: found 'last'; write whole numbers with commas between them"),
        (["--layers", "-9"], 2, "there is no layer -9"),
        (["--text-column", "reviw"], 3, "no column 'reviw'; did you mean 'review'?"),
        (["--data", "none.csv"], 3, "none.csv"),
        (["--max-length", "4000"], 2, "max_length is 4000"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    arguments: list[str], code: int, words: str, model: str, home: Path, capsys: pytest.CaptureFixture[str]
):
    given = {"--data": "data.csv", "--output": "out.parquet", "--text-column": "review"} | {arguments[0]: arguments[1]}
    assert run(["extract", model, *(part for pair in given.items() for part in pair)]) == code
    assert words in capsys.readouterr().err
    assert not list(home.glob("**/*.parquet"))


def test_model_that_is_not_there_is_said_after_the_data_is_read(capsys: pytest.CaptureFixture[str]):
    command = ["extract", "org/none", "--data", "data.csv", "--output", "out.parquet"]
    assert run(command) == 3
    assert "no column 'text'" in capsys.readouterr().err
    assert run([*command, "--text-column", "review"]) == 5


def test_help_says_where_the_cache_is(capsys: pytest.CaptureFixture[str]):
    assert run(["extract", "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "transfer-toolkit/features below $XDG_CACHE_HOME" in shown
    assert "toolkit extract packaged:minilm --data reviews.csv --output features.parquet" in shown
