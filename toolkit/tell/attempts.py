"""Trials as the attempts of a story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.choose.measure.trial import is_step
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.report.story import Attempt, Cost, Figure, Kept
from toolkit.tell.records import Records
from toolkit.trials.kin import changes
from toolkit.trials.trial import FINISHED, Trial


def attempts_of(
    records: Records, *, letters: Mapping[str, str], kept: Mapping[str, tuple[Kept, str]]
) -> tuple[Attempt, ...]:
    """Return all trials in the order of time.

    Args:
        records: of the trials.
        letters: of compared runs, by the id of their trial.
        kept: what is left of finished trials, and why they cannot be read.
    """
    numbers = {trial.id: number for number, trial in enumerate(records.trials, start=1)}
    by_id = {trial.id: trial for trial in records.trials}
    return tuple(
        _attempt(
            trial,
            numbers=numbers,
            parent=by_id.get(trial.parent or ""),
            letter=letters.get(trial.id),
            kept=kept.get(trial.id, (Kept.NONE, "")),
            source=records.source[trial.id],
        )
        for trial in records.trials
    )


def cost_of(attempts: Sequence[Attempt], *, source: str) -> Cost:
    """Add up what attempts took.

    Args:
        attempts: all of them.
        source: where their costs stand.
    """
    memory = [number for each in attempts if (number := _number(each.trial.cost.get("peak_memory_bytes"))) is not None]
    devices = [each.trial.environment.get("device") for each in attempts]
    return Cost(
        seconds=sum(each.seconds or 0.0 for each in attempts),
        lost_seconds=sum(each.seconds or 0.0 for each in attempts if each.failed),
        n_unknown=sum(each.seconds is None for each in attempts),
        devices=tuple(dict.fromkeys(str(device) for device in devices if device)),
        peak_memory_bytes=max(memory, default=None),
        source=source,
    )


def _attempt(
    trial: Trial,
    *,
    numbers: Mapping[str, int],
    parent: Trial | None,
    letter: str | None,
    kept: tuple[Kept, str],
    source: str,
) -> Attempt:
    changed = changes(parent, trial) if parent is not None and parent.settings and trial.settings else {}
    return Attempt(
        number=numbers[trial.id],
        trial=trial,
        is_step=is_step(trial),
        letter=letter,
        kept=kept[0],
        about_folder=kept[1],
        parent=None if parent is None else numbers[parent.id],
        changed=tuple((key, values["before"], values["after"]) for key, values in changed.items()),
        figure=_figure(trial, source) if trial.status in FINISHED else None,
        seconds=_seconds(trial),
    )


def _figure(trial: Trial, source: str) -> Figure | None:
    for name, entry in (trial.metrics or {}).items():
        ends = entry.get("ci95")
        interval = (float(ends[0]), float(ends[1])) if isinstance(ends, list) and len(ends) == 2 else None
        value = MetricValue(entry["value"], interval, entry.get("reason"))
        return Figure(metric=name, entry=value, rows=None, source=f"{source}, trial {trial.id}, metrics.{name}")
    return None


def _seconds(trial: Trial) -> float | None:
    parts = [_number(trial.cost.get(name)) for name in ("seconds", "train_seconds", "evaluate_seconds")]
    known = [part for part in parts if part is not None]
    return sum(known) if known else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
