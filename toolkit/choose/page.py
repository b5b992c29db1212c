"""A choice as one HTML file that needs nothing else, and its picture beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from toolkit.choose.advise import advice_lines
from toolkit.choose.budget import told
from toolkit.choose.measurement import Status
from toolkit.choose.picture import front_png, front_svg
from toolkit.choose.written import HEADER, choice_json, recommendation, result_rows
from toolkit.files import replacing, write_text_atomically

if TYPE_CHECKING:
    from toolkit.choose.choose import Choice

PAGE, PICTURE = "choose.html", "pareto.png"

_COST = "seconds from one text to its answer (p50)"
_REPORT = Path(__file__).parent.parent / "report"


def write_page(choice: Choice) -> None:
    """Write ``choose.html`` and ``pareto.png``.

    Args:
        choice: with its recipes written.
    """
    if choice.decision.points:
        picture = front_png(choice.decision.points, quality=_quality(choice), cost=_COST, tied=choice.decision.tied)
        with replacing(choice.folder / PICTURE) as temporary:
            temporary.write_bytes(picture)
    write_text_atomically(choice.folder / PAGE, render_choice(choice))


def render_choice(choice: Choice) -> str:
    """The page; every string is escaped, as names and texts come from models and data that nobody has checked."""
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, _REPORT], encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rows, decision = choice.rows, choice.decision
    picture = front_svg(decision.points, quality=_quality(choice), cost=_COST, tied=decision.tied)
    page = environment.get_template("page.html.jinja").render(
        title=f"Chosen for {rows.data.source}",
        result=choice_json(choice),
        rows=rows.sizes(),
        sentences=recommendation(choice),
        picture=Markup(picture),  # noqa: S704, it escapes the names itself
        header=[cell.format(metric=rows.judge.metric.replace("_", " ")) for cell in HEADER],
        table=result_rows(choice),
        recipes=[(name, str(path), path.read_text(encoding="utf-8")) for name, path in choice.recipes.paths.items()],
        unmeasured=[made for made in choice.measured if made.status is not Status.MEASURED],
        warnings=choice.look.warnings,
        advice="\n".join(advice_lines(choice.advice)),
        spent=f"{told(choice.seconds)} of {told(choice.budget.seconds)} used",
    )
    # Half a surrogate pair can come out of a JSON file, and cannot be written to a UTF-8 one.
    return page.encode("utf-8", "replace").decode("utf-8")


def _quality(choice: Choice) -> str:
    metric = choice.rows.judge.metric.replace("_", " ")
    return f"less {metric}" if choice.rows.judge.lower_is_better else metric
