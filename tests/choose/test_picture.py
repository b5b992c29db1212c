"""The picture of the front: that it shows every point where it belongs, whatever the names are."""

from __future__ import annotations

import io
import math

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from toolkit.choose.decision.pareto import Point
from toolkit.choose.show.picture import _figure, front_png

POINTS = [
    Point("majority", 0.10, 0.00002, 0.08, 0.12),
    Point("packaged:minilm, features", 0.84, 0.005, 0.81, 0.87),
    Point("packaged:smollm2, lora", 0.85, 0.05, 0.82, 0.88),
    Point("한국어 모델 <b> $x$", 0.95, 0.2, 0.93, 0.97),
]
SETTINGS = {
    "quality": "macro F1",
    "cost": "seconds & more",
    "tied": lambda one, other: abs(one.quality - other.quality) < 0.02,
}


def drawn(points):
    """The axes, as matplotlib knows them."""
    return _figure(points, **SETTINGS).axes[0]


def test_every_point_stands_by_its_values_and_is_named_from_the_best():
    axes = drawn(POINTS)
    places = {(line.get_xdata()[0], line.get_ydata()[0]) for line in axes.lines if line.get_marker() == "o"}
    assert places == {(point.cost, point.quality) for point in POINTS}
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == [
        "1  한국어 모델 <b> $x$  0.950 (0.930 to 0.970), recommended",
        "2  packaged:smollm2, lora  0.850 (0.820 to 0.880)",
        "3  packaged:minilm, features  0.840 (0.810 to 0.870)",
        "4  majority  0.100 (0.080 to 0.120)",
    ]
    assert [text.get_text() for text in axes.texts] == ["1", "2", "3", "4"]
    assert axes.get_xscale() == "log"


def test_the_line_joins_what_is_worth_its_cost():
    (line,) = [line for line in drawn(POINTS).lines if len(line.get_xdata()) > 1]
    front = [POINTS[0], POINTS[1], POINTS[3]]
    assert list(line.get_xdata()) == [point.cost for point in front]
    assert list(line.get_ydata()) == [point.quality for point in front]


@pytest.mark.parametrize("costs", [(0.0, 1.0), (1.0, 1.0), (math.inf, 2.0), (math.inf, math.inf), (3.0, 3e9)])
def test_any_costs_can_be_drawn(costs):
    points = [Point(str(place), 0.5 + place / 10, cost) for place, cost in enumerate(costs)]
    places = [line.get_xdata()[0] for line in drawn(points).lines if line.get_marker() == "o"]
    assert all(map(math.isfinite, places))
    if math.isinf(costs[0]):
        assert max(places) >= 2.0  # beyond all others


def test_the_file_is_a_picture_and_the_same_one_for_the_same_points():
    png = front_png(POINTS, **SETTINGS)
    assert png == front_png(list(reversed(POINTS)), **SETTINGS)
    pixels = imread(io.BytesIO(png))[..., :3]
    blue = np.array(matplotlib.colors.to_rgb("#2563c9"))
    assert (np.abs(pixels - blue).max(axis=-1) < 0.01).sum() > 1000  # three filled circles and the line
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert (edge == 1).all()
    with pytest.raises(ValueError, match="no points"):
        front_png([], **SETTINGS)


def test_a_long_name_keeps_its_ends():
    (text,) = drawn([Point("/begin/" + "long/" * 100 + "end", 0.5, 1.0)]).get_legend().get_texts()
    assert text.get_text().startswith("1  /begin/")
    assert "/end  0.500" in text.get_text()
    assert len(text.get_text()) < 100
