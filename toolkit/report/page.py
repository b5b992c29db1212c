"""One finished run as one HTML file that needs nothing else: no script, no network, no time stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from toolkit.report import facts, label_facts, text_facts
from toolkit.report.charts import LineChart, Point, bar_chart, line_chart, thin
from toolkit.report.metric_words import metric_words
from toolkit.report.scatter import scatter_chart

MOST_CLASSES = 20
MOST_PAIRS = 20
MOST_LABELS = 50
MOST_CHARACTERS = 600


def render_page(
    metrics: Mapping[str, Any],
    *,
    recipe_yaml: str,
    samples: Sequence[Mapping[str, Any]],
    losses: Sequence[Mapping[str, Any]],
) -> str:
    """The report of a run as HTML; the same input gives the same text.

    Every string is escaped: names, labels and texts come from models and data that nobody has checked.

    Args:
        metrics: the content of ``metrics.json``.
        recipe_yaml: the resolved recipe, as it stands in the run folder.
        samples: test rows in the order to show, as `toolkit.trials.finished.FinishedRun.samples` gives them.
        losses: ``step`` and ``loss`` (mean training loss) as ``log.jsonl`` has them.
    """
    metric = facts.headline_metric(metrics)
    test = metrics["splits"]["test"]
    results = facts.results(metrics)
    drawn = facts.compared_metric(metrics) or metric
    template = _environment().get_template("page.html.jinja")
    page = template.render(
        facts=facts,
        texts=text_facts,
        labels=label_facts,
        problem=label_facts.problem_of(metrics),
        metrics=metrics,
        metric=metric,
        results=results,
        best=facts.best_values(results),
        metric_names=list(results[0].measures),
        drawn=drawn,
        bars=bar_chart([result for result in results if drawn in result.measures], drawn),
        loss_chart=_loss_chart(metrics, losses),
        metric_chart=_metric_chart(metrics, metric),
        confusion=test.get("confusion"),
        label_scores=label_facts.hardest_labels(test, at_most=MOST_LABELS),
        scatter=scatter_chart(test.get("points") or ()),
        most_classes=MOST_CLASSES,
        most_pairs=MOST_PAIRS,
        samples=[_shown(sample) for sample in samples],
        recipe_yaml=recipe_yaml,
    )
    # Half a surrogate pair can come out of a JSON file, and cannot be written to a UTF-8 one.
    return page.encode("utf-8", "replace").decode("utf-8")


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(count=facts.count, seconds=facts.duration, amount=facts.amount)
    environment.filters.update(metric_name=facts.metric_name, words=metric_words)
    environment.filters.update(answer=label_facts.answer, number=label_facts.number)
    return environment


def _loss_chart(metrics: Mapping[str, Any], losses: Sequence[Mapping[str, Any]]) -> LineChart | None:
    training = metrics["training"]
    series = [("training", thin(_points(losses, "loss"))), ("validation", _points(training["curve"], "loss"))]
    return _curve(metrics, series, from_zero=True)


def _metric_chart(metrics: Mapping[str, Any], metric: str) -> LineChart | None:
    series = [("validation", _points(metrics["training"]["curve"], metric))]
    return _curve(metrics, series, from_zero=False)


def _curve(
    metrics: Mapping[str, Any], series: Sequence[tuple[str, Sequence[Point]]], *, from_zero: bool
) -> LineChart | None:
    averaged = text_facts.averaged_steps(metrics)
    return line_chart(series, chosen=metrics["training"]["best_step"], averaged=averaged, from_zero=from_zero)


def _points(entries: Sequence[Mapping[str, Any]], name: str) -> list[Point]:
    """In the order of the steps; of a step that a resumed run wrote twice, the later entry."""
    by_step = {int(e["step"]): float(e[name]) for e in entries if e.get(name) is not None}
    return sorted(by_step.items())


def _shown(sample: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its long texts cut; an id is as long as the data made it."""
    texts = {name: _shortened(value) for name, value in sample.items() if isinstance(value, str)}
    return {**sample, **texts}


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS].rstrip() + " …"
