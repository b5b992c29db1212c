"""Parts of a run's result: training, data, environment, and the example of its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from toolkit.run_result.json_object import JsonObject


@dataclass(frozen=True, kw_only=True)
class TrainingSummary:
    """The training of a model in figures.

    Attributes:
        steps: optimiser steps.
        best_step: the step whose weights were kept because of the validation rows; None: those of the last step.
        averaged_steps: evaluations whose weights were averaged; None in runs of older versions.
        skipped_steps: steps without a finite loss.
        trainable, total: numbers of parameters.
        curve: an entry for each evaluation on the validation rows.
    """

    steps: int
    best_step: int | None
    skipped_steps: int
    trainable: int
    total: int
    averaged_steps: tuple[int, ...] | None = None
    curve: tuple[Mapping[str, float | None], ...] = ()

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read ``training``."""
        parameters, averaged = entry.object("parameters"), entry.values.get("averaged_steps")
        return cls(
            steps=entry.get("steps", int),
            best_step=entry.optional("best_step", int),
            averaged_steps=None if averaged is None else entry.elements("averaged_steps", int),
            skipped_steps=entry.get("skipped_steps", int),
            trainable=parameters.get("trainable", int),
            total=parameters.get("total", int),
            curve=tuple(_evaluation(entry.inner("curve", point)) for point in entry.get("curve", list)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return ``training``."""
        averaged = {} if self.averaged_steps is None else {"averaged_steps": list(self.averaged_steps)}
        return {
            "steps": self.steps,
            "best_step": self.best_step,
            **averaged,
            "skipped_steps": self.skipped_steps,
            "parameters": {"trainable": self.trainable, "total": self.total},
            "curve": list(self.curve),
        }


@dataclass(frozen=True, kw_only=True)
class DataSource:
    """Origin of measured rows.

    Attributes:
        source: names of the sources, for people.
        cut: counts of the texts that were read, and of those longer than the model reads; None where none was.
    """

    source: str
    cut: Mapping[str, int] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return ``data`` of an evaluation."""
        return {"source": self.source, **({} if self.cut is None else {"cut": dict(self.cut)})}


@dataclass(frozen=True, kw_only=True)
class DataSummary(DataSource):
    """Data of a run.

    Attributes:
        digest: SHA-256 of the rows in their splits.
        pairs: whether an example has two texts; None in runs of older versions.
        warnings: findings about data and predictions, one line each.
    """

    digest: str
    warnings: tuple[str, ...]
    pairs: bool | None = None

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read ``data`` of a run."""
        cut = entry.optional_object("cut")
        return cls(
            source=entry.get("source", str),
            digest=entry.get("digest", str),
            pairs=entry.optional("pairs", bool),
            warnings=entry.elements("warnings", str),
            cut=None if cut is None else {key: cut.get(key, int) for key in cut.values},
        )

    def to_json(self) -> dict[str, Any]:
        """Return ``data`` of a run."""
        pairs = {} if self.pairs is None else {"pairs": self.pairs}
        return {**super().to_json(), "digest": self.digest, **pairs, "warnings": list(self.warnings)}


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Software and hardware that a result may depend on; nothing names the machine or its user.

    Attributes:
        python: version.
        platform: operating system.
        packages: their versions.
        cpu_count: processors; None where the system does not say.
        threads: of torch.
        device: GPU or processor architecture; None in runs of older versions.
    """

    python: str
    platform: str
    packages: Mapping[str, str]
    cpu_count: int | None
    threads: int
    device: str | None = None

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read ``environment``."""
        return cls(
            python=entry.get("python", str),
            platform=entry.get("platform", str),
            packages=entry.object("packages").texts(),
            device=entry.optional("device", str),
            cpu_count=entry.optional("cpu_count", int),
            threads=entry.get("threads", int),
        )

    def to_json(self) -> dict[str, Any]:
        """Return ``environment``."""
        return {
            "python": self.python,
            "platform": self.platform,
            "packages": dict(self.packages),
            **({} if self.device is None else {"device": self.device}),
            "cpu_count": self.cpu_count,
            "threads": self.threads,
        }


@dataclass(frozen=True, kw_only=True)
class Example:
    """A test row for the card, with the lines of code that were run on it.

    Attributes:
        inputs: ``text``, and ``text_pair`` of a pair.
        reference: None where the row has none.
        code: lines that ask the model.
        output: what they printed; None where they were not run, or failed.
        prediction, probability: the run's own answer, of a model that was asked without training.
    """

    inputs: Mapping[str, str]
    reference: Any = None
    code: str | None = None
    output: str | None = None
    prediction: Any = None
    probability: float | None = None

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read ``example``."""
        return cls(
            inputs=entry.object("inputs").texts(),
            reference=entry.values.get("reference"),
            code=entry.optional("code", str),
            output=entry.optional("output", str),
            prediction=entry.values.get("prediction"),
            probability=entry.optional("probability", float),
        )

    def to_json(self) -> dict[str, Any]:
        """Return ``example``."""
        asked = {"prediction": self.prediction, "probability": self.probability}
        return {
            "inputs": dict(self.inputs),
            "reference": self.reference,
            "code": self.code,
            "output": self.output,
            **({} if self.prediction is None else asked),
        }


@dataclass(frozen=True, kw_only=True)
class Written:
    """A test row with what a model wrote for it, to be looked at; long texts are cut.

    Attributes:
        id: of the row.
        text: what was read.
        reference: the right text; None where the data has none.
        prediction: what the model wrote.
        before: what it wrote before training; None where it was not asked.
        chrf: of this row alone, 0 to 100; None without a reference.
        worst: whether the row was chosen for its low chrF; else it was drawn at random.
    """

    id: int | str
    text: str
    reference: str | None
    prediction: str
    chrf: float | None
    worst: bool
    before: str | None = None

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read an entry of ``written``."""
        number = entry.values.get("id")
        return cls(
            id=number if isinstance(number, int) else entry.get("id", str),
            text=entry.get("text", str),
            reference=entry.optional("reference", str),
            prediction=entry.get("prediction", str),
            chrf=entry.optional("chrf", float),
            worst=entry.get("worst", bool),
            before=entry.optional("before", str),
        )

    def to_json(self) -> dict[str, Any]:
        """Return an entry of ``written``."""
        return dict(vars(self))


def _evaluation(entry: JsonObject) -> dict[str, float | None]:
    """Return an entry of ``curve``: numbers by name, ``step`` among them."""
    entry.get("step", int)
    return entry.mapping(float)
