"""The frozen result of a comparison of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.metric_value import MetricValue, metrics_to_json
from toolkit.names import Task

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class RecipeDifference:
    """A key of which the recipes differ.

    Attributes:
        key: its dotted path.
        values: of each run; None where its recipe has no such key.
    """

    key: str
    values: tuple[Any, ...]

    def to_json(self) -> dict[str, Any]:
        """Return ``{"key", "values"}``."""
        return {"key": self.key, "values": list(self.values)}


@dataclass(frozen=True, kw_only=True)
class FreeBaseline:
    """A baseline that a run is not shown to be better than, on all of the run's own test rows.

    Attributes:
        name: in words.
        metric: that they are compared in.
        entry: the baseline's value.
        difference: the run's value minus the baseline's on the same rows; None in runs of older versions.
    """

    name: str
    metric: str
    entry: MetricValue
    difference: Difference | None

    def to_json(self) -> dict[str, Any]:
        """Return all attributes."""
        difference = None if self.difference is None else self.difference.to_json()
        return {"name": self.name, "metric": self.metric, **self.entry.to_json(), "difference": difference}


@dataclass(frozen=True, kw_only=True)
class ComparedRun:
    """One of the runs.

    Attributes:
        name: its folder.
        model, family, method, seed: of the run.
        rows: number of its test rows, of which others may lack some.
        metrics: on the common rows.
        cost: seconds and bytes, as in metrics.json.
        parameters: all of the model's, and those that learnt.
        baseline: a free one that it is not shown to be better than; None where it beats all of them.
    """

    name: str
    model: str
    family: str
    method: str
    seed: int
    rows: int
    metrics: Mapping[str, MetricValue]
    cost: Mapping[str, float | None]
    parameters: tuple[int, int]
    baseline: FreeBaseline | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the run's entry of ``runs``."""
        return {
            "run": self.name,
            "model": self.model,
            "family": self.family,
            "method": self.method,
            "seed": self.seed,
            "rows": self.rows,
            "metrics": metrics_to_json(self.metrics),
            "cost": dict(self.cost),
            "parameters": {"total": self.parameters[0], "trainable": self.parameters[1]},
            "unbeaten_baseline": None if self.baseline is None else self.baseline.to_json(),
        }


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A metric of two runs on the same rows.

    Attributes:
        difference: the second run's value minus the first's; None where one of them is undefined.
        p: two-sided, by the paired bootstrap.
        p_holm: adjusted for the number of runs that are compared with the first.
    """

    difference: Difference | None
    p: float | None
    p_holm: float | None

    def to_json(self) -> dict[str, Any]:
        """Return ``{"difference", "ci95", "p", "p_holm"}``."""
        found = {"value": None, "ci95": None} if self.difference is None else self.difference.to_json()
        return {"difference": found["value"], "ci95": found["ci95"], "p": self.p, "p_holm": self.p_holm}


@dataclass(frozen=True, kw_only=True)
class McNemar:
    """The exact test of the share of right rows.

    Attributes:
        metric: that is this share.
        only_first, only_second: rows on which one run alone is right.
        p, p_holm: two-sided, and adjusted as in `Tested`.
    """

    metric: str
    only_first: int
    only_second: int
    p: float
    p_holm: float

    def to_json(self) -> dict[str, Any]:
        """Return all attributes."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class DisputedRow:
    """A row that two runs answer differently.

    Attributes:
        id: of the row in the first run.
        text: what was read.
        reference: the right answer; None where there is none.
        first, second: the answers.
        better: ``first``, ``second``, or None where both are as good.
    """

    id: int | str
    text: str
    reference: str | None
    first: str
    second: str
    better: str | None

    def to_json(self) -> dict[str, Any]:
        """Return all attributes."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """The rows that two runs answer differently.

    Attributes:
        rows: their number.
        first_better, second_better: rows of which one answer is better; a right one than a wrong one, a nearer number,
            a text with a higher chrF.
        examples: some to read, those that differ most first.
    """

    rows: int
    first_better: int
    second_better: int
    examples: tuple[DisputedRow, ...]

    def to_json(self) -> dict[str, Any]:
        """Return all attributes."""
        return {**vars(self), "examples": [row.to_json() for row in self.examples]}


@dataclass(frozen=True)
class Note:
    """A sentence without its end, which pages in other languages look up.

    Attributes:
        english: with gaps in braces.
        gaps: what fills them, by name.
    """

    english: str
    gaps: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.english.format(**self.gaps)


@dataclass(frozen=True, kw_only=True)
class ComparedPair:
    """A run beside the first one.

    Attributes:
        first, second: their folders.
        metrics: by name.
        mcnemar: None where rows are not simply right or wrong.
        disagreement: the rows that they answer differently.
    """

    first: str
    second: str
    metrics: Mapping[str, Tested]
    mcnemar: McNemar | None
    disagreement: Disagreement

    def to_json(self) -> dict[str, Any]:
        """Return the pair's entry of ``comparisons``."""
        return {
            "first": self.first,
            "second": self.second,
            "metrics": {name: tested.to_json() for name, tested in self.metrics.items()},
            "mcnemar": None if self.mcnemar is None else self.mcnemar.to_json(),
            "disagreement": self.disagreement.to_json(),
        }


@dataclass(frozen=True, kw_only=True)
class ComparedRuns:
    """Several runs compared with the first of them.

    Attributes:
        task: of all runs.
        rows: number of the test rows that all runs have.
        runs: in the order in which they were named.
        recipe: what differs between the recipes.
        pairs: every other run beside the first.
        left_out: why metrics of the runs are not compared, by name.
        notes: what makes the comparison less than it seems, a line each.
    """

    task: Task
    rows: int
    runs: tuple[ComparedRun, ...]
    recipe: tuple[RecipeDifference, ...]
    pairs: tuple[ComparedPair, ...]
    left_out: Mapping[str, str]
    notes: tuple[Note, ...]

    def in_order(self, places: Sequence[int]) -> ComparedRuns:
        """Return the same with the other runs in another order.

        Args:
            places: of the runs as they are, the first one first.
        """
        return replace(
            self,
            runs=tuple(self.runs[place] for place in places),
            recipe=tuple(replace(each, values=tuple(each.values[place] for place in places)) for each in self.recipe),
            pairs=tuple(self.pairs[place - 1] for place in places[1:]),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the object that ``toolkit compare --json`` prints."""
        return {
            "schema": SCHEMA,
            "task": self.task.value,
            "rows": self.rows,
            "runs": [run.to_json() for run in self.runs],
            "recipe": [difference.to_json() for difference in self.recipe],
            "comparisons": [pair.to_json() for pair in self.pairs],
            "left_out": dict(self.left_out),
            "notes": [str(note) for note in self.notes],
        }
