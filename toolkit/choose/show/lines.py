"""Format a choice as lines for a terminal, and as one JSON object."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

from toolkit.choose.measure.measurement import Measurement, Stage, Status, epochs_in_words
from toolkit.choose.search.promise import mean_ranks
from toolkit.choose.show.sentences import (
    free_name,
    interval_text,
    metric_name,
    next_steps,
    number,
    reasons,
    recommendation,
    short_runs,
)
from toolkit.choose.show.words import say
from toolkit.choose.show.written import written_json
from toolkit.evaluation.metrics.difference import is_tie
from toolkit.language.spoken import translated_word
from toolkit.report.facts import amount, duration
from toolkit.wording import shortened, table

if TYPE_CHECKING:
    from toolkit.choose.choice import Choice

SCHEMA = 1
HEADER = ("", "model", "method", "{metric}", "95 %", "latency p50", "texts/s", "size", "measured in")
SPARE = ("measured in", "texts/s", "latency p50")
OURS = ("", "method")


def choice_lines(choice: Choice) -> list[str]:
    """Format the recommendation, the table of results with their costs, and the next command."""
    header = [cell.format(metric=metric_name(choice)) for cell in HEADER]
    lines = ["", *recommendation(choice), "", *table(result_rows(choice), header=header, spare=SPARE, ours=OURS), ""]
    if choice.recipes.front:
        lines.append(say("note.star"))
    lines.append(say("note.rows"))
    lines += short_runs(choice)
    lines += [f"{names}: {status}, {shortened(reason)}" for names, status, reason in unmeasured(choice)]
    spent = say("spent", used=duration(choice.seconds), budget=duration(choice.budget.seconds))
    lines.append(f"{spent}. {say('page', path=choice.folder / 'choose.html')}")
    steps = next_steps(choice)
    if steps:
        lines += ["", say("next")]
        lines += [indent(step.text, "  ") if step.is_code else step.text for step in steps]
    return lines


def unmeasured(choice: Choice) -> list[tuple[str, str, str]]:
    """Return names, status and reason of what has no result; one entry for all that have the same reason."""
    names: dict[tuple[str, str], list[str]] = {}
    for result in choice.measured:
        if result.status is not Status.MEASURED:
            names.setdefault((result.status.value, str(result.reason)), []).append(result.name)
    return [("; ".join(dict.fromkeys(of)), status, reason) for (status, reason), of in names.items()]


def ranked(choice: Choice) -> list[Measurement]:
    """Return the contenders and the baselines, the best first."""
    free = [result for result in choice.measured if result.stage is Stage.BASELINE]
    return sorted([*choice.decision.contenders, *free], key=lambda result: -choice.rows.judge.quality(result.value))


def result_rows(choice: Choice) -> list[list[str]]:
    """Return a row for each result, with the columns of `HEADER`."""
    return [_row(choice, result) for result in ranked(choice)]


def choice_json(choice: Choice) -> dict[str, Any]:
    """Return the whole choice as JSON-able values."""
    decision, rows = choice.decision, choice.rows
    chosen = decision.recommended or decision.baseline
    return {
        "schema": SCHEMA,
        "task": rows.task.value,
        "metric": rows.judge.metric,
        "uneven": rows.uneven,
        "recommended": None if chosen is None else _recommended_json(choice, chosen),
        "why": " ".join(recommendation(choice)),
        "written": written_json(choice.written),
        "promise": promise(choice),
        "front": [_summary(choice, result) for result in decision.front],
        "candidates": [
            _candidate_json(choice, result) for result in choice.measured if result.stage is not Stage.BASELINE
        ],
        "baselines": [_summary(choice, result) for result in choice.measured if result.stage is Stage.BASELINE],
        "data": {
            "source": rows.data.source,
            "digest": rows.digest,
            "rows": {
                "learn": len(rows.learn),
                "validation": len(rows.judge_rows),
                "decide": len(rows.judged),
                "test": len(rows.test),
            },
            "warnings": list(choice.look.warnings),
        },
        "budget": {"seconds": choice.budget.seconds, "used_seconds": round(choice.seconds, 2)},
        "output": str(choice.folder),
    }


def promise(choice: Choice) -> list[dict[str, Any]]:
    """Return the candidates in the order of their promise, with their mean ranks by three scores."""
    features = [result for result in choice.measured if result.stage is Stage.FEATURES and result.value is not None]
    ranked = sorted(zip(mean_ranks(features), features, strict=True), key=lambda pair: pair[0])
    return [{"model": result.candidate, "mean_place": round(rank, 3)} for rank, result in ranked]


def _recommended_json(choice: Choice, chosen: Measurement) -> dict[str, Any]:
    on_test, margin = choice.on_test, choice.decision.margin
    test = None
    if on_test is not None:
        test = {"rows": on_test.rows, "value": on_test.value, "ci95": _ends(on_test.interval), "reason": on_test.reason}
    over = None if margin is None else {"value": margin.value, "ci95": [margin.low, margin.high]}
    return {
        **_summary(choice, chosen),
        "why": " ".join(reasons(choice)),
        "test": test,
        "over_best_baseline": over,
        "run": None if choice.run is None else str(choice.run),
    }


def _candidate_json(choice: Choice, result: Measurement) -> dict[str, Any]:
    compared = None
    if any(result is contender for contender in choice.decision.contenders):
        difference = choice.decision.differences.get(result.name)
        if difference is not None:
            ends = [difference.low, difference.high]
            compared = {"value": difference.value, "ci95": ends, "tie": is_tie(difference)}
    return {**_summary(choice, result), "recommended_is_better_by": compared, "details": dict(result.details)}


def _summary(choice: Choice, result: Measurement) -> dict[str, Any]:
    recipe = choice.recipes.of(result)
    n_rows = None if result.answers is None else len(result.answers)
    return {
        "model": result.candidate,
        "family": result.family,
        "method": result.method,
        "stage": result.stage.value,
        "status": result.status.value,
        "recipe": None if recipe is None else str(recipe),
        "value": result.value,
        "ci95": _ends(result.interval),
        "rows": n_rows,
        "rows_learnt": result.rows_learnt,
        "seconds": result.seconds,
        "costs": None if result.costs is None else dict(result.costs),
        "reason": result.reason,
    }


def _row(choice: Choice, result: Measurement) -> list[str]:
    costs = result.costs or {}
    latency, rate, disk = (costs.get(name) for name in ("latency_p50_seconds", "texts_per_second", "disk_bytes"))
    return [
        "*" if choice.recipes.of(result) is not None else "",
        # Names of baselines are words of ours, in a column of names that others chose.
        translated_word(free_name(choice.rows, result.candidate))
        if result.stage is Stage.BASELINE
        else result.candidate,
        way_of(choice, result),
        number(result.value),
        interval_text(result.interval),
        _milliseconds(latency),
        "" if rate is None else f"{rate:,.0f}",
        "" if not disk else amount(disk, "B"),
        duration(result.seconds),
    ]


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.0f} ms"


def way_of(choice: Choice, result: Measurement) -> str:
    """Return the method, with its epochs, or the number of examples where not all were used."""
    way = say("free") if result.stage is Stage.BASELINE else result.method or result.stage.value
    epochs, n_learn, n_judged = result.details.get("epochs"), len(choice.rows.learn), len(choice.rows.judged)
    if epochs:
        return f"{way} ({epochs_in_words(epochs)})"
    if 0 < result.rows_learnt < n_learn:
        return f"{way} ({result.rows_learnt:,} of {n_learn:,} rows)"
    if result.rows is not None and len(result.rows) < n_judged:
        return f"{way} (on {len(result.rows):,} of {n_judged:,} rows)"
    return way


def _ends(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
