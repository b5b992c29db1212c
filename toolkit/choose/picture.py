"""The front of quality and cost as a picture: SVG for a page, and a PNG file.

Points carry numbers, and their names stand below: names of any length and language find room there.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from toolkit.choose.canvas import Canvas, Colour, Place
from toolkit.choose.front_chart import FrontChart, Mark, front_chart
from toolkit.choose.letters import HEIGHT, strokes_of
from toolkit.choose.pareto import Point, Tied, may_be_equal

_WIDTH, _PLOT_HEIGHT, _ROW_HEIGHT = 1600, 760, 46  # pixels of a PNG
_LEFT, _RIGHT, _TOP, _AXIS_HEIGHT = 130, 1560, 70, 110
_LETTER = 20.0  # height of a capital
_LONGEST_NAME = 64  # characters; smaller letters give them room in a row
# The colours of page.css on white paper.
_PAPER, _INK, _SOFT, _RULE = (255, 255, 255), (27, 29, 33), (93, 98, 107), (226, 228, 232)
_OURS, _OTHER = (37, 99, 201), (180, 186, 196)
_NUMBER = 'text-anchor="middle" dy="0.35em" style="fill: {}; font-size: 11px; font-weight: 600; pointer-events: none"'


def front_svg(points: Sequence[Point], *, quality: str, cost: str, tied: Tied = may_be_equal) -> str:
    """The picture for an HTML page that has the style sheet of `toolkit.report`; nothing where there are no points.

    Args:
        points, tied: as of `front_chart`.
        quality, cost: what they are, with their units; escaped like the names.
    """
    chart = front_chart(points, tied=tied)
    if chart is None:
        return ""
    drawn = "\n".join([*_svg_axes(chart), *_svg_marks(chart)])
    names = "\n".join(f'<li value="{mark.number}">{_html_name(mark)}</li>' for mark in chart.marks)
    return f"""<figure>
<figcaption>{escape(quality)} (upwards) by {escape(cost)}</figcaption>
<svg class="front" width="100%" height="400" role="img" aria-label="{escape(quality)} by {escape(cost)}">
<svg x="8%" y="16" width="88%" height="344" overflow="visible">
{drawn}
</svg>
</svg>
<ol class="names">
{names}
</ol>
</figure>
"""


def front_png(points: Sequence[Point], *, quality: str, cost: str, tied: Tied = may_be_equal) -> bytes:
    """The picture as a PNG file.

    Args:
        points, quality, cost, tied: as of `front_svg`.

    Raises:
        ValueError: there are no points.
    """
    chart = front_chart(points, tied=tied)
    if chart is None:
        raise ValueError("there are no points to draw")
    canvas = Canvas(_WIDTH, _TOP + _PLOT_HEIGHT + _AXIS_HEIGHT + _ROW_HEIGHT * (len(chart.marks) + 1), _PAPER)
    _draw_axes(canvas, chart)
    canvas.text(f"{quality} (upwards) by {cost}", (_LEFT, 40), _SOFT, size=_LETTER)
    canvas.line([_pixels(place) for place in chart.steps], _OURS, width=4)
    for mark in reversed(chart.marks):
        _draw_mark(canvas, mark)
    for row, mark in enumerate(chart.marks):
        _draw_name(canvas, mark, _TOP + _PLOT_HEIGHT + _AXIS_HEIGHT + _ROW_HEIGHT * (row + 0.5))
    return canvas.png()


def _svg_axes(chart: FrontChart) -> list[str]:
    upwards = [
        f'<line class="grid" x1="0%" x2="100%" y1="{tick.at}%" y2="{tick.at}%"/>'
        f'<text class="tick" x="0" dx="-7" y="{tick.at}%" dy="0.35em" text-anchor="end">{tick.text}</text>'
        for tick in chart.y_ticks
    ]
    across = [
        f'<text class="tick" x="{tick.at}%" y="100%" dy="22" text-anchor="middle">{tick.text}</text>'
        for tick in chart.x_ticks
    ]
    return upwards + across


def _svg_marks(chart: FrontChart) -> list[str]:
    path = " ".join(f"{x},{y}" for x, y in chart.steps)
    whole = 'viewBox="0 0 100 100" preserveAspectRatio="none" width="100%" height="100%" overflow="visible"'
    drawn = [f'<svg {whole}><polyline class="line validation" points="{path}"/></svg>']
    for mark in reversed(chart.marks):
        title = f"<title>{escape(mark.point.name)}: {mark.words}</title>"
        if mark.low is not None and mark.high is not None:
            whisker = f'<line x1="{mark.x}%" x2="{mark.x}%" y1="{mark.low}%" y2="{mark.high}%"/>'
            drawn.append(f'<g class="whisker">{title}{whisker}</g>')
        kind, ink = ("ours", "var(--paper)") if mark.on_front else ("theirs", "var(--ink)")
        drawn.append(f'<circle class="{kind}" cx="{mark.x}%" cy="{mark.y}%" r="9">{title}</circle>')
        drawn.append(f'<text x="{mark.x}%" y="{mark.y}%" {_NUMBER.format(ink)}>{mark.number}</text>')
    return drawn


def _html_name(mark: Mark) -> str:
    name = f"<bdi>{escape(mark.point.name)}</bdi>"
    shown = f"<b>{name}</b>" if mark.on_front else name
    return f"{shown} {mark.words}{', recommended' if mark.recommended else ''}"


def _pixels(place: Place) -> Place:
    return _LEFT + (_RIGHT - _LEFT) * place[0] / 100, _TOP + _PLOT_HEIGHT * place[1] / 100


def _draw_axes(canvas: Canvas, chart: FrontChart) -> None:
    for tick in chart.y_ticks:
        left, y = _pixels((0.0, tick.at))
        canvas.line([(left, y), (_RIGHT, y)], _RULE, width=2)
        canvas.text(tick.text, (left - 16, y + _LETTER / 2), _SOFT, size=_LETTER, anchor=1.0)
    for tick in chart.x_ticks:
        x, bottom = _pixels((tick.at, 100.0))
        canvas.text(tick.text, (x, bottom + 2.4 * _LETTER), _SOFT, size=_LETTER, anchor=0.5)


def _draw_mark(canvas: Canvas, mark: Mark) -> None:
    x, y = _pixels((mark.x, mark.y))
    if mark.low is not None and mark.high is not None:
        low, high = _pixels((0.0, mark.low))[1], _pixels((0.0, mark.high))[1]
        for line in ([(x, low), (x, high)], [(x - 9, low), (x + 9, low)], [(x - 9, high), (x + 9, high)]):
            canvas.line(line, _INK, width=3)
    _draw_number(canvas, mark, (x, y))


def _draw_number(canvas: Canvas, mark: Mark, place: Place) -> None:
    colour: Colour = _OURS if mark.on_front else _OTHER
    canvas.dot(place, _PAPER, radius=17)
    canvas.dot(place, colour, radius=15)
    down = (place[0], place[1] + 0.35 * _LETTER)
    canvas.text(str(mark.number), down, _PAPER if mark.on_front else _INK, size=0.7 * _LETTER, anchor=0.5, bold=True)


def _draw_name(canvas: Canvas, mark: Mark, middle: float) -> None:
    _draw_number(canvas, mark, (_LEFT + 20, middle))
    name, half = mark.point.name, _LONGEST_NAME // 2
    shown = name if len(name) <= _LONGEST_NAME else f"{name[:half]} … {name[-half:]}"
    words = f"{shown}  {mark.words}{', recommended' if mark.recommended else ''}"
    size = min(_LETTER, (_RIGHT - _LEFT - 60) / strokes_of(words)[1] * HEIGHT)
    colour = _INK if mark.on_front else _SOFT
    canvas.text(words, (_LEFT + 60, middle + size / 2), colour, size=size, bold=mark.recommended)
