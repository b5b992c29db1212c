"""Format a choice as lines for a terminal, and as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from toolkit.choose.measure.measurement import Measurement, Stage, Status, epochs_in_words
from toolkit.choose.search.promise import mean_ranks
from toolkit.choose.search.rounds import ENOUGH_STEPS
from toolkit.choose.show.written import written_json, written_lines
from toolkit.evaluation.metrics.difference import is_tie
from toolkit.report.facts import amount, duration
from toolkit.wording import shortened, table

if TYPE_CHECKING:
    from toolkit.choose.choice import Choice

SCHEMA = 1
HEADER = ("", "model", "method", "{metric}", "95 %", "latency p50", "texts/s", "size", "measured in")
SPARE = ("measured in", "texts/s", "latency p50")
PAGE_HEADER = (*HEADER, "latency p95", "parameters", "peak memory", "training")


def choice_lines(choice: Choice) -> list[str]:
    """Format the recommendation, the table of results with their costs, and the next command."""
    decision, judge = choice.decision, choice.rows.judge
    header = [cell.format(metric=judge.metric.replace("_", " ")) for cell in HEADER]
    lines = ["", *recommendation(choice), "", *table(result_rows(choice), header=header, spare=SPARE), ""]
    lines.append("* worth its cost: a recipe is written. Values are of the validation rows.")
    lines += _short_runs(choice)
    lines += [f"{result.name}: {result.status}, {shortened(str(result.reason))}" for result in _unmeasured(choice)]
    lines.append(
        f"{duration(choice.seconds)} of {duration(choice.budget.seconds)} used. Page: {choice.folder / 'choose.html'}"
    )
    chosen = choice.recipes.of(decision.recommended)
    if chosen is not None:
        lines += ["", "Next:", f"  toolkit fine-tune {chosen}"]
    return lines


def recommendation(choice: Choice) -> list[str]:
    """Return sentences on the recommended result: its quality and the reasons for it."""
    decision, judge, on_test = choice.decision, choice.rows.judge, choice.on_test
    chosen = decision.recommended
    if chosen is None:
        return [decision.why()]
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
    lines.append(decision.why())
    return [
        *lines,
        *_over_seeds(choice, chosen),
        *_read_badly(choice, chosen),
        *_beside_baselines(choice),
        *written_lines(choice.written),
    ]


def _over_seeds(choice: Choice, chosen: Measurement) -> list[str]:
    """Report the recommended run with other seeds; the median counts."""
    epochs = chosen.details.get("epochs")
    runs = [
        result
        for result in choice.measured
        if result.value is not None and result.name == chosen.name and result.details.get("epochs") == epochs
    ]
    if len(runs) < 2:
        return []
    seeds = ", ".join(f"{result.recipe['seed']}: {_number(result.value)}" for result in runs)
    return [f"With other seeds it varies ({seeds}); the middle one counts."]


def _read_badly(choice: Choice, chosen: Measurement) -> list[str]:
    if not any(view.name == chosen.candidate and view.reads_badly for view in choice.look.tokens):
        return []
    return [f"{chosen.candidate} reads these texts badly (see the warnings); try a model that knows their language."]


def _short_runs(choice: Choice) -> list[str]:
    """Warn that short runs say little against training."""
    steps = [int(result.details["steps"]) for result in choice.measured if "steps" in result.details]
    if not steps or max(steps) >= ENOUGH_STEPS:
        return []
    return [
        f"The trainings were short, {max(steps):,} steps at most: with a larger --budget they may win, here they had "
        "no time to."
    ]


def _beside_baselines(choice: Choice) -> list[str]:
    margin, is_text = choice.decision.margin, choice.rows.judge.generates
    if margin is None or margin.low > 0:
        return []
    if is_text:
        return ["A model that counts characters finds the texts as probable: more rows or more time are needed."]
    if margin.high < 0:
        return ["The best free baseline is better: take that, or give more time or other candidates."]
    return ["It is not shown to be better than the best free baseline; more rows may tell."]


def ranked(choice: Choice) -> list[Measurement]:
    """Return the contenders and the baselines, the best first."""
    free = [result for result in choice.measured if result.stage is Stage.BASELINE]
    return sorted([*choice.decision.contenders, *free], key=lambda result: -choice.rows.judge.quality(result.value))


def result_rows(choice: Choice) -> list[list[str]]:
    """Return a row for each result, with the columns of `HEADER`."""
    return [_row(choice, result) for result in ranked(choice)]


def page_rows(choice: Choice) -> list[list[str]]:
    """Return a row for each result, with the columns of `PAGE_HEADER`."""
    return [[*_row(choice, result), *_more(result)] for result in ranked(choice)]


def choice_json(choice: Choice) -> dict[str, Any]:
    """Return the whole choice as JSON-able values."""
    decision, rows, chosen = choice.decision, choice.rows, choice.decision.recommended
    return {
        "schema": SCHEMA,
        "task": rows.task.value,
        "metric": rows.judge.metric,
        "recommended": None if chosen is None else _recommended_json(choice, chosen),
        "promise": promise(choice),
        "front": [_summary(choice, result) for result in decision.front],
        "candidates": [
            _candidate_json(choice, result) for result in choice.measured if result.stage is not Stage.BASELINE
        ],
        "baselines": [_summary(choice, result) for result in choice.measured if result.stage is Stage.BASELINE],
        "data": {
            "source": rows.data.source,
            "digest": rows.digest,
            "rows": {"learn": len(rows.learn), "validation": len(rows.judge_rows), "test": len(rows.test)},
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
    why = choice.decision.why()
    return {
        **_summary(choice, chosen),
        "why": why,
        "test": test,
        "over_best_baseline": over,
        "written": written_json(choice.written),
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


def _unmeasured(choice: Choice) -> Sequence[Measurement]:
    return [result for result in choice.measured if result.status is not Status.MEASURED]


def _row(choice: Choice, result: Measurement) -> list[str]:
    costs = result.costs or {}
    latency, rate, disk = (costs.get(name) for name in ("latency_p50_seconds", "texts_per_second", "disk_bytes"))
    return [
        "*" if choice.recipes.of(result) is not None else "",
        result.candidate,
        _way(choice, result),
        _number(result.value),
        _interval(result.interval),
        _milliseconds(latency),
        "" if rate is None else f"{rate:,.0f}",
        "" if not disk else amount(disk, "B"),
        duration(result.seconds),
    ]


def _more(result: Measurement) -> list[str]:
    """Return the cells that only the page has room for."""
    costs, training = result.costs or {}, result.details.get("train_seconds")
    parameters, peak = costs.get("parameters"), costs.get("peak_memory_bytes")
    return [
        _milliseconds(costs.get("latency_p95_seconds")),
        "" if not parameters else amount(parameters),
        "" if peak is None else amount(peak, "B"),
        "" if training is None else duration(training),
    ]


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.0f} ms"


def _way(choice: Choice, result: Measurement) -> str:
    """Return the method, with its epochs, or the number of examples where not all were used."""
    way = result.method or result.stage.value
    epochs, n_learn, n_judged = result.details.get("epochs"), len(choice.rows.learn), len(choice.rows.judge_rows)
    if epochs:
        return f"{way} ({epochs_in_words(epochs)})"
    if 0 < result.rows_learnt < n_learn:
        return f"{way} ({result.rows_learnt:,} of {n_learn:,} rows)"
    if result.rows is not None and len(result.rows) < n_judged:
        return f"{way} (on {len(result.rows):,} of {n_judged:,} rows)"
    return way


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _interval(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"[{ends[0]:.3f}, {ends[1]:.3f}]"


def _ends(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
