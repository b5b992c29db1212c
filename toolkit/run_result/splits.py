"""Metrics of one split, and of a baseline on the test split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.run_result.json_object import JsonObject

SEEN = "learnt_from"
"""The key of `SeenRows` in metrics.json."""


@dataclass(frozen=True, kw_only=True)
class SeenRows:
    """Measured rows that the model has learnt from, and its metrics on the others.

    Attributes:
        rows: number of rows that are among its training or validation rows, but for case, spacing or Unicode form.
        others: number of the other rows.
        metrics: on the others, by name; none where there are no others.
    """

    rows: int
    others: int
    metrics: Mapping[str, MetricValue]

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read the entry of `SEEN`."""
        without = entry.object("without")
        metrics = _metrics_from_json(without)[0] if "metrics" in without.values else {}
        return cls(rows=entry.get("rows", int), others=without.get("rows", int), metrics=metrics)

    def to_json(self) -> dict[str, Any]:
        """Return ``{"rows", "without": {"rows", "metrics"}}``."""
        metrics = {"metrics": _metrics_to_json(self.metrics, {})} if self.metrics else {}
        return {"rows": self.rows, "without": {"rows": self.others, **metrics}}


@dataclass(frozen=True, kw_only=True)
class SplitResult:
    """Rows of one split, and what was measured on them.

    Attributes:
        rows: their number.
        counts: what the task counts in them, such as ``labels``: rows of each label.
        metrics: by name, the headline metric first; none where nothing was measured.
        signatures: of metrics that have one, sacreBLEU's description of how they were computed.
        details: what the task tells besides, such as ``confusion``, ``per_label``, ``errors`` and ``points``.
        slices: the metric on parts of the rows, as `toolkit.tasks.slices.measure_slices` gives it.
        seen: the rows that the model has learnt from, and its metrics without them; None where there are none.
    """

    rows: int
    counts: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, MetricValue] = field(default_factory=dict)
    signatures: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    slices: Mapping[str, Any] | None = None
    seen: SeenRows | None = None

    @property
    def unseen_metrics(self) -> Mapping[str, MetricValue]:
        """Return the metrics on rows that the model has not learnt from; none where it has learnt from all."""
        return self.metrics if self.seen is None else self.seen.metrics

    @classmethod
    def of(
        cls,
        measured: Mapping[str, Any],
        *,
        counts: Mapping[str, Any] | None = None,
        slices: Mapping[str, Any] | None = None,
        seen: SeenRows | None = None,
    ) -> Self:
        """Return the entry of a measurement.

        Args:
            measured: rows, metrics and details, as `toolkit.tasks.room.Result.to_json` gives them.
            counts, slices, seen: as in the class.
        """
        return replace(cls.from_json(JsonObject(measured)), counts=counts or {}, slices=slices, seen=seen)

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read an entry of ``splits``; keys before ``metrics`` are counts, keys after it details."""
        own = {key: value for key, value in entry.values.items() if key not in ("rows", "metrics", "slices", SEEN)}
        if "metrics" not in entry.values:
            return cls(rows=entry.get("rows", int), counts=own)
        keys = list(entry.values)
        later = keys[keys.index("metrics") :]
        metrics, signatures = _metrics_from_json(entry)
        slices, seen = entry.optional_object("slices"), entry.optional_object(SEEN)
        return cls(
            rows=entry.get("rows", int),
            counts={key: value for key, value in own.items() if key not in later},
            metrics=metrics,
            signatures=signatures,
            details={key: value for key, value in own.items() if key in later},
            slices=None if slices is None else slices.values,
            seen=None if seen is None else SeenRows.from_json(seen),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``splits``."""
        entry = {"rows": self.rows, **self.counts}
        if not self.metrics:
            return entry
        slices = {} if self.slices is None else {"slices": self.slices}
        seen = {} if self.seen is None else {SEEN: self.seen.to_json()}
        return {**entry, "metrics": _metrics_to_json(self.metrics, self.signatures), **seen, **self.details, **slices}


@dataclass(frozen=True, kw_only=True)
class BaselineResult:
    """Metrics of a baseline on the test rows.

    Attributes:
        rows: number of test rows.
        metrics: by name.
        differences: the model's value minus the baseline's, both on the same resamples of the rows, by metric; none in
            runs of older versions, and where the answers do not tell enough.
    """

    rows: int
    metrics: Mapping[str, MetricValue]
    differences: Mapping[str, Difference] = field(default_factory=dict)

    @classmethod
    def from_json(cls, entry: JsonObject) -> Self:
        """Read an entry of ``baselines``."""
        differences = entry.optional_object("differences")
        return cls(
            rows=entry.get("rows", int),
            metrics=_metrics_from_json(entry)[0],
            differences={} if differences is None else dict(map(_difference, differences.entries())),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the entry of ``baselines``."""
        differences = {name: difference.to_json() for name, difference in self.differences.items()}
        return {
            "rows": self.rows,
            "metrics": _metrics_to_json(self.metrics, {}),
            **({"differences": differences} if differences else {}),
        }


def _difference(named: tuple[str, JsonObject]) -> tuple[str, Difference]:
    """Return an entry of ``differences`` with its metric."""
    name, entry = named
    ends = _interval(entry)
    if ends is None:
        raise entry.fault("ci95", "is missing")
    return name, Difference(entry.get("value", float), *ends)


def _metrics_from_json(entry: JsonObject) -> tuple[dict[str, MetricValue], dict[str, str]]:
    """Return the metrics of an entry, and the signatures of those that have one."""
    metrics, signatures = {}, {}
    for name, value in entry.object("metrics").entries():
        metrics[name] = MetricValue(value.optional("value", float), _interval(value), value.optional("reason", str))
        signature = value.optional("signature", str)
        if signature is not None:
            signatures[name] = signature
    return metrics, signatures


def _interval(entry: JsonObject) -> tuple[float, float] | None:
    if entry.values.get("ci95") is None:
        return None
    ends = entry.elements("ci95", float)
    if len(ends) != 2:
        raise entry.fault("ci95", "is no pair of numbers")
    return ends[0], ends[1]


def _metrics_to_json(metrics: Mapping[str, MetricValue], signatures: Mapping[str, str]) -> dict[str, Any]:
    signed = {name: {"signature": signature} for name, signature in signatures.items()}
    return {name: {**value.to_json(), **signed.get(name, {})} for name, value in metrics.items()}
