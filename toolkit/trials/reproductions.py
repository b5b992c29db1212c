"""What came of carrying a run out again, kept beside it in ``reproduced.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from toolkit.errors import IntegrityError
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.files import read_json, write_json_atomically
from toolkit.run_result import Environment, RunResult
from toolkit.run_result.json_object import JsonObject

REPRODUCED_FILE = "reproduced.json"
MODEL = ""
"""What stands for the model beside the names of baselines."""

_SCHEMA = 1
_ROUNDING = 1e-9
"""Share of a figure by which sums of floats may differ between two versions of a library."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure of a run beside the one that came out this time.

    Attributes:
        of: `MODEL`, or a baseline's name.
        metric: its name.
        stated: the figure of the run, with its interval.
        again: the new figure; None where it is not defined.
    """

    of: str
    metric: str
    stated: MetricValue
    again: float | None

    @property
    def within(self) -> bool:
        """Return whether the new figure is in the interval; without an interval it has to be the same."""
        if self.again is None or self.stated.value is None:
            return self.again is self.stated.value
        low, high = self.stated.ci95 or (self.stated.value, self.stated.value)
        slack = _ROUNDING * max(1.0, abs(low), abs(high))
        return low - slack <= self.again <= high + slack

    def to_json(self) -> dict[str, Any]:
        """Return all attributes and `within`."""
        stated = self.stated.to_json()
        return {"of": self.of, "metric": self.metric, "stated": stated, "again": self.again, "within": self.within}


@dataclass(frozen=True, kw_only=True)
class Changed:
    """Something that is not as it was: a version, the processor, a threads' number."""

    what: str
    before: str
    now: str


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A run carried out again.

    Attributes:
        time: when it was done, ISO 8601.
        run: the folder of the new run.
        figures: of the model and the baselines on the test rows.
        environment: of the new run.
    """

    time: str
    run: str
    figures: tuple[Figure, ...]
    environment: Environment

    @property
    def passed(self) -> bool:
        """Return whether each figure fell into its interval."""
        return all(figure.within for figure in self.figures)

    @property
    def outside(self) -> tuple[Figure, ...]:
        """Return the figures that did not."""
        return tuple(figure for figure in self.figures if not figure.within)

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read an entry of ``reproduced.json``."""
        return cls(
            time=entry.get("time", str),
            run=entry.get("run", str),
            figures=tuple(_figure(entry.inner("figures", each)) for each in entry.get("figures", list)),
            environment=Environment.from_json(entry.object("environment")),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``reproduced.json``."""
        return {
            "time": self.time,
            "passed": self.passed,
            "run": self.run,
            "figures": [figure.to_json() for figure in self.figures],
            "environment": self.environment.to_json(),
        }


@dataclass(frozen=True, kw_only=True)
class Reproduced:
    """A run beside the run that carried it out again.

    Attributes:
        name: of the first one: its folder, or its repository with the commit.
        stated: the content of its ``metrics.json``.
        found: each figure, and where and when it came out.
        changes: what is different about software and hardware.
        remarks: what was not checked, and what became of the card, a line each.
    """

    name: str
    stated: RunResult
    found: Reproduction
    changes: tuple[Changed, ...]
    remarks: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Return whether each figure fell into its interval."""
        return self.found.passed

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``toolkit reproduce --json`` prints."""
        return {
            "schema": _SCHEMA,
            "reproduces": self.name,
            **self.found.to_json(),
            "changes": [vars(change) for change in self.changes],
            "remarks": list(self.remarks),
        }


def figures_of(stated: RunResult, again: RunResult) -> tuple[Figure, ...]:
    """Return each figure on the test rows, those of the model first, beside the new one."""
    pairs = [(MODEL, stated.test.metrics, again.test.metrics)]
    pairs += [
        (name, baseline.metrics, again.baselines[name].metrics if name in again.baselines else {})
        for name, baseline in stated.baselines.items()
    ]
    return tuple(
        Figure(of=name, metric=metric, stated=value, again=now[metric].value if metric in now else None)
        for name, before, now in pairs
        for metric, value in before.items()
    )


def changes_of(before: Environment, now: Environment) -> tuple[Changed, ...]:
    """Return what is different about software and hardware."""
    ours, theirs = _facts(before), _facts(now)
    return tuple(
        Changed(what=name, before=ours.get(name, "–"), now=theirs.get(name, "–"))
        for name in {**ours, **theirs}
        if ours.get(name, "–") != theirs.get(name, "–")
    )


def read_reproductions(run: Path) -> tuple[Reproduction, ...]:
    """Read what came of carrying a run out again, in the order in which that was done; none where it never was.

    Raises:
        IntegrityError: the file is damaged.
    """
    file = run / REPRODUCED_FILE
    try:
        content = read_json(file)
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise IntegrityError("this file is damaged; remove it, and reproduce again", where=str(file)) from error
    entry = JsonObject(content, where=str(file))
    if entry.get("schema", int) != _SCHEMA:
        raise entry.fault("schema", f"is {entry.values['schema']}; this version reads {_SCHEMA}")
    return tuple(
        Reproduction.from_json(entry.inner("reproductions", each)) for each in entry.get("reproductions", list)
    )


def add_reproduction(run: Path, found: Reproduction) -> None:
    """Keep a reproduction beside its run, in the place of an earlier one in the same folder.

    Raises:
        IntegrityError: what is there is damaged.
        ResourceError: the file cannot be written.
    """
    others = [each for each in read_reproductions(run) if each.run != found.run]
    write_json_atomically(run / REPRODUCED_FILE, _content([*others, found]))


def _content(reproductions: Sequence[Reproduction]) -> dict[str, Any]:
    return {"schema": _SCHEMA, "reproductions": [each.to_json() for each in reproductions]}


def _figure(entry: JsonObject) -> Figure:
    stated = entry.object("stated")
    ends = None if stated.values.get("ci95") is None else stated.elements("ci95", float)
    if ends is not None and len(ends) != 2:
        raise stated.fault("ci95", "is no pair of numbers")
    interval = None if ends is None else (ends[0], ends[1])
    value = MetricValue(stated.optional("value", float), interval, stated.optional("reason", str))
    again = entry.optional("again", float)
    return Figure(of=entry.get("of", str), metric=entry.get("metric", str), stated=value, again=again)


def _facts(environment: Environment) -> dict[str, str]:
    facts = {
        "Python": environment.python,
        **environment.packages,
        "system": environment.platform,
        "device": environment.device,
        "processors": environment.cpu_count,
        "threads": environment.threads,
    }
    return {name: str(value) for name, value in facts.items() if value is not None}
