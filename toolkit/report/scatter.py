"""Positions of predicted numbers against their references, in per cent of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.charts import Axis, Point, Tick


@dataclass(frozen=True)
class ScatterChart:
    """Points over two axes of one scale, on which right predictions stand on the diagonal.

    Attributes:
        points: from the left and from the top.
        x_ticks: of the references.
        y_ticks: of the predictions.
    """

    points: tuple[Point, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def scatter_chart(pairs: Sequence[Sequence[float]]) -> ScatterChart | None:
    """Place points.

    Args:
        pairs: reference and prediction of each row.

    Returns:
        None when there is no row.
    """
    if not pairs:
        return None
    numbers = [value for pair in pairs for value in pair]
    across = Axis(numbers, start=0.0, end=100.0, round_ends=True)
    upwards = Axis(numbers, start=100.0, end=0.0, round_ends=True)
    points = tuple((across.at(reference), upwards.at(prediction)) for reference, prediction in pairs)
    return ScatterChart(points, across.ticks, upwards.ticks)
