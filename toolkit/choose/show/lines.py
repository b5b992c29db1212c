"""A choice as lines for a terminal, and as one JSON object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from toolkit.choose.measure.measurement import Measurement, Stage, Status, told_epochs
from toolkit.choose.search.promise import mean_places
from toolkit.choose.search.rounds import ENOUGH_STEPS
from toolkit.evaluation.metrics.paired import is_tie
from toolkit.report.facts import amount, duration
from toolkit.wording import shortened, table

if TYPE_CHECKING:
    from toolkit.choose.choice import Choice

SCHEMA = 1
HEADER = ("", "model", "method", "{metric}", "95 %", "latency p50", "texts/s", "size", "measured in")
PAGE_HEADER = (*HEADER, "latency p95", "parameters", "peak memory", "training")


def choice_lines(choice: Choice) -> list[str]:
    """The recommendation first, then what it was chosen from, what it costs, and what to type next."""
    decision, judge = choice.decision, choice.rows.judge
    header = [cell.format(metric=judge.metric.replace("_", " ")) for cell in HEADER]
    lines = ["", *recommendation(choice), "", *table(result_rows(choice), header=header), ""]
    lines.append("* worth its cost: a recipe is written. Values are of the validation rows.")
    lines += _short_runs(choice)
    lines += [f"{made.name}: {made.status}, {shortened(str(made.reason))}" for made in _unmeasured(choice)]
    lines.append(
        f"{duration(choice.seconds)} of {duration(choice.budget.seconds)} used. Page: {choice.folder / 'choose.html'}"
    )
    chosen = choice.recipes.of(decision.recommended)
    if chosen is not None:
        lines += ["", "Next:", f"  toolkit fine-tune {chosen}"]
    return lines


def recommendation(choice: Choice) -> list[str]:
    """What is recommended, how good it is, and why, in sentences."""
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
    return [*lines, *_over_seeds(choice, chosen), *_read_badly(choice, chosen), *_beside_baselines(choice)]


def _over_seeds(choice: Choice, chosen: Measurement) -> list[str]:
    """What the recommended run gave with other seeds; the middle one of them counts."""
    epochs = chosen.details.get("epochs")
    runs = [
        made
        for made in choice.measured
        if made.value is not None and made.name == chosen.name and made.details.get("epochs") == epochs
    ]
    if len(runs) < 2:
        return []
    seeds = ", ".join(f"{made.recipe['seed']}: {_number(made.value)}" for made in runs)
    return [f"With other seeds it varies ({seeds}); the middle one counts."]


def _read_badly(choice: Choice, chosen: Measurement) -> list[str]:
    if not any(one.name == chosen.candidate and one.reads_badly for one in choice.look.tokens):
        return []
    return [f"{chosen.candidate} reads these texts badly (see the warnings); try a model that knows their language."]


def _short_runs(choice: Choice) -> list[str]:
    """That runs as short as these say little against training."""
    steps = [int(made.details["steps"]) for made in choice.measured if "steps" in made.details]
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
    """The results that stand for their ways, the best first, the baselines among them."""
    free = [made for made in choice.measured if made.stage is Stage.BASELINE]
    return sorted([*choice.decision.contenders, *free], key=lambda made: -choice.rows.judge.quality(made.value))


def result_rows(choice: Choice) -> list[list[str]]:
    """A row a result, under `HEADER`."""
    return [_row(choice, made) for made in ranked(choice)]


def page_rows(choice: Choice) -> list[list[str]]:
    """A row a result, under `PAGE_HEADER`."""
    return [[*_row(choice, made), *_more(made)] for made in ranked(choice)]


def choice_json(choice: Choice) -> dict[str, Any]:
    """All that is known of a choice, as JSON-able values."""
    decision, rows, chosen = choice.decision, choice.rows, choice.decision.recommended
    return {
        "schema": SCHEMA,
        "task": rows.task.value,
        "metric": rows.judge.metric,
        "recommended": None if chosen is None else _recommended_json(choice, chosen),
        "promise": promise(choice),
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


def promise(choice: Choice) -> list[dict[str, Any]]:
    """The candidates in the order in which they deserve to be trained, with their mean place by three scores."""
    features = [made for made in choice.measured if made.stage is Stage.FEATURES and made.value is not None]
    ranked = sorted(zip(mean_places(features), features, strict=True), key=lambda one: one[0])
    return [{"model": made.candidate, "mean_place": round(place, 3)} for place, made in ranked]


def _recommended_json(choice: Choice, chosen: Measurement) -> dict[str, Any]:
    on_test, margin = choice.on_test, choice.decision.margin
    test = None
    if on_test is not None:
        test = {"rows": on_test.rows, "value": on_test.value, "ci95": _ends(on_test.interval), "reason": on_test.reason}
    over = None if margin is None else {"value": margin.value, "ci95": [margin.low, margin.high]}
    why = choice.decision.why()
    return {**_summary(choice, chosen), "why": why, "test": test, "over_best_baseline": over}


def _candidate_json(choice: Choice, made: Measurement) -> dict[str, Any]:
    compared = None
    if any(made is one for one in choice.decision.contenders):
        difference = choice.decision.differences.get(made.name)
        if difference is not None:
            ends = [difference.low, difference.high]
            compared = {"value": difference.value, "ci95": ends, "tie": is_tie(difference)}
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


def _row(choice: Choice, made: Measurement) -> list[str]:
    costs = made.costs or {}
    latency, rate, disk = (costs.get(name) for name in ("latency_p50_seconds", "texts_per_second", "disk_bytes"))
    return [
        "*" if choice.recipes.of(made) is not None else "",
        made.candidate,
        _way(choice, made),
        _number(made.value),
        _interval(made.interval),
        _milliseconds(latency),
        "" if rate is None else f"{rate:,.0f}",
        "" if not disk else amount(disk, "B"),
        duration(made.seconds),
    ]


def _more(made: Measurement) -> list[str]:
    """What the page has room for."""
    costs, training = made.costs or {}, made.details.get("train_seconds")
    parameters, peak = costs.get("parameters"), costs.get("peak_memory_bytes")
    return [
        _milliseconds(costs.get("latency_p95_seconds")),
        "" if not parameters else amount(parameters),
        "" if peak is None else amount(peak, "B"),
        "" if training is None else duration(training),
    ]


def _milliseconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{1000 * seconds:.0f} ms"


def _way(choice: Choice, made: Measurement) -> str:
    """The method, and of how many rows it knows where these were not all."""
    way = made.method or ("untrained" if made.stage is Stage.ZERO_SHOT else made.stage.value)
    epochs, n_learn, n_judged = made.details.get("epochs"), len(choice.rows.learn), len(choice.rows.judge_rows)
    if epochs:
        return f"{way} ({told_epochs(epochs)})"
    if 0 < made.rows_learnt < n_learn:
        return f"{way} ({made.rows_learnt:,} of {n_learn:,} rows)"
    if made.rows is not None and len(made.rows) < n_judged:
        return f"{way} (on {len(made.rows):,} of {n_judged:,} rows)"
    return way


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def _interval(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else f"[{ends[0]:.3f}, {ends[1]:.3f}]"


def _ends(interval: tuple[float, float] | None) -> list[float] | None:
    return None if interval is None else list(interval)
