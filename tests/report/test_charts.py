from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_results import result_of

from toolkit.report.charts import MAX_POINTS, bar_chart, line_chart, thin
from toolkit.report.measures import Measure, Result, results

VALUES = st.floats(-1e6, 1e6).map(lambda x: round(x, 4))
LINES = st.lists(st.tuples(st.integers(1, 100_000), VALUES), min_size=1, max_size=30, unique_by=lambda p: p[0])


def test_bars_between_zero_and_one_stand_at_their_per_cent(metrics):
    chart = bar_chart(results(result_of(metrics)), "accuracy")
    assert [(bar.start, bar.end) for bar in chart.bars] == [(0, 84.02), (0, 50), (0, 78.5)]
    assert (chart.bars[0].low, chart.bars[0].high) == (81.7, 86.2)
    assert [(tick.at, tick.text) for tick in chart.ticks] == [
        (0, "0.00"),
        (25, "0.25"),
        (50, "0.50"),
        (75, "0.75"),
        (100, "1.00"),
    ]


def test_a_negative_value_widens_the_axis_and_the_bar_begins_at_zero():
    chart = bar_chart([Result("this", {"matthews_correlation": Measure(-0.5, -0.9, 0.1)})], "matthews_correlation")
    (bar,) = chart.bars
    assert bar.low < bar.end < bar.start < bar.high
    assert next(tick.at for tick in chart.ticks if float(tick.text) == 0) == bar.start


def test_a_result_without_the_metric_has_no_bar():
    (bar,) = bar_chart([Result("this", {})], "accuracy").bars
    assert (bar.end, bar.low, bar.high) == (None, None, None)


@given(LINES, st.booleans())
def test_lines_stay_in_the_picture_and_agree_with_the_ticks(points, from_zero):
    points = sorted(points)
    chart = line_chart([("training", points)], chosen=points[-1][0], from_zero=from_zero)
    places = [tuple(map(float, pair.split(","))) for pair in chart.lines[0].path.split()]
    assert len(places) == len(points)
    assert all(0 <= x <= 100 and 0 <= y <= 100 for x, y in places)
    assert chart.chosen.at == places[-1][0] == 100
    assert all(0 <= tick.at <= 100 for tick in (*chart.x_ticks, *chart.y_ticks))
    assert 2 <= len(chart.y_ticks) <= 7
    # What the labels say is where the points stand: the same straight line through the first and last tick.
    (low, high) = ((tick.at, float(tick.text.replace(",", ""))) for tick in (chart.y_ticks[0], chart.y_ticks[-1]))
    per_unit = (high[0] - low[0]) / (high[1] - low[1])
    for (_, value), (_, y) in zip(points, places, strict=True):
        assert y == pytest.approx(low[0] + (value - low[1]) * per_unit, abs=0.02)


def test_a_single_evaluation_and_equal_values_can_be_drawn():
    chart = line_chart([("validation", [(10, 0.5)])], chosen=None, from_zero=False)
    assert chart.lines[0].dots == ((100.0, 50.0, "step 10: 0.5"),)
    assert chart.chosen is None


def test_without_points_there_is_no_chart():
    assert line_chart([("training", []), ("validation", [])], chosen=3, from_zero=True) is None


@given(st.integers(0, 3000))
def test_thinning_keeps_order_and_level(n):
    points = [(float(step), 2.0 * step) for step in range(n)]
    few = thin(points)
    assert len(few) <= MAX_POINTS
    assert few == sorted(few)
    assert all(y == pytest.approx(2 * x) for x, y in few)
    if n <= MAX_POINTS:
        assert few == points


def test_metrics_without_an_end_of_scale_fill_the_picture(translation, language_model):
    chart = bar_chart([Result("this", {"chrf": Measure(38.0, 36.5, 39.5)})], "chrf")
    assert [tick.text for tick in chart.ticks] == ["0", "10", "20", "30", "40"]
    assert chart.bars[0].end == 95
    nothing = bar_chart([Result("this", {"bleu": Measure(0.0, 0.0, 0.0)})], "bleu")
    assert (nothing.bars[0].start, nothing.bars[0].end) == (0, 0)
    ours, theirs = bar_chart(results(result_of(language_model)), "bits_per_character").bars
    assert 0 < ours.end < theirs.end <= 100


def test_each_step_of_a_mean_is_marked():
    points = [(step, 7.0 - step / 10) for step in (10, 20, 30, 40)]
    chart = line_chart([("validation", points)], chosen=None, averaged=[20, 30, 40], from_zero=True)
    assert chart.averaged == (50, 75, 100)
    assert (chart.chosen.at, chart.chosen.text) == (100, "kept: the mean of 3")
