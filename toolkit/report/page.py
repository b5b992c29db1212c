"""One finished run as one HTML file that needs nothing else: no script, no network, no time stamp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from toolkit.report import facts
from toolkit.report.charts import LineChart, Point, bar_chart, line_chart, thin

MOST_CLASSES = 20
MOST_PAIRS = 20
MOST_CHARACTERS = 600


def render_page(
    metrics: Mapping[str, Any],
    *,
    recipe_yaml: str,
    mistakes: Sequence[Mapping[str, Any]],
    losses: Sequence[Mapping[str, Any]],
) -> str:
    """The report of a run as HTML; the same input gives the same text.

    Every string is escaped: names, labels and texts come from models and data that nobody has checked.

    Args:
        metrics: the content of ``metrics.json``.
        recipe_yaml: the resolved recipe, as it stands in the run folder.
        mistakes: ``id``, ``text``, ``reference``, ``prediction``, ``probability`` of test rows, in the order
            to show.
        losses: ``step`` and ``loss`` (mean training loss) as ``log.jsonl`` has them.
    """
    metric = facts.headline_metric(metrics)
    results = facts.results(metrics)
    template = _environment().get_template("page.html.jinja")
    page = template.render(
        facts=facts,
        metrics=metrics,
        metric=metric,
        results=results,
        metric_names=list(results[0].measures),
        bars=bar_chart(results, metric),
        loss_chart=_loss_chart(metrics, losses),
        metric_chart=_metric_chart(metrics, metric),
        confusion=metrics["splits"]["test"].get("confusion"),
        most_classes=MOST_CLASSES,
        most_pairs=MOST_PAIRS,
        mistakes=[{**mistake, "text": _shortened(str(mistake["text"]))} for mistake in mistakes],
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
    environment.filters.update(count=facts.count, seconds=facts.seconds, amount=facts.amount)
    environment.filters["metric_name"] = facts.metric_name
    return environment


def _loss_chart(metrics: Mapping[str, Any], losses: Sequence[Mapping[str, Any]]) -> LineChart | None:
    training = metrics["training"]
    series = [("training", thin(_points(losses, "loss"))), ("validation", _points(training["curve"], "loss"))]
    return line_chart(series, chosen=training["best_step"], from_zero=True)


def _metric_chart(metrics: Mapping[str, Any], metric: str) -> LineChart | None:
    training = metrics["training"]
    series = [("validation", _points(training["curve"], metric))]
    return line_chart(series, chosen=training["best_step"], from_zero=False)


def _points(entries: Sequence[Mapping[str, Any]], name: str) -> list[Point]:
    """In the order of the steps; of a step that a resumed run wrote twice, the later entry."""
    by_step = {int(e["step"]): float(e[name]) for e in entries if e.get(name) is not None}
    return sorted(by_step.items())


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[:MOST_CHARACTERS].rstrip() + " …"
