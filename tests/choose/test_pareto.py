"""The front against its definition, and how ties are decided."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.choose.pareto import Point, front, may_be_equal, recommend

POINTS = st.lists(
    st.builds(
        lambda name, quality, cost, half: Point(str(name), quality / 4, cost, quality / 4 - half, quality / 4 + half),
        st.integers(0, 99),
        st.integers(0, 8),
        st.integers(0, 5),
        st.sampled_from([0.0, 0.1, 0.5]),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda point: point.name,
)


def never(_one: Point, _other: Point) -> bool:
    return False


@given(POINTS)
def test_without_ties_the_front_is_what_no_other_point_beats(points):
    found = front(points, tied=never)
    beaten = [
        p
        for p in points
        if any(
            q.quality >= p.quality and q.cost <= p.cost and (q.quality, q.cost) != (p.quality, p.cost) for q in points
        )
    ]
    assert {(p.quality, p.cost) for p in found} == {(p.quality, p.cost) for p in points if p not in beaten}
    assert recommend(points, tied=never).quality == max(p.quality for p in points)


@given(POINTS)
def test_the_front_rises_and_its_last_is_the_cheapest_of_those_tied_with_the_best(points):
    found = front(points)
    assert [p.cost for p in found] == sorted({p.cost for p in found})
    assert [p.quality for p in found] == sorted({p.quality for p in found})
    assert set(found) <= set(front(points, tied=never))
    best = front(points, tied=never)[-1]
    assert recommend(points) is found[-1]
    assert found[-1] is best or may_be_equal(found[-1], best)
    assert not any(may_be_equal(p, best) for p in found[:-1])


@given(POINTS, st.randoms())
def test_the_order_of_the_points_does_not_matter(points, random):
    shuffled = list(points)
    random.shuffle(shuffled)
    assert front(shuffled) == front(points)


def test_a_tie_goes_to_the_cheaper_one():
    small = Point("small", 0.80, 1.0, 0.77, 0.83)
    large = Point("large", 0.82, 9.0, 0.79, 0.85)
    free = Point("free", 0.50, 0.0, 0.46, 0.54)
    assert front([large, small, free]) == [free, small]
    assert recommend([large, small, free]) is small
    # What is known of the same rows may say otherwise.
    assert front([large, small, free], tied=never) == [free, small, large]
    assert recommend([large, small, free], tied=never) is large


def test_in_a_chain_of_ties_nothing_that_is_surely_worse_than_the_best_is_recommended():
    chain = [Point(name, quality, cost) for name, quality, cost in (("a", 0.80, 1), ("b", 0.82, 2), ("c", 0.84, 3))]

    def within(one: Point, other: Point) -> bool:
        return abs(one.quality - other.quality) < 0.03

    assert recommend(chain, tied=within).name == "b"
    assert [point.name for point in front(chain, tied=within)] == ["a", "b"]


def test_points_without_intervals_tie_only_when_equal():
    assert not may_be_equal(Point("a", 0.8, 1), Point("b", 0.8001, 1))
    assert may_be_equal(Point("a", 0.8, 1), Point("b", 0.8, 5))
    assert front([Point("b", 0.8, 1), Point("a", 0.8, 1)]) == [Point("a", 0.8, 1)]


def test_intervals_add_up_as_those_of_independent_estimates():
    a, b = Point("a", 0.80, 1, 0.77, 0.83), Point("b", 0.8499, 1, 0.8099, 0.89)
    assert may_be_equal(a, b)  # hypot(0.03, 0.04) = 0.05
    assert may_be_equal(b, a)
    assert not may_be_equal(a, Point("c", 0.8501, 1, 0.8101, 0.89))


def test_nothing_and_what_is_no_number_are_refused():
    assert front([]) == []
    with pytest.raises(ValueError, match="nothing to recommend"):
        recommend([])
    with pytest.raises(ValueError, match="diverged: quality nan"):
        Point("diverged", math.nan, 1.0)
    with pytest.raises(ValueError, match="at cost nan"):
        Point("unmeasured", 0.5, math.nan)


def test_what_costs_nobody_knows_how_much_is_taken_where_it_is_surely_better():
    known, unknown = Point("known", 0.8, 1.0, 0.79, 0.81), Point("unknown", 0.9, math.inf, 0.89, 0.91)
    assert front([unknown, known]) == [known, unknown]
    assert front([Point("unknown", 0.81, math.inf, 0.80, 0.82), known]) == [known]
