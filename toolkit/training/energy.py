"""Energy of a run by codecarbon, offline, for ``training.report_to: codecarbon``: what counters measured, and no more.

The library's own callback looks up on the network where it is, and adds what it assumes of a processor without
counters, and of memory, to what it has measured. Here only counters count: those of the processor (RAPL) and of GPUs
(NVML). What has none is not measured, and is told so.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from toolkit.files import read_json, write_json_atomically
from toolkit.progress import warn

ENERGY_FILE = "energy.json"
CPU, GPU, CO2 = "processor_kwh", "gpu_kwh", "co2_grams"
"""Figures of ``cost`` in metrics.json; null is not measured."""

_SECONDS = 5
_KNOWN = "CODECARBON_COUNTRY_ISO_CODE"


@dataclass
class EnergyMeter(TrainerCallback):
    """Measures from the first step until it is closed, and goes on where an interrupted run was.

    Attributes:
        folder: where the sums of an unfinished run are kept.
        figures: sums so far, by the names in ``cost``.
        tracker: of codecarbon; None while it does not run.
    """

    folder: Path
    figures: dict[str, float | None] = field(default_factory=dict)
    tracker: Any = None

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **had: Any) -> None:
        """Begin, or go on with the sums of an interrupted run."""
        file = self.folder / ENERGY_FILE
        self.figures = dict(read_json(file)) if file.is_file() else {}
        self.tracker = _tracker()

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **had: Any) -> None:
        """Keep the sums beside a checkpoint."""
        self._settle()
        self.tracker = _tracker()

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **had: Any) -> None:
        """End, and tell what is not measured."""
        self._settle()
        if self.figures.get(CPU) is None:
            warn("the processor shows no energy counters (RAPL) to this user, so its energy is not measured")
        elif self.figures.get(CO2) is None:
            warn(f"where this machine is, is not known, so CO2 is not stated; {_KNOWN}=KOR says it")

    def _settle(self) -> None:
        """Add what was measured since the last time."""
        if self.tracker is None:
            return
        from codecarbon.core.cpu import is_rapl_available

        self.tracker.stop()
        found = measured(vars(self.tracker.final_emissions_data), counters=is_rapl_available())
        self.tracker = None
        self.figures = {name: added(self.figures, name, value) for name, value in found.items()}
        write_json_atomically(self.folder / ENERGY_FILE, self.figures)


def measured(data: Mapping[str, Any], *, counters: bool) -> dict[str, float | None]:
    """Return the figures of codecarbon that were measured; those that it assumed are None.

    CO2 is that of the measured energy, by the mean of the country's grid.

    Args:
        data: codecarbon's: ``cpu_energy``, ``gpu_energy``, ``energy_consumed`` (kWh), ``emissions`` (kg), and
            ``country_name``, which is None where that is not known.
        counters: whether the processor's energy comes from counters.
    """
    cpu = float(data["cpu_energy"]) if counters else None
    gpu = {GPU: float(data["gpu_energy"])} if data["gpu_energy"] else {}
    energy = (cpu or 0.0) + sum(gpu.values())
    is_known = (counters or gpu) and data["country_name"] is not None and data["energy_consumed"]
    return {CPU: cpu, **gpu, CO2: 1000 * energy * data["emissions"] / data["energy_consumed"] if is_known else None}


def added(before: Mapping[str, float | None], name: str, value: float | None) -> float | None:
    """Return a sum that is known only if each of its parts is."""
    if name not in before or before[name] is None or value is None:
        return value if name not in before else None
    return float(before[name] or 0.0) + value


def _tracker() -> Any:
    """Start codecarbon's tracker: it writes nothing, and asks nobody where it is."""
    from codecarbon import OfflineEmissionsTracker

    logging.getLogger("codecarbon").setLevel(logging.CRITICAL)
    tracker = OfflineEmissionsTracker(
        output_methods=[],
        log_level="critical",
        allow_multiple_runs=True,
        measure_power_secs=_SECONDS,
        electricitymaps_api_token=None,
        force_mode_cpu_load=False,
        force_cpu_power=None,
    )
    tracker.start()
    return tracker
