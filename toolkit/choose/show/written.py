"""Format what the recommended model writes beside the free baselines, as lines and as JSON."""

from __future__ import annotations

from typing import Any

from toolkit.choose.measure.written import Written
from toolkit.evaluation.metrics.difference import is_tie
from toolkit.evaluation.metrics.metric_value import MetricValue, metrics_to_json


def written_lines(written: Written | None) -> list[str]:
    """Return sentences on what was written, and by which metric; none where nothing is to be written."""
    if written is None:
        return []
    if written.value is None or written.best_baseline is None:
        return [f"What it writes was not measured: {written.reason or written.metric + ' is undefined'}."]
    best = written.best_baseline
    baselines = ", ".join(f"{name} {shown(value)}" for name, value in written.baselines.items())
    lines = [
        f"Baselines that write give no probabilities, so they are compared by {written.metric} of what is written, on "
        f"{written.rows:,} validation rows: {shown(written.value)} against {baselines}."
    ]
    difference = written.better_by.get(best)
    if difference is None:
        return lines
    by = f"[{difference.low:+.3f}, {difference.high:+.3f}]"
    if is_tie(difference):
        return [*lines, f"It is not shown to write better than {best} ({by}): more rows or more time may tell."]
    if difference.value > 0:
        return [*lines, f"It writes better than the best of them, {best}, by {difference.value:.3f} {by}."]
    return [*lines, f"The free baseline {best} writes better {by}: take that, or give more time or other candidates."]


def written_json(written: Written | None) -> dict[str, Any] | None:
    """Return the comparison as JSON-able values; None where nothing is to be written."""
    if written is None:
        return None
    return {
        **(written.value or MetricValue(None, None, written.reason)).to_json(),
        "rows": written.rows,
        "metric": written.metric,
        "baselines": metrics_to_json(written.baselines),
        "better_by": {
            name: {"value": difference.value, "ci95": [difference.low, difference.high]}
            for name, difference in written.better_by.items()
        },
    }


def shown(value: MetricValue) -> str:
    """Return a value with its interval."""
    if value.value is None:
        return "undefined"
    ends = "" if value.ci95 is None else f" [{value.ci95[0]:.3f}, {value.ci95[1]:.3f}]"
    return f"{value.value:.3f}{ends}"
