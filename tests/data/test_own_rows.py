"""A shipped recipe on one's own rows: what belongs to the recipe's own data is left out, and said in one line."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from toolkit.data.own_rows import columns_there, load_for_rows
from toolkit.names import SPECS
from toolkit.recipe import find_recipe, list_recipes, load_recipe


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, logger="toolkit")
    return caplog


@pytest.fixture
def reviews_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logging.getLogger("toolkit"), "propagate", True)
    Path("own.csv").write_text("text,label\n" + "a film,good\nno film,bad\n" * 20, encoding="utf-8")
    return "own.csv"


def test_sizes_splits_and_absent_columns_are_left_out(reviews_csv: str, said: pytest.LogCaptureFixture):
    recipe = load_for_rows(find_recipe("inference-pairs"), [f"data.source={reviews_csv}"])
    assert (recipe.data.train, recipe.data.subset) == (None, None)
    assert recipe.data.columns == {"text": "text", "text_pair": "text_pair", "label": "label"}
    recipe = load_for_rows(find_recipe("movie-sentiment"), [f"data.source={reviews_csv}"])
    assert (recipe.data.test_size, recipe.data.columns) == (0.2, {"text": "text", "label": "label"})
    assert [record.getMessage() for record in said.records] == [
        "data.source is yours; left out of what inference-pairs has for its own: train, validation, test, subset, "
        "columns.text and columns.text_pair",
        "data.source is yours; left out of what movie-sentiment has for its own: test_size",
    ]


def test_what_the_changes_say_stays(reviews_csv: str):
    changes = [f"data.source={reviews_csv}", "data.test_size=7", "data.columns.label=stars"]
    recipe = load_for_rows(find_recipe("banking77"), changes)
    assert (recipe.data.test_size, recipe.data.columns) == (7, {"text": "text", "label": "stars"})


def test_splits_go_where_a_source_is_named_and_a_source_where_splits_are(reviews_csv: str):
    recipe = load_for_rows(find_recipe("banking77"), [f"data.source={reviews_csv}"])
    assert (recipe.data.source, recipe.data.train, recipe.data.test) == (reviews_csv, None, None)
    recipe = load_for_rows(find_recipe("movie-sentiment"), [f"data.train={reviews_csv}"])
    assert (recipe.data.source, recipe.data.train) == (None, reviews_csv)
    recipe = load_for_rows(find_recipe("banking77"), [f"data.train={reviews_csv}"])
    assert recipe.data.test == "data/banking77/test.csv"


def test_other_changes_and_own_recipes_are_read_as_they_are(reviews_csv: str, said: pytest.LogCaptureFixture):
    path = find_recipe("movie-sentiment")
    changes = ["training.num_train_epochs=1"]
    assert load_for_rows(path, changes) == load_recipe(path, changes)
    own = Path("own.yaml")
    own.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert load_for_rows(own, [f"data.source={reviews_csv}"]).data.test_size == 1000
    assert not said.records


@pytest.mark.parametrize("shipped", list_recipes(), ids=lambda shipped: shipped.name)
def test_every_shipped_recipe_takes_another_file(shipped, tmp_path: Path):
    written = load_recipe(shipped.path)
    rows = [dict.fromkeys(SPECS[written.task].columns[0], f"text {i}") for i in range(3)]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    recipe = load_for_rows(shipped.path, [f"data.source={file}"])
    assert (recipe.data.source, recipe.data.train, recipe.data.subset) == (str(file), None, None)
    assert isinstance(recipe.data.test_size, float)
    own = {name: name for name in written.data.columns}
    assert recipe.data.columns == own | {name: at for name, at in written.data.columns.items() if at in rows[0]}


def test_columns_are_told_whatever_the_format(tmp_path: Path):
    rows = [{"글": "가", "b": "1"}, {"글": "나", "b": "2"}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet")
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "rows.jsonl").write_text("\n" + "\n".join(lines), encoding="utf-8-sig")
    (tmp_path / "rows.json").write_text(f"[{','.join(lines)}]", encoding="utf-8")
    (tmp_path / "rows.tsv").write_text("글\tb\n가\t1\n나\t2\n", encoding="utf-8")
    for suffix in ("parquet", "jsonl", "json", "tsv"):
        assert columns_there(str(tmp_path / f"rows.{suffix}")) == {"글", "b"}
    assert columns_there({"source": "a.de", "target": "a.en"}) == {"source", "target"}
    (tmp_path / "broken.jsonl").write_text("{", encoding="utf-8")
    assert columns_there(str(tmp_path / "broken.jsonl")) is None
    assert columns_there(str(tmp_path / "absent.csv")) is None
