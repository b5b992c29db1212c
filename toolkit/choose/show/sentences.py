"""What is said of a choice: the recommendation, the reasons for it, and what to do next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.search.rounds import ENOUGH_STEPS
from toolkit.choose.show.words import say
from toolkit.choose.show.written import written_lines
from toolkit.evaluation.metrics.difference import Difference
from toolkit.report.metric_words import metric_words
from toolkit.tasks import room_of

if TYPE_CHECKING:
    from toolkit.choose.choice import Choice
    from toolkit.choose.look.rows import Rows


@dataclass(frozen=True)
class Step:
    """Something to do next: a sentence, or code to copy."""

    text: str
    is_code: bool = False


def recommendation(choice: Choice) -> list[str]:
    """Return the headline, and then the reasons."""
    return [headline(choice), *reasons(choice)]


def headline(choice: Choice) -> str:
    """Return what is recommended, with what it gives on the test rows."""
    decision, on_test = choice.decision, choice.on_test
    if decision.writer is not None:
        return say("writer", name=free_name(choice.rows, decision.writer))
    chosen = decision.recommended or decision.baseline
    if chosen is not None:
        key = "recommended" if decision.recommended is not None else "baseline"
        name, metric = name_of(choice, chosen), metric_name(choice)
        if on_test is None or on_test.value is None:
            value, interval = number(chosen.value), interval_text(chosen.interval)
            return say(f"{key}.untested", name=name, metric=metric, value=value, interval=interval)
        value, interval = number(on_test.value), interval_text(on_test.interval)
        return say(key, name=name, metric=metric, value=value, interval=interval, rows=f"{on_test.rows:,}")
    if not decision.usable:
        return say("unmeasured")
    if choice.rows.judge.generates or decision.constant is None:
        return say("characters")
    constant = decision.constant.value
    return say(
        "nothing", name=name_of(choice, decision.constant), value="" if constant is None else f", {constant:.3f}"
    )


def reasons(choice: Choice) -> list[str]:
    """Return the sentences behind the headline."""
    decision, on_test, rows = choice.decision, choice.on_test, choice.rows
    lines = []
    if on_test is not None and on_test.reason is not None:
        lines.append(say("untested" if on_test.value is None else "some tested", reason=on_test.reason))
    if rows.uneven is not None:
        lines.append(say("uneven", ratio=f"{rows.uneven:,.0f}"))
    chosen = decision.recommended or decision.baseline
    if chosen is not None:
        n_rows = f"{len(chosen.answers or ()):,}"
        value, interval = number(chosen.value), interval_text(chosen.interval)
        lines.append(say("decided", value=value, interval=interval, rows=n_rows))
    lines += _why_this_model(choice) if decision.recommended is not None else _why_no_model(choice)
    return [*lines, *written_lines(choice.written, partial(free_name, choice.rows))]


def _why_this_model(choice: Choice) -> list[str]:
    decision, chosen = choice.decision, choice.decision.recommended
    if chosen is None:
        return []
    drawn = {point.name for point in decision.points}
    first = next(result for result in decision.usable if result.name in drawn)
    lines = [say("best", name=chosen.name)]
    if first is not chosen and first.value != chosen.value:
        lines = [say("cheaper", name=first.name, chosen=chosen.name)]
    elif rivals := decision.rivals():
        lines.append(say("rivals", names=", ".join(result.name for result in rivals)))
    free = best_baseline(choice)
    if decision.margin is not None and free is not None:
        lines.append(say("over baseline", name=name_of(choice, free), difference=signed(decision.margin)))
    return [*lines, *_over_seeds(choice, chosen), *_read_badly(choice, chosen)]


def _why_no_model(choice: Choice) -> list[str]:
    decision = choice.decision
    if not decision.usable or decision.margin is None:
        return []
    best = decision.usable[0]
    return [say("best model", name=best.name, value=number(best.value), difference=signed(decision.margin))]


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
    return [say("seeds", seeds=", ".join(f"{result.recipe['seed']}: {number(result.value)}" for result in runs))]


def _read_badly(choice: Choice, chosen: Measurement) -> list[str]:
    if not any(view.name == chosen.candidate and view.reads_badly for view in choice.look.tokens):
        return []
    return [say("reads badly", name=chosen.candidate)]


def short_runs(choice: Choice) -> list[str]:
    """Warn that short runs say little against training."""
    steps = [int(result.details["steps"]) for result in choice.measured if "steps" in result.details]
    return [say("short", steps=f"{max(steps):,}")] if steps and max(steps) < ENOUGH_STEPS else []


def next_steps(choice: Choice) -> list[Step]:
    """Return what to do with the recommendation."""
    recipe = choice.recipes.of(choice.decision.recommended)
    steps: list[Step] = []
    if choice.run is not None:
        steps += [
            Step(say("model is there", run=choice.run)),
            Step(say("use", run=shlex.quote(str(choice.run))), is_code=True),
            Step(say("for more")),
        ]
    if recipe is not None:
        steps.append(Step(say("carry out", recipe=shlex.quote(str(recipe))), is_code=True))
    return [*steps, *_baseline_steps(choice)]


def _baseline_steps(choice: Choice) -> list[Step]:
    """Return how to do without a model, where a linear baseline is recommended."""
    rows, chosen = choice.rows, choice.decision.baseline
    code = None if chosen is None else rows.judge.baseline_code(chosen.candidate, rows.learn)
    if code is None:
        return []
    told = say("code.pairs" if "text_pair" in rows.learn.column_names else "code")
    return [Step(told), Step(code, is_code=True)]


def best_baseline(choice: Choice) -> Measurement | None:
    """Return the best of the free baselines; None without one."""
    free = [each for each in choice.measured if each.stage is Stage.BASELINE and each.value is not None]
    return max(free, key=lambda each: choice.rows.judge.quality(each.value), default=None)


def name_of(choice: Choice, result: Measurement) -> str:
    """Return the name of a result, for people: candidate and method, and that of a baseline in words."""
    return free_name(choice.rows, result.candidate) if result.stage is Stage.BASELINE else result.name


def free_name(rows: Rows, name: str) -> str:
    """Return the name of a free baseline in words, as pages of runs have it."""
    return room_of(rows.task).pages.baseline_names(rows.problem).get(name, name)


def metric_name(choice: Choice) -> str:
    """Return the name of the metric that decides, in words."""
    return metric_words(choice.rows.judge.metric).name


def number(value: float | None) -> str:
    """Return a value of the metric."""
    return "undefined" if value is None else f"{value:.3f}"


def interval_text(ends: tuple[float, float] | None) -> str:
    """Return the ends of an interval; nothing where there is none."""
    return "" if ends is None else f"[{ends[0]:.3f}, {ends[1]:.3f}]"


def signed(difference: Difference) -> str:
    """Return a difference with its interval."""
    return f"{difference.value:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"
