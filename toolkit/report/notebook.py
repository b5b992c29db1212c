"""Results as HTML for a notebook: pieces of the page of a run, in a frame of their own style."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from toolkit.report import facts, sentences
from toolkit.report.compared import (
    about_p,
    baseline_lines,
    letter,
    mcnemar_lines,
    metrics_grid,
    on_rows,
    recipe_grid,
    runs_grid,
)
from toolkit.report.measures import Measure, best_values, headline_metric, results
from toolkit.report.page import learning_curves, page_environment, shown_samples
from toolkit.run_result import EvaluationResult, RunResult
from toolkit.tasks import room_of
from toolkit.trials.compared import ComparedRuns
from toolkit.wording import shortened, visible


def run_html(result: RunResult, *, samples: Sequence[Mapping[str, Any]], losses: Sequence[Mapping[str, Any]]) -> str:
    """Return a finished run: the result beside its baselines, the learning curves, and the task's own part.

    Args:
        result: of the run.
        samples, losses: as of `toolkit.report.page.render_page`.
    """
    compared = results(result)
    loss_chart, metric_chart = learning_curves(result.training, losses, headline_metric(result))
    return _rendered(
        "run",
        result=result,
        results=compared,
        best=best_values(compared),
        metric=headline_metric(result),
        metric_names=list(compared[0].measures),
        loss_chart=loss_chart,
        metric_chart=metric_chart,
        **_own_part(result, samples),
    )


def evaluation_html(result: EvaluationResult) -> str:
    """Return an evaluation on other rows: each metric with its interval, and the task's own part."""
    measures = [(name, Measure.of(value, name)) for name, value in result.test.metrics.items()]
    return _rendered("evaluation", result=result, measures=measures, **_own_part(cast(RunResult, result), ()))


def table_html(header: Sequence[str], rows: Sequence[Sequence[Any]], *, n_rows: int | None = None) -> str:
    """Return a table of cells; a long text is cut.

    Args:
        header: names of the columns.
        rows: those to show.
        n_rows: of the whole table, where more are not shown.
    """
    cells = [[_cell(cell) for cell in row] for row in rows]
    return _rendered("table", header=header, rows=cells, n_more=(n_rows or len(rows)) - len(rows))


def lines_html(text: str, *, wraps: bool = False) -> str:
    """Return lines of text, in letters of one width unless they wrap."""
    return _rendered("lines", text=text, wraps=wraps)


def compared_html(compared: ComparedRuns) -> str:
    """Return compared runs: side by side, what differs between their recipes, the tests, and rows to read."""
    parts = [
        lines_html(f"{facts.count(len(compared.runs), 'run')} of {compared.task}, {on_rows(compared)}", wraps=True),
        table_html(*runs_grid(compared)),
        *([lines_html("\n".join(beside), wraps=True)] if (beside := baseline_lines(compared)) else []),
        table_html(*recipe_grid(compared)) if compared.recipe else lines_html("The recipes are the same.", wraps=True),
        table_html(*metrics_grid(compared)),
        lines_html("\n".join([about_p(compared), *mcnemar_lines(compared)]), wraps=True),
    ]
    for index, pair in enumerate(compared.pairs, start=1):
        header = ["id", "text", "right", letter(0), letter(index)]
        rows = [[row.id, row.text, row.reference, row.first, row.second] for row in pair.disagreement.examples]
        parts.append(table_html(header, rows, n_rows=pair.disagreement.rows))
    return "".join(parts)


def _own_part(result: RunResult, samples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the task's part of the page is drawn from."""
    pages = room_of(result.task).pages
    return {"partial": pages.partial, "pages": pages, "samples": shown_samples(samples), **pages.part(result)}


def _cell(value: Any) -> tuple[str, bool]:
    """Return a cell as text, and whether it is a number."""
    if isinstance(value, float):
        return f"{value:.4g}", True
    return shortened(str("" if value is None else value)), isinstance(value, int) and not isinstance(value, bool)


def _rendered(kind: str, **values: Any) -> str:
    template = page_environment().get_template("notebook.html.jinja")
    return visible(template.render(kind=kind, style=_style(), facts=facts, sentences=sentences, **values))


@cache
def _style() -> str:
    """Return the page's style, for what stands within one element of a notebook's page and for nothing else."""
    page = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    return page.replace(":root", "&").replace("\nbody {", "\n& {")
