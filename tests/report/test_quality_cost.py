"""The picture of quality and cost: that every result stands where it belongs, and none hides another."""

from __future__ import annotations

import itertools
import math

import pytest

from toolkit.report.quality_cost import Drawn, picture_of

RESULTS = [
    Drawn(1, "large", 0.95, 0.93, 0.97, 2000.0, on_front=True, is_recommended=True),
    Drawn(2, "small", 0.84, 0.81, 0.87, 50.0, on_front=True),
    Drawn(3, "as small", 0.84, 0.80, 0.88, 50.0),
    Drawn(4, "as small too", 0.845, None, None, 51.0),
]
FREE = [("majority", 0.10), ("tfidf-logistic", 0.82), ("mean", 0.82)]


def test_higher_is_further_up_and_dearer_further_right() -> None:
    picture = picture_of(RESULTS, FREE, lower_is_better=False)
    assert picture is not None
    placed = {point.result.name: point for point in picture.points}
    assert placed["large"].x > placed["small"].x
    assert placed["large"].y < placed["small"].y
    assert placed["small"].low > placed["small"].y > placed["small"].high
    assert all(0 <= place <= 100 for point in picture.points for place in (point.x, point.y))
    assert len(picture.path.split()) == 3  # along, and then up
    upside_down = picture_of(RESULTS, FREE, lower_is_better=True)
    assert upside_down is not None
    turned = {point.result.name: point for point in upside_down.points}
    assert turned["large"].y > turned["small"].y


def test_equal_points_do_not_hide_each_other() -> None:
    picture = picture_of(RESULTS, FREE, lower_is_better=False)
    assert picture is not None
    close = [point.shift for point in picture.points if point.result.number != 1]
    assert sorted(close) == [0, 19, 38]


def test_names_of_baselines_stand_apart() -> None:
    picture = picture_of(RESULTS, FREE, lower_is_better=False)
    assert picture is not None
    names = [level.name_y for level in picture.levels]
    assert [level.name for level in picture.levels][-1] == "majority"
    assert all(after - before >= 7 for before, after in itertools.pairwise(names))


def test_the_name_of_a_baseline_stands_where_no_circle_lies_on_it() -> None:
    baseline = ("tfidf-logistic", 0.84)
    cheap, dear = Drawn(1, "cheap", 0.845, None, None, 50.0), Drawn(2, "dear", 0.845, None, None, 2000.0)
    elsewhere = Drawn(3, "elsewhere", 0.2, None, None, 2000.0)
    for results, is_at_start in (([cheap, elsewhere], False), ([dear, elsewhere], True), ([elsewhere], False)):
        spread = [*results, Drawn(9, "far", 0.1, None, None, 50.0), Drawn(8, "far too", 0.1, None, None, 2000.0)]
        picture = picture_of(spread, [baseline], lower_is_better=False)
        assert picture is not None
        assert [level.is_at_start for level in picture.levels] == [is_at_start]


@pytest.mark.parametrize("costs", [(0.0, 1.0), (1.0, 1.0), (math.inf, 2.0), (math.inf, math.inf), (3.0, 3e9)])
def test_any_costs_can_be_drawn(costs: tuple[float, float]) -> None:
    results = [Drawn(place, str(place), 0.5 + place / 10, None, None, cost) for place, cost in enumerate(costs)]
    picture = picture_of(results, [], lower_is_better=False)
    assert picture is not None
    assert all(0 <= point.x <= 100 for point in picture.points)
    assert 1 <= len(picture.x_ticks) <= 6
    if math.isinf(costs[0]):
        assert max(picture.points, key=lambda point: point.x).result.name == "0"


def test_thirty_results_and_none() -> None:
    results = [Drawn(place, "m", 0.5, 0.4, 0.6, 10.0) for place in range(30)]
    picture = picture_of(results, [], lower_is_better=False)
    assert picture is not None
    assert len({(point.shift, point.drop) for point in picture.points}) == 30
    assert {abs(point.shift) for point in picture.points} == set(range(0, 6 * 19, 19))
    assert picture_of([], FREE, lower_is_better=False) is None
