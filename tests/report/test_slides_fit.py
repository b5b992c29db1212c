"""Texts on slides: measured against a font, cut, continued, and never beyond their boxes."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.font_manager import findfont
from matplotlib.ft2font import FT2Font

from toolkit.report.slides import layout
from toolkit.report.slides.deck import Bars, Deck, Grid, Lines, Quote, Slide, Spot
from toolkit.report.slides.fit import BOLD, ELLIPSIS, shorten, width, wrap
from toolkit.report.slides.layout import CELL_SIZE, HEIGHT, MARGIN, WIDTH, pages

HERE = Path(layout.__file__).parent
LETTERS = st.text(
    st.sampled_from("abc WMil.,-한글자漢😀é\u0301ก1—") | st.characters(codec="utf-8", categories=("L", "N", "P")),
    max_size=300,
)


@pytest.mark.parametrize(
    "text",
    [
        "The learning rate was five times too high, and the loss left the range of numbers.",
        "training.per_device_train_batch_size 16 → 512",
        "MINILM WAS MUCH WORSE: 0.846 (0.820 to 0.871)",
        "toolkit fine-tune bank.yaml training.learning_rate=1e-3",
        "Ärger, façade, señor — mehr 100 %",
    ],
)
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_no_text_is_wider_than_measured_in_the_widest_usual_font(text: str, weight: str):
    font = FT2Font(findfont(f"DejaVu Sans:{weight}", fallback_to_default=False))
    font.set_size(20, 72)
    font.set_text(text)
    real = font.get_width_height()[0] / 64
    assert real <= width(text, 20) * (BOLD if weight == "bold" else 1) <= 1.35 * real


def test_a_korean_letter_is_twice_as_wide_as_a_narrow_one_and_never_parted():
    assert width("한글", 10) == 20
    assert width("한", 10) > 1.5 * width("a", 10)
    assert width("\u1112\u1161\u11ab", 10) == width("한", 10)  # as macOS writes it: three characters, one letter
    cut = shorten("\u1112\u1161\u11ab" * 30, 100, 10)
    assert cut == "\u1112\u1161\u11ab" * 9 + ELLIPSIS


@given(text=LETTERS, room=st.floats(60, 800), lines=st.integers(1, 4))
def test_what_is_cut_fits_and_begins_as_the_text(text: str, room: float, lines: int):
    cut = shorten(text, room, 15, lines)
    broken = wrap(cut, room, 15)
    assert len(broken) <= lines
    assert all(width(line, 15) <= room for line in broken)
    assert cut == text or (cut.endswith(ELLIPSIS) and text.startswith(cut[:-1]))


@settings(max_examples=40, deadline=None)
@given(texts=st.lists(LETTERS, min_size=1, max_size=25), has_chart=st.booleans())
def test_nothing_stands_beyond_its_slide_and_nothing_is_lost(texts: list[str], has_chart: bool):
    rows = tuple((text, text, text[:9]) for text in texts)
    blocks = (
        Lines(tuple(texts)),
        Grid(("one", "two", "three"), rows, (0.2, 0.5, 0.3), marked=frozenset({0})),
        *(Quote(text, (("answer", text),)) for text in texts),
    )
    chart = Bars("title", (Spot(texts[0], "0.5 (0.4 to 0.6)", 0.5, 0.4, 0.6),), 3) if has_chart else None
    drawn = pages(Deck("title", "en", (Slide(texts[0], blocks, chart),), "Notes"))
    placed = [each for page in drawn for each in page.placed]
    for page in drawn:
        boxes = sorted((each.box for each in page.placed), key=lambda box: box.y)
        assert all(box.x >= MARGIN and box.x + box.width <= WIDTH - MARGIN + 1e-6 for box in boxes)
        assert all(box.y + box.height <= HEIGHT - 30 for box in boxes)
        beneath = [box for box in boxes if box.x == MARGIN]
        assert all(above.y + above.height <= below.y for above, below in pairwise(beneath))
    assert sum(len(each.content.items) for each in placed if isinstance(each.content, Lines)) == len(texts)
    assert sum(len(each.content.rows) for each in placed if isinstance(each.content, Grid)) == len(texts)
    assert sum(isinstance(each.content, Quote) for each in placed) == len(texts)
    charts = [each for each in placed if isinstance(each.content, Bars)]
    assert len(charts) == has_chart
    assert all(width(spot.name, CELL_SIZE) < 0.46 * each.box.width for each in charts for spot in each.content.spots)
    assert next(each.content.marked for each in placed if isinstance(each.content, Grid)) == {0}
