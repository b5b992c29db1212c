"""`training.report_to: codecarbon`: what counters measured stands in the costs, and nothing that was assumed."""

from __future__ import annotations

import copy
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from toolkit.progress import logger
from toolkit.recipe import build_recipe
from toolkit.report.facts import costs
from toolkit.training.energy import CO2, CPU, GPU, EnergyMeter, added, measured
from toolkit.workflow.fine_tune import fine_tune

FOUND = {"cpu_energy": 0.02, "gpu_energy": 0.0, "energy_consumed": 0.05, "emissions": 0.02, "country_name": "Korea"}


@pytest.mark.parametrize(
    ("changes", "counters", "expected"),
    [
        ({}, True, {CPU: 0.02, CO2: 8.0}),  # 0.4 kg a kWh of the grid
        ({}, False, {CPU: None, CO2: None}),  # what codecarbon assumes of processor and memory is not measured
        ({"gpu_energy": 0.01}, True, {CPU: 0.02, GPU: 0.01, CO2: 12.0}),
        ({"gpu_energy": 0.01}, False, {CPU: None, GPU: 0.01, CO2: 4.0}),
        ({"country_name": None}, True, {CPU: 0.02, CO2: None}),  # codecarbon would take the mean of the world
    ],
)
def test_only_what_counters_measured_is_stated(changes: dict[str, Any], counters: bool, expected: dict[str, Any]):
    assert measured({**FOUND, **changes}, counters=counters) == pytest.approx(expected)


def test_sums_of_an_interrupted_run_are_known_only_if_all_parts_are():
    assert added({}, CPU, 0.5) == 0.5
    assert added({CPU: 0.5}, CPU, 0.25) == 0.75
    assert added({CPU: None}, CPU, 0.25) is None
    assert added({CPU: 0.5}, CPU, None) is None


def test_costs_in_words():
    told = dict(costs({"train_seconds": 1.0, CPU: None, GPU: 0.0021, CO2: 1.234}))
    assert told == {"train time": "1.0 s", "processor energy": "not measured", "gpu energy": "2.1 Wh", "co2": "1.23 g"}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Addresses outside of this machine that a run wanted to speak with."""
    asked: list[Any] = []
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"):
            return connect(self, address)
        asked.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return asked


@pytest.mark.parametrize("method", ["full", "features"])
def test_a_run_measures_offline_and_says_what_it_could_not(
    method: str, tiny_tree: dict[str, Any], tmp_path: Path, no_network: list[Any], caplog: pytest.LogCaptureFixture
):
    cpu = pytest.importorskip("codecarbon.core.cpu")
    tree = copy.deepcopy(tiny_tree) | {"method": method}
    tree["training"] = {**({} if method == "features" else tree["training"]), "report_to": ["codecarbon"]}
    if method == "full":
        tree["training"]["num_train_epochs"] = 1
    with caplog.at_level("INFO", logger=logger.name):
        run = fine_tune(build_recipe(tree), name="tiny", output_dir=tmp_path / "run", ledger=tmp_path / "t.jsonl")
    cost = json.loads((run.folder / "metrics.json").read_text(encoding="utf-8"))["cost"]
    assert CPU in cost
    page, card = ((run.folder / name).read_text(encoding="utf-8") for name in ("report.html", "README.md"))
    if cpu.is_rapl_available():
        assert cost[CPU] > 0
    else:
        assert (cost[CPU], cost[CO2]) == (None, None)
        assert "energy is not measured" in caplog.text
        assert "<dt>processor energy</dt><dd>not measured</dd>" in page
        assert "| processor energy | not measured |" in card
    assert "processor energy" in page
    assert no_network == []
    assert not list(tmp_path.rglob("emissions*"))


def test_an_interrupted_run_goes_on_with_its_sums(tmp_path: Path):
    (tmp_path / "energy.json").write_text(json.dumps({CPU: 0.5, CO2: None}), encoding="utf-8")
    meter = EnergyMeter(tmp_path)
    pytest.importorskip("codecarbon")
    none: Any = None
    meter.on_train_begin(none, none, none)
    meter.on_save(none, none, none)
    meter.on_train_end(none, none, none)
    kept = json.loads((tmp_path / "energy.json").read_text(encoding="utf-8"))
    assert kept == meter.figures
    assert kept[CPU] is None or kept[CPU] >= 0.5
