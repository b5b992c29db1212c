"""Write a choice as one self-contained HTML file."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from toolkit.choose.advice.advise import Advice, Reason, heading_of, shared_heading, shared_reasons
from toolkit.choose.decision.spent import ANSWERED, cost_of
from toolkit.choose.look.look import TokenLook, rows_line
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.show.lines import promise, ranked, unmeasured, way_of
from toolkit.choose.show.sentences import (
    free_name,
    headline,
    interval_text,
    metric_name,
    name_of,
    next_steps,
    number,
    reasons,
    short_runs,
)
from toolkit.choose.show.words import WORDS, say
from toolkit.files import write_text_atomically
from toolkit.language.page import spoken_page
from toolkit.report.facts import amount, duration
from toolkit.report.quality_cost import Drawn, Picture, picture_of
from toolkit.wording import visible

if TYPE_CHECKING:
    from toolkit.choose.choice import Choice

PAGE = "choose.html"

_REPORT = Path(__file__).parents[2] / "report"


@dataclass(frozen=True)
class Row:
    """A row of the table, in words; `number` is that in the picture, None for a baseline."""

    number: int | None
    name: str
    way: str
    value: str
    interval: str
    cost: str
    training: str
    facts: tuple[str, ...]
    is_worth_it: bool
    is_recommended: bool


@dataclass(frozen=True)
class Part:
    """A part of the advice: sentences under a heading, and where they come from."""

    heading: str
    texts: tuple[str, ...]
    sources: tuple[str, ...]


def write_page(choice: Choice) -> None:
    """Write ``choose.html``.

    Args:
        choice: with its recipes written.
    """
    write_text_atomically(choice.folder / PAGE, render_choice(choice))


def render_choice(choice: Choice) -> str:
    """Render the page; every string is escaped, because names and texts come from unchecked models and data.

    Args:
        choice: with its recipes written.
    """
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, _REPORT], encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rows, metric, names = choice.rows, metric_name(choice), [entry["model"] for entry in promise(choice)]
    results = ranked(choice)
    numbers = _numbers(results)
    page = environment.get_template("page.html.jinja").render(
        words=WORDS,
        title=say("title", source=rows.data.source),
        facts=f"{rows.task.value} · {rows.sizes()} · {say('metric', metric=metric)}",
        headline=headline(choice),
        reasons=reasons(choice),
        steps=next_steps(choice),
        picture=_picture(choice, results, numbers),
        axis_value=say("axis.value.less" if rows.judge.lower_is_better else "axis.value", metric=metric),
        axis_cost=say("axis.cost", n=f"{ANSWERED:,}"),
        header=[say("head.name"), say("head.value", metric=metric), say("head.cost", n=f"{ANSWERED:,}")],
        table=[_row(choice, result, numbers.get(id(result))) for result in results],
        notes=[*short_runs(choice), *([say("note.promise", names=", ".join(names))] if len(names) > 1 else [])],
        recipes=_recipes(choice),
        unmeasured=unmeasured(choice),
        data=rows_line(choice.look),
        tokens=[{"name": view.name, "facts": _facts(view)} for view in choice.look.tokens],
        warnings=choice.look.warnings,
        advice=_advice(choice.advice),
        spent=say("spent", used=duration(choice.seconds), budget=duration(choice.budget.seconds)),
    )
    return spoken_page(visible(page))


def _numbers(results: list[Measurement]) -> dict[int, int]:
    """Number all results but the baselines, the best first; by their identity, as names may repeat."""
    contenders = [result for result in results if result.stage is not Stage.BASELINE]
    return {id(result): number for number, result in enumerate(contenders, start=1)}


def _picture(choice: Choice, results: list[Measurement], numbers: dict[int, int]) -> Picture | None:
    decision = choice.decision
    drawn = [
        Drawn(
            number=numbers[id(result)],
            name=result.name,
            value=float(result.value),
            low=None if result.interval is None else result.interval[0],
            high=None if result.interval is None else result.interval[1],
            cost=cost_of(result).seconds,
            on_front=result in decision.front,
            is_recommended=result is decision.recommended,
        )
        for result in results
        if id(result) in numbers and result.value is not None
    ]
    free = [
        (name_of(choice, each), each.value) for each in results if id(each) not in numbers and each.value is not None
    ]
    return picture_of(drawn, free, lower_is_better=choice.rows.judge.lower_is_better)


def _row(choice: Choice, result: Measurement, place: int | None) -> Row:
    decision, cost, costs = choice.decision, cost_of(result).seconds, result.costs or {}
    training = result.details.get("train_seconds")
    latency, rate = costs.get("latency_p50_seconds"), costs.get("texts_per_second")
    memory, parameters, disk = (costs.get(name) for name in ("peak_memory_bytes", "parameters", "disk_bytes"))
    facts = [
        f"{amount(parameters)} parameters" if parameters else "",
        amount(disk, "B") if disk else "",
        f"{amount(memory, 'B')} of memory" if memory else "",
        f"{1000 * latency:.0f} ms a text" if latency else "",
        f"{rate:,.0f} texts a second" if rate else "",
        f"measured in {duration(result.seconds)}" if place is not None else "",
    ]
    return Row(
        number=place,
        name=free_name(choice.rows, result.candidate) if place is None else result.candidate,
        way=way_of(choice, result),
        value=number(result.value),
        interval=interval_text(result.interval),
        cost=duration(cost) if place is not None and math.isfinite(cost) else "–",
        training="" if training is None else f"training {duration(training)}",
        facts=tuple(fact for fact in facts if fact),
        is_worth_it=choice.recipes.of(result) is not None,
        is_recommended=result is (decision.recommended or decision.baseline),
    )


def _recipes(choice: Choice) -> list[tuple[str, str, str]]:
    """Return name, command and text of each recipe."""
    pairs = zip(choice.recipes.front, choice.recipes.paths, strict=True)
    return [
        (result.name, say("carry out", recipe=shlex.quote(str(path))), path.read_text(encoding="utf-8"))
        for result, path in pairs
    ]


def _facts(view: TokenLook) -> list[tuple[str, str]]:
    report, losses = view.report, view.losses
    found: list[tuple[str, Any]] = [
        ("tokens.each", f"{report.tokens_per_character:.2f}"),
        ("tokens.unknown", f"{losses.unknown_characters:.1%}"),
        ("tokens.broken", f"{losses.broken_syllables:.0%}" if losses.broken_syllables else None),
        ("tokens.length", f"{report.p95_tokens:,.0f}"),
        ("tokens.cut", f"{report.truncation_rate:.1%} at {report.max_length:,}"),
        ("tokens.share", None if view.attention_share is None else f"{view.attention_share:.0%}"),
    ]
    return [(WORDS[key], value) for key, value in found if value is not None]


def _advice(advice: tuple[Advice, ...]) -> list[Part]:
    """Return the advice as prose: the task, each family, and what holds for all."""
    shared = shared_reasons(advice)
    parts = [_part("", [advice[0].wants])]
    parts += [_part(heading_of(one), [reason for reason in one.reasons if reason not in shared]) for one in advice]
    return [*parts, *([_part(shared_heading(advice[0]), shared)] if shared else [])]


def _part(heading: str, of: list[Reason]) -> Part:
    sources = dict.fromkeys(reason.source for reason in of)
    return Part(heading, tuple(reason.text for reason in of), tuple(sources))
