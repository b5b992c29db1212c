"""The front against its definition, and how ties are decided."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.choose.decision.pareto import Point, front

POINTS = st.lists(
    st.builds(
        lambda name, quality, cost: Point(str(name), quality / 4, cost),
        st.integers(0, 99),
        st.integers(0, 8),
        st.integers(0, 5),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda point: point.name,
)


def never(_one: Point, _other: Point) -> bool:
    return False


def near(one: Point, other: Point) -> bool:
    return abs(one.quality - other.quality) < 0.3


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
    assert found[-1].quality == max(p.quality for p in points)


@given(POINTS)
def test_the_front_rises_and_its_last_is_the_cheapest_of_those_tied_with_the_best(points):
    found = front(points, tied=near)
    assert [p.cost for p in found] == sorted({p.cost for p in found})
    assert [p.quality for p in found] == sorted({p.quality for p in found})
    untied = front(points, tied=never)
    assert set(found) <= set(untied)
    assert found[-1].cost == min(p.cost for p in untied if near(p, untied[-1]))


@given(POINTS, st.randoms())
def test_the_order_of_the_points_does_not_matter(points, random):
    shuffled = list(points)
    random.shuffle(shuffled)
    assert front(shuffled, tied=near) == front(points, tied=near)


def test_a_tie_goes_to_the_cheaper_one():
    small, large, free = Point("small", 0.80, 1.0), Point("large", 0.82, 9.0), Point("free", 0.50, 0.0)
    assert front([large, small, free], tied=lambda one, other: {one, other} == {small, large}) == [free, small]
    assert front([large, small, free], tied=never) == [free, small, large]


def test_in_a_chain_of_ties_nothing_that_is_surely_worse_than_the_best_is_the_last():
    chain = [Point(name, quality, cost) for name, quality, cost in (("a", 0.80, 1), ("b", 0.82, 2), ("c", 0.84, 3))]

    def within(one: Point, other: Point) -> bool:
        return abs(one.quality - other.quality) < 0.03

    assert [point.name for point in front(chain, tied=within)] == ["a", "b"]


def test_of_equals_the_first_by_name_is_taken():
    assert front([Point("b", 0.8, 1), Point("a", 0.8, 1)], tied=never) == [Point("a", 0.8, 1)]


def test_nothing_has_no_front_and_what_is_no_number_is_refused():
    assert front([], tied=never) == []
    with pytest.raises(ValueError, match="diverged: quality nan"):
        Point("diverged", math.nan, 1.0)
    with pytest.raises(ValueError, match="at cost nan"):
        Point("unmeasured", 0.5, math.nan)


def test_what_costs_nobody_knows_how_much_is_taken_where_it_is_surely_better():
    known, unknown = Point("known", 0.8, 1.0), Point("unknown", 0.9, math.inf)
    assert front([unknown, known], tied=never) == [known, unknown]
    assert front([unknown, known], tied=near) == [known]
