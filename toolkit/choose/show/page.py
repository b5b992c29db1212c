"""Write a choice as one self-contained HTML file, and its picture beside it."""

from __future__ import annotations

import base64
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from toolkit.choose.advice.advise import advice_lines
from toolkit.choose.look.look import look_lines
from toolkit.choose.measure.measurement import Status
from toolkit.choose.show.lines import PAGE_HEADER, page_rows, promise, recommendation
from toolkit.choose.show.picture import front_png
from toolkit.files import replacing, write_text_atomically
from toolkit.progress import say
from toolkit.report.facts import duration
from toolkit.wording import visible

if TYPE_CHECKING:
    from toolkit.choose.choice import Choice

PAGE, PICTURE = "choose.html", "pareto.png"

_COST = "seconds from one text to its answer (p50)"
_REPORT = Path(__file__).parents[2] / "report"


def write_page(choice: Choice) -> None:
    """Write ``choose.html`` and ``pareto.png``.

    Args:
        choice: with its recipes written.
    """
    picture = _picture(choice)
    if picture is not None:
        with replacing(choice.folder / PICTURE) as temporary:
            temporary.write_bytes(picture)
    write_text_atomically(choice.folder / PAGE, render_choice(choice, picture=picture))


def render_choice(choice: Choice, *, picture: bytes | None) -> str:
    """Render the page; every string is escaped, because names and texts come from unchecked models and data.

    Args:
        choice: with its recipes written.
        picture: a PNG file; None where there are no points to draw.
    """
    environment = Environment(
        loader=FileSystemLoader([Path(__file__).parent, _REPORT], encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    rows = choice.rows
    page = environment.get_template("page.html.jinja").render(
        title=f"Chosen for {rows.data.source}",
        task=rows.task.value,
        look="\n".join(look_lines(choice.look)),
        promise=[entry["model"] for entry in promise(choice)],
        rows=rows.sizes(),
        sentences=recommendation(choice),
        picture=None if picture is None else base64.b64encode(picture).decode("ascii"),
        header=[cell.format(metric=rows.judge.metric.replace("_", " ")) for cell in PAGE_HEADER],
        table=page_rows(choice),
        recipes=[
            (result.name, str(path), path.read_text(encoding="utf-8"))
            for result, path in zip(choice.recipes.front, choice.recipes.paths, strict=True)
        ],
        unmeasured=[result for result in choice.measured if result.status is not Status.MEASURED],
        warnings=choice.look.warnings,
        advice="\n".join(advice_lines(choice.advice)),
        spent=f"{duration(choice.seconds)} of {duration(choice.budget.seconds)} used",
    )
    return visible(page)


def _picture(choice: Choice) -> bytes | None:
    metric = choice.rows.judge.metric.replace("_", " ")
    quality = f"less {metric}" if choice.rows.judge.lower_is_better else metric
    decision = choice.decision
    if not decision.points:
        return None
    if find_spec("matplotlib") is None:
        say("the page has no picture without matplotlib: pip install 'transfer-toolkit[pictures]'")
        return None
    return front_png(decision.points, quality=quality, cost=_COST, tied=decision.tied)
