"""A run carried out again, as lines for a terminal and as HTML for a notebook."""

from __future__ import annotations

from toolkit.report import facts
from toolkit.report.compared import Grid
from toolkit.report.measures import Measure
from toolkit.report.notebook import lines_html, table_html
from toolkit.tasks import room_of
from toolkit.trials.reproductions import Reproduced
from toolkit.wording import Heading, table


def reproduced_lines(reproduced: Reproduced) -> list[str]:
    """Return what differs from the first time, each figure beside its interval, and the verdict."""
    lines: list[str] = [Heading("What is different from the first time")]
    if reproduced.changes:
        header, rows = _changes(reproduced)
        lines += table(rows, header=header)
    else:
        lines.append("Nothing: the same rows, seed, versions and machine.")
    header, rows = _figures(reproduced)
    lines += ["", Heading("Figures on the test rows"), *table(rows, header=header), ""]
    return [*lines, *(f"note: {remark}" for remark in reproduced.remarks), verdict(reproduced)]


def reproduced_html(reproduced: Reproduced) -> str:
    """Return the same as HTML."""
    changes = [table_html(*_changes(reproduced))] if reproduced.changes else []
    told = "\n".join([*(f"note: {remark}" for remark in reproduced.remarks), verdict(reproduced)])
    return "".join([*changes, table_html(*_figures(reproduced)), lines_html(told, wraps=True)])


def verdict(reproduced: Reproduced) -> str:
    """Return whether each figure fell into its interval, in a sentence."""
    found = reproduced.found
    n_figures = facts.count(len(found.figures), "figure")
    if found.passed:
        return f"reproduced: {n_figures} of {reproduced.name} in their intervals; the new run is {found.run}"
    return f"NOT reproduced: {len(found.outside):,} of {n_figures} of {reproduced.name} outside of their intervals"


def outside_lines(reproduced: Reproduced) -> list[str]:
    """Return each figure that fell outside of its interval, in a line."""
    _, rows = _figures(reproduced)
    figures = zip(reproduced.found.figures, rows, strict=True)
    return [
        f"{of or 'this model'}: {metric} is {again}, stated was {stated}{f' ({interval})' if interval else ''}"
        for figure, (of, metric, stated, interval, again, _) in figures
        if not figure.within
    ]


def _changes(reproduced: Reproduced) -> Grid:
    rows = [[change.what, change.before, change.now] for change in reproduced.changes]
    return ["", "then", "now"], rows


def _figures(reproduced: Reproduced) -> Grid:
    names = room_of(reproduced.stated.task).pages.baseline_names(reproduced.stated.problem)
    rows = []
    for figure in reproduced.found.figures:
        stated = Measure.of(figure.stated, figure.metric)
        again = Measure(figure.again, words=stated.words)
        of = names.get(figure.of, figure.of)
        rows.append(
            [of, stated.words.heading, stated.text, stated.interval, again.text, "yes" if figure.within else "NO"]
        )
    return ["", "metric", "stated", "95 % interval", "now", "inside"], rows
