"""Is more data worth it? Nested shares of the training rows, what is kept equal, and what is no curve."""

from __future__ import annotations

import copy
import json
import logging
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as parquet
import pytest

import toolkit
from toolkit.cli.main import run as command
from toolkit.data.splits import nested_share
from toolkit.errors import DataError, RecipeError
from toolkit.evaluation.metrics.difference import Difference
from toolkit.recipe import build_recipe, load_recipe, recipe_digest
from toolkit.recipe.resolved import values_yaml
from toolkit.report.curve import worth
from toolkit.tasks import room_of
from toolkit.trials.compared import Tested
from toolkit.trials.ledger import read_trials
from toolkit.trials.shares import checked_shares
from toolkit.workflow.compare import compare
from toolkit.workflow.curve import fine_tune_on_shares


@pytest.mark.parametrize("seed", [0, 7])
def test_shares_are_nested_and_stratified(seed: int):
    labels = np.random.default_rng(seed).choice(["a", "b", "c", "한"], p=[0.6, 0.3, 0.08, 0.02], size=1000).tolist()
    counts, before = Counter(labels), set()
    for share in (0.005, 0.05, 0.3, 0.77, 1.0):
        chosen = nested_share(labels, share, seed=seed)
        assert (np.diff(chosen) > 0).all()
        assert len(chosen) == round(1000 * share)
        assert before <= set(chosen.tolist())
        before = set(chosen.tolist())
        found = Counter(labels[row] for row in chosen)
        for label, count in counts.items():
            assert found[label] >= 1
            assert abs(found[label] - share * count) <= 2
    assert not np.array_equal(nested_share(labels, 0.3, seed=seed), nested_share(labels, 0.3, seed=seed + 1))
    with pytest.raises(DataError, match=r"a share of 0\.003 of 1,000 training rows is 3, and they have 4 .* 0\.004 or"):
        nested_share(labels, 0.003, seed=seed)


@pytest.mark.parametrize(
    ("tree", "rows"),
    [
        ({"task": "text-classification", "model": {"name": "packaged:minilm"}, "method": "full"}, 75),
        ({"task": "fill-mask", "model": {"config": {}}, "method": "scratch"}, 75),
    ],
)
def test_the_other_rows_are_the_same_for_every_share(tree: dict[str, Any], rows: int, reviews: Path):
    def data(share: float | None) -> Any:
        section = {"source": str(reviews), "test_size": 30, "validation_size": 15, "train_share": share}
        recipe = build_recipe({**tree, "data": section})
        return room_of(recipe.task).prepare(recipe)

    whole, part = data(None), data(0.2)
    assert (len(whole.train), len(part.train)) == (rows, rows // 5)
    assert set(part.train["id"]) < set(whole.train["id"])
    for split in ("validation", "test"):
        assert getattr(part, split)["id"] == getattr(whole, split)["id"]


def test_all_rows_are_the_recipe_itself(tiny_tree: dict[str, Any]):
    plain = build_recipe(tiny_tree)
    assert "train_share" not in plain.model_dump(exclude_none=True)["data"]
    named = build_recipe({**tiny_tree, "data": tiny_tree["data"] | {"train_share": None}})
    assert recipe_digest(named) == recipe_digest(plain)
    for share in (0, 1.5, -0.1, "half"):
        with pytest.raises(RecipeError, match=r"data\.train_share|train_share"):
            build_recipe({**tiny_tree, "data": tiny_tree["data"] | {"train_share": share}})


@pytest.fixture(scope="module")
def home(tiny_tree: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe and its curve."""
    folder = tmp_path_factory.mktemp("curve")
    tree = copy.deepcopy(tiny_tree)
    tree["training"] |= {"num_train_epochs": 1, "per_device_train_batch_size": 15}
    (folder / "tiny.yaml").write_text(values_yaml(tree), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert command(["fine-tune", "tiny.yaml", "--curve", "0.2,0.6,1.0", "--output-dir", "runs/c"]) == 0
    logging.getLogger("toolkit").handlers = []
    return folder


def test_a_curve_in_file_page_and_ledger(home: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(home)
    capsys.readouterr()
    assert command(["fine-tune", "tiny.yaml", "--curve", "0.2,0.6,1.0", "--output-dir", "runs/c", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((home / "runs/c/curve.json").read_text(encoding="utf-8"))
    assert [(point["rows"], point["steps"]) for point in found["points"]] == [(15, 5), (45, 5), (75, 5)]
    names = [f"runs/c/rows-{share}" for share in (20, 60, 100)]
    for before, after, point in zip(names, names[1:], found["points"][1:], strict=False):
        assert point["gain"] == compare([before, after]).pairs[0].metrics["accuracy"].to_json()
    rows = [parquet.read_table(f"{name}/predictions.parquet")["id"] for name in names]
    assert rows[0] == rows[1] == rows[2]
    settings = [trial.settings for trial in read_trials("runs/trials.jsonl")[0]]
    assert [each.get("data.train_share") for each in settings] == [0.2, 0.6, None]
    assert settings[0]["training.num_train_epochs"] == pytest.approx(5)
    page = (home / "runs/c/rows-100/report.html").read_text(encoding="utf-8")
    assert page.count('<g class="whisker">') >= 3 + 1
    assert "More data" in page
    assert "From 60 % to 100 % of the rows (45 to 75) accuracy" in page
    assert "More data" not in (home / "runs/c/rows-60/report.html").read_text(encoding="utf-8")


def test_python_gives_the_same_curve(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(home)
    run = toolkit.fine_tune("tiny.yaml", curve=(0.2, 0.6, 1.0), output_dir="runs/c")
    assert run.curve.to_json() == json.loads(Path("runs/c/curve.json").read_text(encoding="utf-8")) | {
        "folder": "runs/c"
    }
    last = run.curve.points[-1]

    def told(value: float, low: float, high: float) -> str:
        gain = Tested(difference=Difference(value, low, high), p=0.01, p_holm=0.01)
        return worth(replace(run.curve, points=(*run.curve.points[:-1], replace(last, gain=gain))))

    between = "From 60 % to 100 % of the rows (45 to 75) accuracy"
    assert (
        told(0.021, 0.004, 0.038) == f"{between} rose by 0.021 (0.004 to 0.038, paired): more rows are likely to help."
    )
    assert told(0.01, -0.02, 0.04).endswith("it is not shown that more rows help.")
    assert (
        told(-0.021, -0.038, -0.004) == f"{between} fell by 0.021 (-0.038 to -0.004, paired): more rows did not help."
    )


def test_a_head_on_features_has_a_curve_and_no_steps(tiny_tree: dict[str, Any], tmp_path: Path):
    tree = {**tiny_tree, "method": "features"}
    del tree["training"]
    folder, ledger = tmp_path / "curve", tmp_path / "trials.jsonl"
    curve, run = fine_tune_on_shares(build_recipe(tree), [0.3, 1], name="tiny", output_dir=folder, ledger=ledger)
    assert (curve.kept_equal, [point.rows for point in curve.points]) == ("nothing", [22, 75])
    assert run.folder == folder / "rows-100"
    assert load_recipe(folder / "rows-30/recipe.yaml").data.train_share == 0.3


@pytest.mark.parametrize(
    ("shares", "told"),
    [
        ("0,1", "0 is no share of the rows"),
        ("0.5,1.5", "1.5 is no share of the rows"),
        ("0.5,0.5,1", "0.5 is named twice"),
        ("1,0.5", "shares rise"),
        ("0.5", "two shares or more"),
        ("0.1,x", "no list of numbers"),
        ("nan,1", "nan is no share"),
        ("", "no list of numbers"),
        ("0.01,1", "they have 2 labels or kinds of rows; begin with a share of 0.027 or more"),
    ],
)
def test_bad_shares_are_one_line_before_any_work(shares: str, told: str, home: Path, tmp_path: Path, capsys):
    capsys.readouterr()
    out = tmp_path / "runs/c"
    code = command(["fine-tune", str(home / "tiny.yaml"), "--curve", shares, "--output-dir", str(out)])
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert (code, len(errors)) == (3 if "begin with" in told else 2, 1)
    assert told in errors[0]
    assert not out.parent.exists()
    logging.getLogger("toolkit").handlers = []


def test_what_has_no_curve_is_refused(tiny_tree: dict[str, Any]):
    untrained = {key: value for key, value in tiny_tree.items() if key != "training"} | {"method": "zero-shot"}
    with pytest.raises(RecipeError, match="learns from no rows"):
        fine_tune_on_shares(build_recipe(untrained), [0.5, 1], name="tiny")
    shared = {**tiny_tree, "data": tiny_tree["data"] | {"train_share": 0.5}}
    with pytest.raises(RecipeError, match=r"data\.train_share: --curve sets this itself"):
        fine_tune_on_shares(build_recipe(shared), [0.5, 1], name="tiny")
    with pytest.raises(RecipeError, match=r"curve: 2, 0\.5: 2 is no share .*; shares rise"):
        checked_shares([2, 0.5], where="curve")
