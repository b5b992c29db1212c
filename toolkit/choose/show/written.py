"""Format what the recommended model writes beside the free baselines, as lines and as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toolkit.choose.measure.written import Written
from toolkit.choose.show.words import say
from toolkit.evaluation.metrics.difference import is_tie
from toolkit.evaluation.metrics.metric_value import MetricValue, metrics_to_json


def written_lines(written: Written | None, in_words: Callable[[str], str]) -> list[str]:
    """Return sentences on what was written, and by which metric; none where nothing is to be written.

    Args:
        written: the comparison.
        in_words: returns the name of a free baseline in words.
    """
    if written is None:
        return []
    if written.value is None or written.best_baseline is None:
        return [say("written.none", reason=written.reason or f"{written.metric} is undefined")]
    best = written.best_baseline
    baselines = ", ".join(f"{in_words(name)} {shown(value)}" for name, value in written.baselines.items())
    value, rows = shown(written.value), f"{written.rows:,}"
    lines = [say("written", metric=written.metric, rows=rows, value=value, baselines=baselines)]
    difference = written.better_by.get(best)
    if difference is None:
        return lines
    kind = "tie" if is_tie(difference) else "better" if difference.value > 0 else "worse"
    by = f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
    return [*lines, say(f"written.{kind}", name=in_words(best), difference=by)]


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
