"""One finished run, or a whole work, as one HTML file that needs nothing else: no script, no network, no time stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from toolkit.language.page import spoken_page
from toolkit.language.spoken import language, speaking
from toolkit.recipe import yaml_without_nulls
from toolkit.report import facts, sentences
from toolkit.report.charts import LineChart, Point, bar_chart, line_chart, thin
from toolkit.report.comparison import compared_metric
from toolkit.report.coverage import coverage_chart
from toolkit.report.curve import shown_curve
from toolkit.report.language import ENGLISH, Language
from toolkit.report.measures import best_values, headline_metric, results
from toolkit.report.metric_words import metric_words
from toolkit.report.scatter import scatter_chart
from toolkit.report.sections import run_sections
from toolkit.report.story import Story
from toolkit.report.story_page import page_parts
from toolkit.run_result import RunResult, TrainingSummary
from toolkit.tasks import room_of
from toolkit.tasks.pages import TASKS
from toolkit.trials.curve import Curve
from toolkit.wording import MOST_SHOWN, cut, visible


def render_page(
    result: RunResult,
    *,
    recipe_yaml: str,
    samples: Sequence[Mapping[str, Any]],
    losses: Sequence[Mapping[str, Any]],
    curve: Curve | None = None,
) -> str:
    """Render the report of a run as HTML; the same input gives the same text in the language that is spoken.

    Every string is escaped: names, labels and texts come from models and data that nobody has checked.

    Args:
        result: of the run.
        recipe_yaml: the resolved recipe, to be shown.
        samples: test rows in the order to show, as `toolkit.trials.finished.FinishedRun.samples` gives them.
        losses: ``step`` and ``loss`` (mean training loss) as ``log.jsonl`` has them.
        curve: results by the share of the training rows, of a run that is the end of one.
    """
    words = Language(language())
    body = run_body(result, recipe_yaml=recipe_yaml, samples=samples, losses=losses, curve=curve, language=words)
    model, source = facts.heading(result)
    title = words.say("{model} on {sources}", model=model, sources=source)
    return spoken_page(_page(words, title=title, bodies=[("", body)], story=None))


def render_story(story: Story) -> str:
    """Render the report of a whole work as HTML: the page of a run, with all runs and what led to them.

    Every string is escaped.

    Args:
        story: as `toolkit.tell.tell` gathers it.
    """
    bodies = [
        (
            f"{run.letter}: {run.name}",
            run_body(
                run.result,
                recipe_yaml=run.recipe_yaml,
                samples=run.samples,
                losses=run.losses,
                language=story.language,
                inner=True,
            ),
        )
        for run in story.runs
    ]
    page = _page(story.language, bodies=bodies, **page_parts(story))
    with speaking(story.language.code):
        return spoken_page(page)


def run_body(
    result: RunResult,
    *,
    recipe_yaml: str,
    samples: Sequence[Mapping[str, Any]],
    losses: Sequence[Mapping[str, Any]],
    language: Language,
    curve: Curve | None = None,
    inner: bool = False,
) -> Markup:
    """Return what a page shows of one run.

    Args:
        result, recipe_yaml, samples, losses, curve: as of `render_page`.
        language: of the words.
        inner: whether it stands below the heading of a page of several runs.
    """
    metric, compared = headline_metric(result), results(result)
    model, source = facts.heading(result)
    drawn = compared_metric(result) or metric
    pages = room_of(result.task).pages
    loss_chart, metric_chart = learning_curves(result.training, losses, metric)
    return Markup(  # noqa: S704 - the template escapes what it is given
        page_environment(language)
        .get_template("run.html.jinja")
        .render(
            facts=facts,
            sentences=sentences,
            pages=pages,
            partial=pages.partial,
            inner=inner,
            model=model,
            source=source,
            result=result,
            metric=metric,
            results=compared,
            best=best_values(compared),
            metric_names=list(compared[0].measures),
            drawn=drawn,
            bars=bar_chart([each for each in compared if drawn in each.measures], drawn),
            loss_chart=loss_chart,
            metric_chart=metric_chart,
            samples=shown_samples(samples),
            curve=None if curve is None else shown_curve(curve),
            recipe_yaml=yaml_without_nulls(recipe_yaml),
            **run_sections(result, language, metric=metric),
            **pages.part(result),
        )
    )


def _page(language: Language, **parts: Any) -> str:
    return visible(page_environment(language).get_template("page.html.jinja").render(facts=facts, **parts))


@cache
def page_environment(language: Language = ENGLISH) -> Environment:
    """Return the templates of this package, and the parts that tasks bring, named from `toolkit.tasks.pages.TASKS`.

    Args:
        language: of the words that templates name in English.
    """
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, TASKS], encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )

    def count(number: int, noun: str = "") -> str:
        return language.count(number, noun) if noun else facts.count(number)

    environment.globals.update(_=language.markup, language=language)
    environment.filters.update(count=count, amount=facts.amount, units=language.duration, bdi=_isolated)
    environment.filters.update(shown=lambda text: cut(text, MOST_SHOWN))
    environment.filters.update(words=metric_words, scatter_chart=scatter_chart, coverage_chart=coverage_chart)
    environment.filters.update(
        metric_name=lambda name: language.name(metric_words(name).name),
        heading=lambda name: language.heading(metric_words(name)),
    )
    return environment


def _isolated(text: str) -> Markup:
    """Return a text within a sentence, whatever the direction that it is written in."""
    return Markup("<bdi>{}</bdi>").format(text)


def learning_curves(
    training: TrainingSummary, losses: Sequence[Mapping[str, Any]], metric: str
) -> tuple[LineChart | None, LineChart | None]:
    """Return the charts of the loss and of a metric by step; None where there is no point.

    Args:
        training: of the run.
        losses: as of `render_page`.
        metric: of the validation rows.
    """
    series = [("training", thin(_points(losses, "loss"))), ("validation", _points(training.curve, "loss"))]
    measured = [("validation", _points(training.curve, metric))]
    return _curve(training, series, from_zero=_near_zero(series)), _curve(training, measured, from_zero=False)


def _near_zero(series: Sequence[tuple[str, Sequence[Point]]]) -> bool:
    """Return whether values come so near to 0 that an axis from there leaves no picture half empty."""
    values = [value for _, points in series for _, value in points]
    return bool(values) and min(values) < max(values) / 2


def _curve(
    training: TrainingSummary, series: Sequence[tuple[str, Sequence[Point]]], *, from_zero: bool
) -> LineChart | None:
    averaged = training.averaged_steps or ()
    return line_chart(series, chosen=training.best_step, averaged=averaged, from_zero=from_zero)


def _points(entries: Sequence[Mapping[str, Any]], name: str) -> list[Point]:
    """Return points in the order of the steps; of a step that a resumed run wrote twice, the later entry."""
    by_step = {int(e["step"]): float(e[name]) for e in entries if e.get(name) is not None}
    return sorted(by_step.items())


def shown_samples(samples: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows to look at, their long texts cut."""
    return [_shown(sample) for sample in samples]


def _shown(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its long texts cut; an id is as long as the data made it."""
    texts = {name: cut(value, MOST_SHOWN) for name, value in sample.items() if isinstance(value, str)}
    return {**sample, **texts}
