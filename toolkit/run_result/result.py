"""The content of ``metrics.json``: measurements of a run, its baselines and its costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from toolkit.errors import IntegrityError
from toolkit.files import read_json
from toolkit.names import Family, Method, Problem, Split, Task, method_of
from toolkit.run_result.degenerate import Degenerate
from toolkit.run_result.json_object import JsonObject
from toolkit.run_result.parts import DataSource, DataSummary, Environment, Example, TrainingSummary, Written
from toolkit.run_result.splits import BaselineResult, SplitResult

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class EvaluationResult:
    """A model measured on labelled rows, as `toolkit evaluate` reports it.

    Attributes:
        task, family: as in docs/design.md, section 2.
        model: its name.
        labels: names of its outputs; none where it answers with text.
        problem: kind of the labels; None where the task has one kind, and in runs of older versions.
        splits: by name, in the order train, validation, test.
        data: their source.
        decision: what the validation rows of its training chose to follow from probabilities, and how; None where
            nothing was asked or it is not known.
    """

    task: Task
    family: Family
    model: str
    labels: tuple[str, ...]
    splits: Mapping[str, SplitResult]
    data: DataSource
    problem: Problem | None = None
    decision: Mapping[str, Any] | None = None

    @property
    def test(self) -> SplitResult:
        """Return the test split."""
        return self.splits[Split.TEST.value]

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``toolkit evaluate --json`` prints."""
        return {
            "schema": SCHEMA,
            "task": self.task.value,
            "family": self.family.value,
            "model": self.model,
            **({} if self.problem is None else {"problem": self.problem.value}),
            "labels": list(self.labels),
            "splits": {name: split.to_json() for name, split in self.splits.items()},
            "data": self.data.to_json(),
        }


@dataclass(frozen=True, kw_only=True)
class RunResult(EvaluationResult):
    """A finished run.

    Attributes:
        revision: the hub's commit of the base model; None for other models.
        method: as in docs/design.md, section 2.
        seed: of the run.
        baselines: by name.
        training: steps, weights, parameters.
        data: rows of the run.
        cost: seconds and bytes; the end of a name is its unit.
        environment: versions and hardware.
        example: of the card; None where no test row is fit to be shown.
        has_example: False in runs of older versions, whose file has no such key.
        degenerate: why the result shows nothing learnt; None where it shows something.
        temperature: what logits are to be divided by, as the validation rows say, and its effect on the test rows;
            None where there are no probabilities, and in runs of older versions.
        written: test rows with what was written for them, of a model that writes.
        parity: agreement of saved and trained model, by the name of what was saved; None where nothing was saved.
    """

    revision: str | None
    method: str
    seed: int
    baselines: Mapping[str, BaselineResult]
    training: TrainingSummary
    data: DataSummary
    cost: Mapping[str, float | None]
    environment: Environment
    example: Example | None = None
    has_example: bool = True
    parity: Mapping[str, Any] | None = None
    degenerate: Degenerate | None = None
    temperature: Mapping[str, Any] | None = None
    written: tuple[Written, ...] = ()

    @property
    def way(self) -> Method:
        """Return how the method used the model; it is PEFT for every PEFT method."""
        return method_of(self.method)

    @property
    def is_adapter(self) -> bool:
        """Return whether the model is an adapter beside its base model, because its method cannot be merged."""
        return self.way is Method.PEFT and self.parity is not None and "merged" not in self.parity

    @classmethod
    def from_json(cls, value: Any, *, where: str | None = None) -> Self:
        """Read the content of ``metrics.json``.

        Args:
            value: the parsed JSON.
            where: the file, for messages.

        Raises:
            IntegrityError: a key is missing or its value wrong; the message names it.
        """
        entry = JsonObject(value, where=where)
        if entry.get("schema", int) != SCHEMA:
            raise entry.fault("schema", f"is {entry.values['schema']}; this version reads {SCHEMA}")
        decision, temperature = entry.optional_object("decision"), entry.optional_object("temperature")
        example, parity = entry.optional_object("example"), entry.optional_object("parity")
        return cls(
            task=entry.name("task", Task),
            family=entry.name("family", Family),
            model=entry.get("model", str),
            revision=entry.optional("revision", str),
            method=entry.get("method", str),
            seed=entry.get("seed", int),
            labels=entry.elements("labels", str),
            problem=None if entry.values.get("problem") is None else entry.name("problem", Problem),
            splits=_splits_from_json(entry),
            baselines={name: BaselineResult.from_json(each) for name, each in entry.object("baselines").entries()},
            training=TrainingSummary.from_json(entry.object("training")),
            data=DataSummary.from_json(entry.object("data")),
            cost=entry.object("cost").mapping(float),
            environment=Environment.from_json(entry.object("environment")),
            example=None if example is None else Example.from_json(example),
            has_example="example" in entry.values,
            parity=None if parity is None else parity.values,
            degenerate=None if entry.values.get("degenerate") is None else entry.name("degenerate", Degenerate),
            decision=None if decision is None else decision.values,
            temperature=None if temperature is None else temperature.values,
            written=_written_from_json(entry),
        )

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read ``metrics.json``.

        Raises:
            IntegrityError: it is not there, cannot be read, or is damaged.
        """
        try:
            value = read_json(file)
        except (OSError, ValueError) as error:
            raise IntegrityError(
                "this file of the run is missing or damaged; fine-tune again", where=str(file)
            ) from error
        return cls.from_json(value, where=str(file))

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``metrics.json``."""
        return {
            "schema": SCHEMA,
            "task": self.task.value,
            "family": self.family.value,
            "model": self.model,
            "revision": self.revision,
            "method": self.method,
            "seed": self.seed,
            "labels": list(self.labels),
            **({} if self.problem is None else {"problem": self.problem.value}),
            "splits": {name: split.to_json() for name, split in self.splits.items()},
            "baselines": {name: baseline.to_json() for name, baseline in self.baselines.items()},
            "training": self.training.to_json(),
            "data": self.data.to_json(),
            "cost": dict(self.cost),
            "environment": self.environment.to_json(),
            **({"example": None if self.example is None else self.example.to_json()} if self.has_example else {}),
            **({} if self.parity is None else {"parity": dict(self.parity)}),
            **({} if self.degenerate is None else {"degenerate": self.degenerate.value}),
            **({} if self.decision is None else {"decision": dict(self.decision)}),
            **({} if self.temperature is None else {"temperature": dict(self.temperature)}),
            **({"written": [row.to_json() for row in self.written]} if self.written else {}),
        }


def _written_from_json(entry: JsonObject) -> tuple[Written, ...]:
    rows = entry.optional("written", list) or []
    return tuple(Written.from_json(entry.inner("written", row)) for row in rows)


def _splits_from_json(entry: JsonObject) -> dict[str, SplitResult]:
    splits = {name: SplitResult.from_json(split) for name, split in entry.object("splits").entries()}
    for name in (Split.TRAIN.value, Split.TEST.value):
        if name not in splits:
            raise entry.fault("splits", f"has no {name}")
    if not splits[Split.TEST.value].metrics:
        raise entry.fault("splits.test.metrics", "is missing or empty")
    return splits
