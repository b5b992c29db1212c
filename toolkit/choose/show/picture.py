"""Draw the front of quality and cost.

Points are numbered. Their names stand in a legend below, where there is room for any length and language.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.choose.decision.pareto import Point, Tied, front

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HANGUL_FONTS = ("Apple SD Gothic Neo", "Malgun Gothic", "NanumGothic", "Noto Sans CJK KR", "Noto Sans CJK JP")
_OURS, _OTHER = "#2563c9", "#b4bac4"  # as in toolkit/report/page.css
_LONGEST_NAME = 64  # characters
_WIDE = 2.0  # ratio of the largest to the smallest cost from which the axis is logarithmic


def front_png(points: Sequence[Point], *, quality: str, cost: str, tied: Tied) -> bytes:
    """Return the picture as a PNG file, the same bytes for the same points.

    Args:
        points: in any order.
        quality, cost: labels of the axes, with units.
        tied: as of `toolkit.choose.decision.pareto.front`.

    Raises:
        ValueError: there are no points.
    """
    import matplotlib
    from matplotlib import font_manager

    installed = set(font_manager.get_font_names())
    fonts = ["DejaVu Sans", *(name for name in _HANGUL_FONTS if name in installed)]
    stream = io.BytesIO()
    with matplotlib.rc_context({"font.family": fonts}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # the box in its place is seen
        figure = _figure(points, quality=quality, cost=cost, tied=tied)
        figure.savefig(stream, format="png", dpi=160, bbox_inches="tight", metadata={"Software": None})
    return stream.getvalue()


def _figure(points: Sequence[Point], *, quality: str, cost: str, tied: Tied) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator

    if not points:
        raise ValueError("there are no points to draw")
    chosen = front(points, tied=tied)
    ordered = sorted(points, key=lambda point: (-point.quality, point.cost, point.name))
    costs = [point.cost for point in points if math.isfinite(point.cost)]
    figure = Figure(figsize=(9, 5))
    axes = figure.add_subplot()
    if costs and min(costs) > 0 and max(costs) > _WIDE * min(costs):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_minor_formatter("")
    dearest = max(costs, default=1.0)
    for number, point in enumerate(ordered, start=1):
        recommended = ", recommended" if point == chosen[-1] else ""
        layer = 3 + 3 * (len(points) - number)  # of points at the same position the best is on top
        _draw(axes, point, number, x=_at(point, dearest), layer=layer, on_front=point in chosen, suffix=recommended)
    axes.step(
        [_at(point, dearest) for point in chosen],
        [point.quality for point in chosen],
        where="post",
        color=_OURS,
        zorder=1,
    )
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(cost)
    axes.set_ylabel(f"{quality} (upwards)")
    axes.margins(0.08)
    axes.grid(axis="y", color="#e2e4e8")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    names = axes.legend(loc="upper left", bbox_to_anchor=(-0.02, -0.14), frameon=False)
    for text in names.get_texts():
        text.set_parse_math(False)  # a name may hold dollar signs
    return figure


def _draw(axes: Axes, point: Point, number: int, *, x: float, layer: int, on_front: bool, suffix: str) -> None:
    colour, ink = (_OURS, "white") if on_front else (_OTHER, "black")
    label = f"{number}  {_short(point.name)}  {point.quality:.3f}"
    if point.low is not None and point.high is not None:
        axes.vlines(x, point.low, point.high, color="#1b1d21", linewidth=1.5, zorder=layer)
        label += f" ({point.low:.3f} to {point.high:.3f})"
    axes.plot(
        x, point.quality, "o", markersize=12, color=colour, linestyle="none", label=label + suffix, zorder=layer + 1
    )
    axes.annotate(
        str(number), (x, point.quality), color=ink, fontsize=8, ha="center", va="center_baseline", weight="bold"
    ).set_zorder(layer + 2)


def _at(point: Point, dearest: float) -> float:
    """Return the x coordinate of a point; a point without known cost is right of all others."""
    return point.cost if math.isfinite(point.cost) else _WIDE * dearest


def _short(name: str) -> str:
    half = _LONGEST_NAME // 2
    return name if len(name) <= _LONGEST_NAME else f"{name[:half]} … {name[-half:]}"
