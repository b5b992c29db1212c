"""Positions of a curve of risk by coverage, in per cent of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.report.charts import Axis, Tick


@dataclass(frozen=True)
class CoverageChart:
    """The share of wrong answers (upwards) by the share of answered rows, the surest first.

    Attributes:
        path: of the curve.
        x_ticks, y_ticks: of the coverage, and of the risk.
        chosen: coverage at the chosen probability; None where nothing is answered.
        asked: the risk that was asked for; None where that is not known.
    """

    path: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    chosen: Tick | None
    asked: Tick | None


def coverage_chart(
    points: Sequence[Sequence[float]], *, coverage: float | None, asked: float | None = None
) -> CoverageChart | None:
    """Place a curve.

    Args:
        points: coverage and risk, from the lowest coverage.
        coverage: of the answered rows.
        asked: precision that was asked for.

    Returns:
        None when there is no point.
    """
    if not points:
        return None
    across = Axis([0.0, 1.0], start=0.0, end=100.0, round_ends=True)
    risks = [0.0, *(risk for _, risk in points), *([] if asked is None else [1 - asked])]
    upwards = Axis(risks, start=100.0, end=0.0, round_ends=True)
    return CoverageChart(
        " ".join(f"{across.at(x)},{upwards.at(y)}" for x, y in points),
        across.ticks,
        upwards.ticks,
        None if not coverage else Tick(across.at(coverage), f"answered: {coverage:.3f}"),
        None if asked is None else Tick(upwards.at(1 - asked), f"asked for: at most {1 - asked:.3g}"),
    )
