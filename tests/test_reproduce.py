"""A run carried out again: its figures in their intervals, its card, its trial, and all that keeps it from being so."""

from __future__ import annotations

import copy
import json
import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

import toolkit
from toolkit.cli.main import run as command
from toolkit.errors import DataError
from toolkit.hub.card.refresh import card_of
from toolkit.recipe import build_recipe
from toolkit.trials.ledger import read_trials
from toolkit.trials.run_files import write_digests
from toolkit.workflow.fine_tune import fine_tune


@pytest.fixture(scope="module")
def made(tiny_tree: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with its rows and its base model beside it, which may be spoilt in copies."""
    home = tmp_path_factory.mktemp("reproduce")
    shutil.copy(tiny_tree["data"]["source"], home / "reviews.csv")
    shutil.copytree(tiny_tree["model"]["name"], home / "base")
    tree = copy.deepcopy(tiny_tree)
    tree |= {"model": {"name": "base"}, "data": tree["data"] | {"source": "reviews.csv"}}
    tree["training"]["num_train_epochs"] = 1
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        fine_tune(build_recipe(tree), name="tiny", output_dir=Path("runs/평가"))
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = Path(shutil.copytree(made, tmp_path / "home"))
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def reproduce(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """The command; gives exit code, stdout and the errors."""

    def carry_out(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = command(["reproduce", *arguments])
        out, told = capsys.readouterr()
        return code, out, "\n".join(line for line in told.splitlines() if line.startswith("error: "))

    yield carry_out
    logging.getLogger("toolkit").handlers = []


def _change_metrics(run: Path, change: Callable[[dict[str, Any]], None], *, sealed: bool = True) -> None:
    file = run / "metrics.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    change(content)
    file.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    if sealed:
        write_digests(run, base=json.loads((run / "files.json").read_text(encoding="utf-8"))["base"])


def test_the_same_figures_come_out_and_card_and_ledger_tell_it(home: Path, reproduce):
    run = home / "runs/평가"
    (run / "README.md").write_text(card_of(run, language="ko"), encoding="utf-8")
    code, out, _ = reproduce("runs/평가")
    assert code == 0
    assert "Nothing: the same rows, seed, versions and machine." in out
    first, again = (
        json.loads((home / f"runs/{name}/metrics.json").read_text()) for name in ("평가", "평가-reproduced")
    )
    assert first["splits"] == again["splits"]
    trials = read_trials("runs/trials.jsonl")[0]
    assert (trials[1].parent, trials[1].reproduces) == (trials[0].id, "runs/평가")
    assert trials[0].to_json().keys() == trials[1].to_json().keys() - {"reproduces"}
    card = (run / "README.md").read_text(encoding="utf-8")
    assert "다시 실행하여 재현되었습니다" in card  # in the language in which it was
    assert f"{trials[1].time[:10]}에" in card
    assert f"torch {again['environment']['packages']['torch']}" in card
    assert "reproduced: each of its" in card_of(run)
    assert toolkit.reproduce("runs/평가").passed  # shown again, without another training
    assert len(json.loads((run / "reproduced.json").read_text())["reproductions"]) == 1
    assert len(read_trials("runs/trials.jsonl")[0]) == 2


def test_a_figure_outside_of_its_interval_is_exit_code_8(home: Path, reproduce, monkeypatch: pytest.MonkeyPatch):
    run = home / "runs/평가"

    def claim(metrics: dict[str, Any]) -> None:
        metrics["splits"]["test"]["metrics"]["accuracy"] = {"value": 0.99, "ci95": [0.985, 1.0]}
        metrics["environment"]["packages"]["torch"] = "1.0"

    _change_metrics(run, claim)
    (run / "README.md").write_text("# by hand", encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "60")
    code, out, told = reproduce("runs/평가", "--json")
    found = json.loads(out)
    assert (code, found["passed"]) == (8, False)
    now = json.loads((home / "runs/평가-reproduced/metrics.json").read_text())["splits"]["test"]["metrics"]["accuracy"]
    outside = [figure for figure in found["figures"] if not figure["within"]]
    assert outside == [
        {
            "of": "",
            "metric": "accuracy",
            "stated": {"value": 0.99, "ci95": [0.985, 1.0]},
            "again": now["value"],
            "within": False,
        }
    ]
    assert [change["what"] for change in found["changes"]] == ["torch"]
    assert told.count("error: ") == 1
    assert "runs/평가: this model: accuracy is" in told
    assert "stated was 0.990 (0.985 to 1.000)" in told
    assert (run / "README.md").read_text() == "# by hand"
    assert "not reproduced: of its" in card_of(run)
    code, out, _ = reproduce("runs/평가")
    assert code == 8
    assert "NOT reproduced: 1 of" in out


def test_all_hindrances_are_told_at_once_before_any_work(home: Path, reproduce):
    rows = home / "reviews.csv"
    text = rows.read_text(encoding="utf-8")
    rows.write_text(text.replace("film", "fílm"), encoding="utf-8")
    weights = load_file(home / "base/model.safetensors")
    save_file({name: tensor + 1 for name, tensor in weights.items()}, home / "base/model.safetensors", {"format": "pt"})
    code, _, told = reproduce("runs/평가")
    assert (code, told.count("error: ")) == (3, 2)
    assert "reviews.csv: the rows are not those of the run: their digest is" in told
    assert "base: this is not the model that the run began with" in told
    rows.write_text("".join(text.splitlines(keepends=True)[:-20]), encoding="utf-8")
    shutil.rmtree(home / "base")
    code, _, told = reproduce("runs/평가")
    assert (code, told.count("error: ")) == (3, 2)
    assert "train 75 rows then, 55 now" in told
    assert "base: " in told
    rows.rename(home / "elsewhere.csv")
    code, _, told = reproduce("runs/평가")
    assert (code, told.count("error: ")) == (3, 2)
    assert "reviews.csv: " in told
    assert len(read_trials("runs/trials.jsonl")[0]) == 1
    assert sorted(path.name for path in (home / "runs").iterdir()) == ["trials.jsonl", "trials.jsonl.lock", "평가"]


def test_rows_and_model_may_lie_elsewhere_and_nothing_else_may_change(home: Path, reproduce):
    (home / "reviews.csv").rename(home / "moved.csv")
    (home / "base").rename(home / "moved")
    code, _, told = reproduce("runs/평가", "training.num_train_epochs=2", "data.source=moved.csv")
    assert code == 2
    assert "training.num_train_epochs=2 would make another run" in told
    assert reproduce("runs/평가", "data.source=moved.csv", "model.name=moved")[0] == 0


@pytest.mark.parametrize(
    ("spoil", "code", "told"),
    [
        (lambda run: _change_metrics(run, lambda content: content.update(schema=2)), 7, "schema is 2; this version"),
        (lambda run: _change_metrics(run, lambda content: content.update(seed=7), sealed=False), 7, "changed since"),
        (lambda run: (run / "recipe.yaml").unlink(), 7, "this is no run, for it has no recipe.yaml"),
        (lambda run: run.rename(run.with_name("평가.unfinished")), 4, "this run is not finished"),
        (lambda run: run.rename(run.with_name("다른")), 5, "there is no such folder"),
    ],
)
def test_what_is_no_whole_run_is_refused(spoil: Callable[[Path], Any], code: int, told: str, home: Path, reproduce):
    spoil(home / "runs/평가")
    found = reproduce("runs/평가")
    assert (found[0], found[2].count("error: ")) == (code, 1)
    assert told in found[2]
    assert len(read_trials("runs/trials.jsonl")[0]) == 1


WRITER = {
    "task": "translation",
    "model": {"config": {"hidden_size": 16, "encoder_layers": 1, "decoder_layers": 1, "num_attention_heads": 2}},
    "tokenizer": {"vocab_size": 1000},
    "data": {"source": "packaged:chatterbot", "subset": "korean", "test_size": 8, "validation_size": 4},
    "method": "scratch",
    "training": {"max_steps": 2, "learning_rate": 1e-2, "per_device_train_batch_size": 8},
    "evaluation": {"metrics": ["chrf", "perplexity"], "generation": {"max_new_tokens": 4}},
}


@pytest.mark.parametrize("method", ["features", "zero-shot", "scratch"])
def test_heads_untrained_models_and_writers_are_reproduced_too(
    method: str, tiny_tree: dict[str, Any], tmp_path: Path, reproduce, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    tree = {**tiny_tree, "method": method}
    del tree["training"]
    fine_tune(build_recipe(WRITER if method == "scratch" else tree), name="tiny", output_dir=Path("runs/a"))
    assert reproduce("runs/a")[0] == 0
    assert "carried out again" in (tmp_path / "runs/a/README.md").read_text(encoding="utf-8")


def test_a_run_on_rows_in_memory_is_reproduced_with_the_same_rows(
    tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    rows = [{"text": f"a {'good' if i % 2 else 'dull'} film {i}", "label": i % 2} for i in range(60)]
    settings = {"task": "text-classification", "model": tiny_tree["model"]["name"], "method": "features"}
    run = toolkit.fine_tune(**settings, data=rows, output_dir="runs/a")
    with pytest.raises(DataError, match="these rows were in the memory of a Python program"):
        toolkit.reproduce(run)
    again = toolkit.reproduce(run, {"data.source": rows})
    assert again.passed
    assert "reproduced: " in str(again)
    assert "<table" in again._repr_html_()
    assert toolkit.load(again.folder).metrics == run.metrics
