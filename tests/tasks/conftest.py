"""A finished run of each combination, made once, beside a Hub that has the pretrained models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from combinations import Combination, CombinedRun, combinations
from loopback import LoopbackHub
from loopback_client import only_hub
from task_rows import write_splits
from tiny_models import pretrained

from toolkit.workflow.fine_tune import fine_tune


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackHub]:
    """A Hub that this module alone uses; its token is in the environment."""
    with pytest.MonkeyPatch.context() as patch, only_hub(patch, tmp_path_factory.mktemp("hub")) as hub:
        patch.setenv("HF_TOKEN", hub.token)
        yield hub


@pytest.fixture(scope="module", params=combinations(), ids=str)
def run(request: pytest.FixtureRequest, hub: LoopbackHub, tmp_path_factory: pytest.TempPathFactory) -> CombinedRun:
    """A finished run of every combination in turn."""
    combination: Combination = request.param
    home = tmp_path_factory.mktemp("combination")
    base = f"tiny/{combination.architecture}"
    if base not in hub.repos:
        folder = pretrained(combination.architecture, home / "base")
        hub.add_repo(base)
        hub.commit(base, {path.name: path.read_bytes() for path in folder.iterdir()})
    data = write_splits(combination.kind.columns, combination.kind.problem, home)
    folder = home / f"run-{len(hub.repos)}"
    fine_tune(combination.recipe(data), name=str(combination), output_dir=folder, ledger=home / "trials.jsonl")
    return CombinedRun(combination, folder, data)
