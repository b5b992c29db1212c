"""Pictures of the front: where points stand, whether the SVG is well formed, and what the PNG shows."""

from __future__ import annotations

import struct
import unicodedata
import xml.etree.ElementTree as ElementTree
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from toolkit.choose.canvas import Canvas
from toolkit.choose.front_chart import front_chart
from toolkit.choose.letters import strokes_of
from toolkit.choose.pareto import Point
from toolkit.choose.picture import front_png, front_svg

POINTS = [
    Point("majority", 0.10, 0.00002, 0.08, 0.12),
    Point("packaged:minilm, features", 0.84, 0.005, 0.81, 0.87),
    Point("packaged:smollm2, lora", 0.85, 0.05, 0.82, 0.88),
    Point("한국어 모델 <b>", 0.95, 0.2, 0.93, 0.97),
]
WORDS = {"quality": "macro F1", "cost": "seconds & more"}
WHITE = (255, 255, 255)


def pixels_of(png: bytes) -> NDArray[np.uint8]:
    """A PNG as this toolkit writes it, read from its specification; checks every checksum."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    place, parts = 8, {}
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        name, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        (checksum,) = struct.unpack(">I", png[place + 8 + length : place + 12 + length])
        assert checksum == zlib.crc32(name + data)
        parts[name] = data
        place += 12 + length
    assert list(parts) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, bits, colours, *_ = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert (bits, colours) == (8, 2)
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), dtype=np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_points_are_numbered_from_the_best_and_stand_by_their_values():
    chart = front_chart(POINTS)
    assert [(mark.number, mark.point.quality) for mark in chart.marks] == [(1, 0.95), (2, 0.85), (3, 0.84), (4, 0.10)]
    assert [mark.on_front for mark in chart.marks] == [True, False, True, True]
    assert [mark.recommended for mark in chart.marks] == [True, False, False, False]
    best = chart.marks[0]
    assert (best.y, best.low, best.high) == (5, 7, 3)
    assert best.words == "0.950 (0.930 to 0.970)"
    # Costs span four powers of ten, and equal ratios are equally far apart.
    x = {mark.point.name: mark.x for mark in chart.marks}
    ratio = (x["한국어 모델 <b>"] - x["packaged:smollm2, lora"]) / np.log(4)
    assert (x["packaged:smollm2, lora"] - x["packaged:minilm, features"]) / np.log(10) == pytest.approx(ratio, rel=1e-2)
    assert [tick.text for tick in chart.x_ticks] == ["0.0001", "0.001", "0.01", "0.1"]


def test_the_front_is_a_line_of_steps():
    chart = front_chart(POINTS)
    front = [mark for mark in reversed(chart.marks) if mark.on_front]
    assert chart.steps[0] == (front[0].x, front[0].y)
    assert chart.steps[-1] == (100.0, front[-1].y)
    assert {(mark.x, mark.y) for mark in front} <= set(chart.steps)
    for (x, y), (next_x, next_y) in zip(chart.steps[:-1], chart.steps[1:], strict=True):
        assert (x == next_x) != (y == next_y)
        assert next_x >= x
        assert next_y <= y


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-5, 100), st.one_of(st.just(0.0), st.just(np.inf), st.floats(1e-6, 1e9))),
        min_size=1,
        max_size=8,
    )
)
def test_everything_stays_in_the_picture(values):
    points = [Point(str(place), quality, cost) for place, (quality, cost) in enumerate(values)]
    chart = front_chart(points)
    assert all(0 <= mark.x <= 100 and 0 <= mark.y <= 100 for mark in chart.marks)
    assert all(0 <= tick.at <= 100 for tick in (*chart.x_ticks, *chart.y_ticks))
    assert 1 <= len(chart.x_ticks) <= 8
    assert len({tick.text for tick in chart.x_ticks}) == len(chart.x_ticks)
    assert any(mark.recommended for mark in chart.marks)


def test_svg_is_well_formed_and_escaped():
    svg = front_svg(POINTS, **WORDS)
    figure = ElementTree.fromstring(svg)
    assert figure.find("figcaption").text == "macro F1 (upwards) by seconds & more"
    names = ["".join(entry.itertext()) for entry in figure.iter("li")]
    assert names[0] == "한국어 모델 <b> 0.950 (0.930 to 0.970), recommended"
    assert len(list(figure.iter("circle"))) == len(POINTS)
    assert "<b>한" not in svg
    assert not any(word in svg for word in ("http", "script", "src="))
    assert front_svg([], **WORDS) == ""


def test_png_has_the_points_where_they_belong():
    pixels = pixels_of(front_png(POINTS, **WORDS))
    blue, grey = (37, 99, 201), (180, 186, 196)
    chart = front_chart(POINTS)
    for mark in chart.marks:
        # A little left of the middle, beside the number.
        x, y = round(130 + 1430 * mark.x / 100) - 10, round(70 + 760 * mark.y / 100)
        assert tuple(pixels[y, x]) == (blue if mark.on_front else grey)
    assert (pixels[:, :40] == 255).all()
    assert front_png(POINTS, **WORDS) == front_png(list(reversed(POINTS)), **WORDS)
    with pytest.raises(ValueError, match="no points"):
        front_png([], **WORDS)


def test_a_long_name_stays_in_the_picture():
    long = Point("/a/very/long/folder" * 20, 0.5, 1.0)
    pixels = pixels_of(front_png([long], **WORDS))
    assert (pixels[:, -30:] == 255).all()


def test_lines_and_dots_cover_what_they_should():
    canvas = Canvas(100, 50, WHITE)
    canvas.line([(10, 25), (90, 25)], (0, 0, 0), width=10)
    canvas.dot((50, 25), (255, 0, 0), radius=8)
    canvas.line([(-50, -50), (-20, -20)], (0, 0, 0), width=4)
    pixels = pixels_of(canvas.png()).astype(int)
    darkness = (255 - pixels[..., 2]).sum() / 255
    # A bar of 80 by 10 with half circles at its ends, and what the dot sticks out above and below.
    segment = 2 * (64 * np.arccos(5 / 8) - 5 * np.sqrt(64 - 25))
    assert darkness == pytest.approx(800 + np.pi * 25 + segment, rel=0.02)
    assert tuple(pixels[25, 50]) == (255, 0, 0)


def test_every_printable_sign_and_every_syllable_has_strokes_of_its_own():
    box = np.concatenate(strokes_of("漢")[0])
    drawn = {}
    for letter in [*map(chr, range(33, 127)), *"·…×–—", *map(chr, range(ord("가"), ord("힣") + 1))]:
        strokes, width = strokes_of(letter)
        points = np.concatenate(strokes)
        assert np.isfinite(points).all()
        assert -0.5 <= points[:, 0].min() <= points[:, 0].max() <= width + 1e-9
        assert -2 <= points[:, 1].min() <= points[:, 1].max() <= 7
        drawn.setdefault(b"|".join(np.round(stroke, 3).tobytes() for stroke in strokes), []).append(letter)
        assert points.shape != box.shape or not np.array_equal(points, box)
    # 가 to 힣, however they are typed, are told apart.
    assert all(len(letters) == 1 for letters in drawn.values()), [v for v in drawn.values() if len(v) > 1]


def test_text_is_as_wide_as_its_letters_and_decomposed_hangul_is_the_same():
    whole, width = strokes_of("ab")
    assert width == strokes_of("a")[1] + strokes_of("b")[1] + 1.6
    assert len(whole) == len(strokes_of("a")[0]) + len(strokes_of("b")[0])
    assert strokes_of("")[1] == 0
    composed, decomposed = (strokes_of(unicodedata.normalize(form, "챗봇 é"))[0] for form in ("NFC", "NFD"))
    assert all(np.array_equal(one, other) for one, other in zip(composed, decomposed, strict=True))
