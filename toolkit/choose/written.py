"""A choice as lines for a terminal, and as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from toolkit.choose.budget import told
from toolkit.choose.compare import is_tie
from toolkit.choose.measurement import Measurement, Stage, Status
from toolkit.report.text_table import shortened, table

if TYPE_CHECKING:
    from toolkit.choose.choose import Choice

SCHEMA = 1
HEADER = ("", "model", "method", "{metric}", "95 %", "latency p50", "texts/s", "size", "measured in")


def choice_lines(choice: Choice) -> list[str]:
    """The recommendation first, then what it was chosen from, what it costs, and what to type next."""
    decision, judge = choice.decision, choice.rows.judge
    header = [cell.format(metric=judge.metric.replace("_", " ")) for cell in HEADER]
    lines = ["", *recommendation(choice), "", *table(result_rows(choice), header=header), ""]
    lines.append("* worth its cost: a recipe is written. Values are of the validation rows.")
    lines += [f"{made.name}: {made.status}, {shortened(str(made.reason))}" for made in _unmeasured(choice)]
    lines.append(f"{told(choice.seconds)} of {told(choice.budget.seconds)} used. Page: {choice.folder / 'choose.html'}")
    chosen = choice.recipes.of(decision.recommended)
    if chosen is not None:
        lines += ["", "Next:", f"  toolkit fine-tune {chosen}"]
    return lines


def recommendation(choice: Choice) -> list[str]:
    """What is recommended, how good it is, and why, in sentences."""
    decision, judge, on_test = choice.decision, choice.rows.judge, choice.on_test
    chosen = decision.recommended
    if chosen is None:
        return [decision.why(judge)]
    lines = [
        f"Recommended: {chosen.name}: {judge.metric.replace('_', ' ')} {_number(chosen.value)} "
        f"{_interval(chosen.interval)} on the validation rows."
    ]
    if on_test is not None and on_test.value is not None:
        few = "" if on_test.reason is None else f" ({on_test.reason})"
        lines.append(
            f"On {on_test.rows:,} test rows, which chose nothing: {_number(on_test.value)} "
            f"{_interval(on_test.interval)}{few}."
        )
    elif on_test is not None:
        lines.append(f"The test rows were not measured: {on_test.reason}.")
    lines.append(decision.why(judge))
    return [*lines, *_beside_baselines(choice)]


def _beside_baselines(choice: Choice) -> list[str]:
    margin, is_text = choice.decision.margin, choice.rows.problem is None
    if margin is None or margin.low > 0:
        return []
    if is_text:
        return ["A model that counts characters finds the texts as probable: more rows or more time are needed."]
    if margin.high < 0:
        return ["The best free baseline is better: take that, or give more time or other candidates."]
    return ["It is not shown to be better than the best free baseline; more rows may tell."]


def result_rows(choice: Choice) -> list[list[str]]:
    """A row a result, the best first, the baselines among them."""
    front = {made.name for made in choice.decision.front}
    free = [made for made in choice.measured if made.stage is Stage.BASELINE]
    ranked = sorted([*choice.decision.contenders, *free], key=lambda made: -choice.rows.judge.quality(made))
    n_all = len(choice.rows.learn)
    return [_row(made, n_all=n_all, is_front=made.name in front and made.method is not None) for made in ranked]


def choice_json(choice: Choice) -> dict[str, Any]:
    """All that is known of a choice, as JSON-able values."""
    decision, rows, chosen = choice.decision, choice.rows, choice.decision.recommended
    return {
        "schema": SCHEMA,
        "task": rows.task.value,
        "metric": rows.judge.metric,
        "recommended": None if chosen is None else _recommended_json(choice, chosen),
        "front": [_summary(choice, made) for made in decision.front],
        "candidates": [_candidate_json(choice, made) for made in choice.measured if made.stage is not Stage.BASELINE],
        "baselines": [_summary(choice, made) for made in choice.measured if made.stage is Stage.BASELINE],
        "data": {
            "source": rows.data.source,
            "digest": rows.digest,
            "rows": {"learn": len(rows.learn), "validation": len(rows.judge_rows), "test": len(rows.test)},
            "warnings": list(choice.look.warnings),
        },
        "budget": {"seconds": choice.budget.seconds, "used_seconds": round(choice.seconds, 2)},
        "output": str(choice.folder),
    }


def _recommended_json(choice: Choice, chosen: Measurement) -> dict[str, Any]:
    on_test, margin = choice.on_test, choice.decision.margin
    test = None
    if on_test is not None:
        test = {"rows": on_test.rows, "value": on_test.value, "ci95": _ends(on_test.interval), "reason": on_test.reason}
    over = None if margin is None else {"value": margin.value, "ci95": [margin.low, margin.high]}
    why = choice.decision.why(choice.rows.judge)
    return {**_summary(choice, chosen), "why": why, "test": test, "over_best_baseline": over}


def _candidate_json(choice: Choice, made: Measurement) -> dict[str, Any]:
    difference = choice.decision.differences.get(made.name)
    compared = None
    if difference is not None and made.status is Status.MEASURED:
        compared = {"value": difference.value, "ci95": [difference.low, difference.high], "tie": is_tie(difference)}
    return {**_summary(choice, made), "recommended_is_better_by": compared, "details": dict(made.details)}


def _summary(choice: Choice, made: Measurement) -> dict[str, Any]:
    recipe = choice.recipes.of(made)
    n_rows = None if made.answers is None else len(made.answers)
    return {
        "model": made.candidate,
        "family": made.family,
        "method": made.method,
        "stage": made.stage.value,
        "status": made.status.value,
        "recipe": None if recipe is None else str(recipe),
        "value": made.value,
        "ci95": _ends(made.interval),
        "rows": n_rows,
        "rows_learnt": made.rows_learnt,
        "seconds": made.seconds,
        "costs": None if made.costs is None else dict(made.costs),
        "reason": made.reason,
    }


def _unmeasured(choice: Choice) -> Sequence[Measurement]:
    return [made for made in choice.measured if made.status is not Status.MEASURED]


def _row(made: Measurement, *, n_all: int, is_front: bool) -> list[str]:
    costs = made.costs or {}
    latency, rate, disk = (costs.get(name) for name in ("latency_p50_seconds", "texts_per_second", "disk_bytes"))
    return [
        "*" if is_front else "",
        made.candidate,
        _way(made, n_all),
        _number(made.value),
        _interval(made.interval),
        "" if latency is None else f"{1000 * latency:.0f} ms",
        "" if rate is None else f"{rate:,.0f}",
        "" if not disk else f"{disk / 1e6:,.0f} MB",
        told(made.seconds),
    ]


def _way(made: Measurement, n_all: int) -> str:
    """The method, and from how many rows it has learnt where these were not all."""
    way = made.method or ("untrained" if made.stage is Stage.ZERO_SHOT else made.stage.value)
    epochs = made.details.get("epochs")
    some = f" ({made.rows_learnt:,} of {n_all:,} rows)" if 0 < made.rows_learnt < n_all else ""
    return f"{way} ({epochs:g} epochs)" if epochs else way + some


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _interval(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"[{ends[0]:.3f}, {ends[1]:.3f}]"


def _ends(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
