"""One finished run as one HTML file that needs nothing else: no script, no network, no time stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from toolkit.report import facts, sentences
from toolkit.report.charts import LineChart, Point, bar_chart, line_chart, thin
from toolkit.report.comparison import compared_metric
from toolkit.report.coverage import coverage_chart
from toolkit.report.curve import shown_curve
from toolkit.report.measures import best_values, headline_metric, metric_name, results
from toolkit.report.metric_words import metric_words
from toolkit.report.scatter import scatter_chart
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
    """Render the report of a run as HTML; the same input gives the same text.

    Every string is escaped: names, labels and texts come from models and data that nobody has checked.

    Args:
        result: of the run.
        recipe_yaml: the resolved recipe, to be shown.
        samples: test rows in the order to show, as `toolkit.trials.finished.FinishedRun.samples` gives them.
        losses: ``step`` and ``loss`` (mean training loss) as ``log.jsonl`` has them.
        curve: results by the share of the training rows, of a run that is the end of one.
    """
    metric, compared = headline_metric(result), results(result)
    drawn = compared_metric(result) or metric
    pages = room_of(result.task).pages
    loss_chart, metric_chart = learning_curves(result.training, losses, metric)
    page = (
        page_environment()
        .get_template("page.html.jinja")
        .render(
            facts=facts,
            sentences=sentences,
            pages=pages,
            partial=pages.partial,
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
            recipe_yaml=recipe_yaml,
            **pages.part(result),
        )
    )
    return visible(page)


@cache
def page_environment() -> Environment:
    """Return the templates of this package, and the parts that tasks bring, named from `toolkit.tasks.pages.TASKS`."""
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, TASKS], encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(count=facts.count, amount=facts.amount)
    environment.filters.update(metric_name=metric_name, words=metric_words, scatter_chart=scatter_chart)
    environment.filters.update(coverage_chart=coverage_chart)
    return environment


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
    return _curve(training, series, from_zero=True), _curve(training, measured, from_zero=False)


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
