"""A run that was pushed, carried out again from its repository, and repositories from which nothing can be."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from loopback_cases import REPO

import toolkit
from toolkit.cli.main import run as command
from toolkit.errors import HubError
from toolkit.hub.card.names import public_recipe
from toolkit.hub.card.public_metrics import public_metrics
from toolkit.recipe import build_recipe
from toolkit.trials.ledger import read_trials
from toolkit.workflow.fine_tune import fine_tune


def test_recipe_and_figures_of_a_repository_are_enough(
    hub, tiny_tree: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_TOKEN", hub.token)
    tree = {**tiny_tree, "method": "features", "hub": {"repo_id": "somebody/model"}}
    del tree["training"]
    with monkeypatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # whether it may be published is not asked
        run = fine_tune(build_recipe(tree), name="tiny", output_dir=tmp_path / "run", ledger=tmp_path / "other.jsonl")
    files = {
        "recipe.yaml": public_recipe((run.folder / "recipe.yaml").read_text(encoding="utf-8")).encode(),
        "metrics.json": json.dumps(public_metrics(run.result).to_json()).encode(),
    }
    hub.add_repo(REPO, private=True)
    commit = hub.commit(REPO, files)
    # Rows and base model were files of another machine.
    assert command(["reproduce", REPO, "--json"]) == 3
    told = capsys.readouterr().err
    assert "reviews.csv" in told
    assert "tiny-bert" in told
    hub.commit(REPO, {"README.md": b"newer"})
    places = {"data.source": tiny_tree["data"]["source"], "model.name": tiny_tree["model"]["name"]}
    found = toolkit.reproduce(f"{REPO}@{commit.oid}", places)
    assert (found.passed, found.folder) == (True, Path(f"runs/{REPO.rpartition('/')[2]}-reproduced"))
    trial = read_trials("runs/trials.jsonl")[0][-1]
    assert (trial.reproduces, trial.parent) == (f"{REPO}@{commit.oid}", None)
    assert "is not known" in found.result.remarks[0]  # whether the base model is the same
    assert not hub.requests_with(hub.token)
    logging.getLogger("toolkit").handlers = []


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("alice/none", 5, "no such repository"),
        (REPO, 7, "no run was pushed there"),
        (f"{REPO}@v9", 5, "no such revision"),
    ],
)
def test_repositories_without_a_run_are_one_line(
    name: str, code: int, told: str, hub, repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert command(["reproduce", name]) == code
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert told in errors[0]
    logging.getLogger("toolkit").handlers = []


def test_a_base_model_whose_commit_is_gone_is_told(hub, tiny_tree: dict[str, Any], tmp_path: Path):
    run = fine_tune(
        build_recipe({key: value for key, value in {**tiny_tree, "method": "features"}.items() if key != "training"}),
        name="tiny",
        output_dir=tmp_path / "run",
        ledger=tmp_path / "trials.jsonl",
    )
    gone = "0123456789" * 4
    metrics = run.result.to_json() | {"model": "alice/base", "revision": gone}
    (run.folder / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    recipe = (run.folder / "recipe.yaml").read_text(encoding="utf-8")
    (run.folder / "recipe.yaml").write_text(recipe.replace(tiny_tree["model"]["name"], "alice/base"), encoding="utf-8")
    (run.folder / "files.json").unlink()
    hub.add_repo("alice/base")
    with pytest.raises(HubError, match=rf"^alice/base: the base model's commit {gone[:12]}, with which the run began"):
        toolkit.reproduce(run.folder)
