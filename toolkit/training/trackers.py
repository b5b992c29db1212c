"""Trackers of ``training.report_to``: the library's own callbacks, kept in the run folder from its start to its end.

The library closes its trackers when training ends, and asks the environment where they write. Here they stay open until
the test rows are measured, write below ``trackers/`` of the run, and send nothing anywhere. What the environment says
already (``MLFLOW_TRACKING_URI``, ``WANDB_MODE`` …) is left as it is.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.integrations.integration_utils import get_reporting_integration_callbacks

from toolkit.adapters.quiet import quiet_library
from toolkit.errors import ResourceError
from toolkit.files import read_json, write_json_atomically
from toolkit.progress import warn
from toolkit.recipe import Recipe
from toolkit.training.arguments import training_arguments
from toolkit.training.energy import EnergyMeter
from toolkit.training.followers import also_followed_by

TRACKERS = "trackers"
"""The folder of a run's trackers."""

_ENERGY = "codecarbon"
_RUNS = "runs.json"  # by which name each tracker knows this run, so that an interrupted one goes on in it


@dataclass
class Trackers(TrainerCallback):
    """A callback that passes on what trackers are for, but not the end of training: the test rows come after it.

    Attributes:
        folder: of their files.
        arguments: of the trainer.
        state: of the training, with the step that figures belong to.
        callbacks: of the library, by the trackers' names.
        opened: the names of those that have begun.
        model: that is trained; None before.
        joins_wandb: a run of Weights & Biases was open before; this one is told there, and it stays open.
    """

    folder: Path
    arguments: TrainingArguments
    callbacks: dict[str, TrainerCallback]
    state: TrainerState = field(default_factory=TrainerState)
    opened: list[str] = field(default_factory=list)
    model: Any = None
    joins_wandb: bool = False

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **had: Any) -> None:
        """Open the trackers.

        Raises:
            ResourceError: one cannot be opened.
        """
        self.state, self.model = state, had.get("model")
        for name, callback in self.callbacks.items():
            try:
                with _quiet():
                    callback.on_train_begin(args, state, control, **had)
            except Exception as error:
                line = str(error).strip().split("\n")[0] or type(error).__name__
                found = f"the tracker {name} cannot be opened: {line}; mend that, or take it out of training.report_to"
                raise ResourceError(found, where=str(self.folder)) from error
            self.opened.append(name)
        self._note_runs()

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **had: Any) -> None:
        """Write down figures."""
        self._tell("on_log", args, state, control, **had)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **had: Any) -> None:
        """Let those that keep checkpoints do so."""
        self._tell("on_save", args, state, control, **had)

    def report(self, lines: Sequence[Mapping[str, Any]], *, step: int | None = None) -> None:
        """Write down figures that no trainer has reported.

        Args:
            lines: the numbers in them.
            step: that all belong to; None numbers the lines.
        """
        if not self.callbacks:
            return
        control = TrainerControl()
        if not self.opened:
            self.on_train_begin(self.arguments, self.state, control, model=self.model)
        for number, line in enumerate(lines, start=1):
            self.state.global_step = number if step is None else step
            figures = {name: value for name, value in line.items() if type(value) in (int, float)}
            if figures:
                self._tell("on_log", self.arguments, self.state, control, logs=figures, model=self.model)

    def close(self) -> None:
        """End the trackers that have begun."""
        self._tell("on_train_end", self.arguments, self.state, TrainerControl(), model=self.model)
        if "wandb" in self.opened and not self.joins_wandb:  # the library leaves its run open until the process ends
            with _quiet():
                import_module("wandb").finish()
                import_module("wandb").teardown()  # which also forgets its folder

    @property
    def energy(self) -> dict[str, float | None]:
        """Return the measured energy of the run by its names in ``cost``; nothing where nobody asked for it."""
        meter = self.callbacks.get(_ENERGY)
        return dict(meter.figures) if isinstance(meter, EnergyMeter) else {}

    def _tell(self, event: str, *given: Any, **had: Any) -> None:
        """Tell all that have begun; one that fails then is left out from there on, because training goes on."""
        for name in list(self.opened):
            try:
                with _quiet():
                    getattr(self.callbacks[name], event)(*given, **had)
            except Exception as error:
                self.opened.remove(name)
                line = str(error).strip().split("\n")[0] or type(error).__name__
                warn(f"the tracker {name} gave up, and is told nothing more: {line}")

    def _note_runs(self) -> None:
        """Keep the name that MLflow gave this run; it takes none of ours."""
        if "mlflow" in self.opened and (active := import_module("mlflow").active_run()) is not None:
            write_json_atomically(self.folder / _RUNS, {**_runs(self.folder), "mlflow": active.info.run_id})


@contextmanager
def tracking(recipe: Recipe, run: Path) -> Iterator[Trackers]:
    """Let the trackers of a recipe follow the block.

    Args:
        recipe: checked.
        run: the run folder, unfinished; trackers of an interrupted process go on in it.

    Raises:
        ResourceError: a tracker cannot be opened.
    """
    wanted: Any = recipe.training.for_trainer()["report_to"]
    made: Any = get_reporting_integration_callbacks(  # type: ignore[no-untyped-call]
        None if wanted == ["none"] else wanted
    )
    folder = run / TRACKERS
    arguments = training_arguments(recipe, run / "checkpoints")
    if not made:
        yield Trackers(folder, arguments, {})
        return
    folder.mkdir(exist_ok=True)
    if "wandb" not in (runs := _runs(folder)):
        write_json_atomically(folder / _RUNS, runs := {**runs, "wandb": uuid.uuid4().hex[:8]})
    before = set(sys.modules)
    with _environment(_settings(folder.resolve(), runs)):
        joins = getattr(sys.modules.get("wandb"), "run", None) is not None
        callbacks = {_name(kind): EnergyMeter(folder) if _name(kind) == _ENERGY else kind() for kind in made}
        trackers = Trackers(folder, arguments, callbacks, joins_wandb=joins)
        try:
            with also_followed_by(trackers):
                yield trackers
        finally:
            trackers.close()
            for name in [name for name in sys.modules if name.partition(".")[0] == "trackio" and name not in before]:
                del sys.modules[name]  # it asks for its folder when it is imported; the next run has another one


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide each setting that is too long for a tracker, and keep stdout for results."""
    with quiet_library(), redirect_stdout(sys.stderr):
        yield


def _name(kind: type[TrainerCallback]) -> str:
    return kind.__name__.removesuffix("Callback").lower()


def _settings(folder: Path, runs: Mapping[str, str]) -> dict[str, str]:
    """Return where trackers write, under which name, and that they stay on this machine."""
    for name in ("wandb", "trackio"):
        (folder / name).mkdir(exist_ok=True)
    return {
        "TENSORBOARD_LOGGING_DIR": str(folder / "tensorboard"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{(folder / 'mlflow.db').as_posix()}",
        "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",  # an open file keeps Windows from renaming the folder
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
        "TRACKIO_DIR": str(folder / "trackio"),
        "WANDB_DIR": str(folder / "wandb"),
        "WANDB_MODE": "offline",
        "WANDB_SILENT": "true",
        "WANDB_RUN_ID": runs["wandb"],
        "WANDB_RESUME": "allow",
        **({"MLFLOW_RUN_ID": runs["mlflow"]} if "mlflow" in runs else {}),
    }


def _runs(folder: Path) -> dict[str, str]:
    file = folder / _RUNS
    return dict(read_json(file)) if file.is_file() else {}


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Set what the environment does not have yet, within a block."""
    new = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(new)
    try:
        yield
    finally:
        for name in new:
            os.environ.pop(name, None)
