"""Entities in words and colours."""

from __future__ import annotations

import colorsys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.run_result import SplitResult
from toolkit.tasks.token_classification.marked import hues_of, parts_of, spelt
from toolkit.tasks.token_classification.pages import TaggingPages

PAGES = TaggingPages()
PAPER_AND_INK = {"light": ("#ffffff", "#1b1d21"), "dark": ("#15171b", "#e9ebee")}
"""Of toolkit/report/page.css."""


def entity(start: int, end: int, label: str, text: str = "") -> dict[str, Any]:
    return {"start": start, "end": end, "label": label, "text": text}


def measured(f1: float | None, entities: int, predicted: int) -> dict[str, Any]:
    return {"entities": entities, "predicted": predicted, "metrics": {"entity_f1": {"value": f1, "ci95": None}}}


TEST = SplitResult.of(
    {
        "rows": 9,
        "metrics": {"entity_f1": {"value": 0.5, "ci95": [0.4, 0.6]}},
        "by_label": {"LOC": measured(0.75, 4, 4), "PER": measured(0.25, 6, 2), "ORG": measured(0.0, 0, 1)},
    }
)


def test_parts_of_a_text() -> None:
    found = [entity(0, 3, "PER"), entity(3, 5, "LOC"), entity(8, 12, "LOC")]
    assert parts_of("Annin the Rome.", found) == [
        ("Ann", "PER"),
        ("in", "LOC"),
        (" th", None),
        ("e Ro", "LOC"),
        ("me.", None),
    ]
    assert parts_of("An", [entity(0, 3, "PER"), entity(4, 5, "LOC")]) == [("An", "PER")]  # a text that was cut
    assert parts_of("", []) == []


@given(st.text(max_size=20), st.lists(st.tuples(st.integers(0, 5), st.integers(1, 5)), max_size=4))
def test_no_character_is_lost(text: str, gaps: list[tuple[int, int]]) -> None:
    entities, position = [], 0
    for gap, length in gaps:
        entities.append(entity(position + gap, position + gap + length, "X"))
        position += gap + length
    assert "".join(part for part, _ in parts_of(text, entities)) == text


@pytest.mark.parametrize("mode", PAPER_AND_INK)
def test_words_stand_out_from_every_colour(mode: str) -> None:
    """WCAG 2.2 asks for a contrast of 4.5 (criterion 1.4.3); the page mixes a quarter of a colour with paper."""
    paper, ink = (tuple(int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)) for code in PAPER_AND_INK[mode])
    for hue in range(360):
        colour = colorsys.hls_to_rgb(hue / 360, 0.5, 0.8)
        mixed = tuple(0.25 * ours + 0.75 * theirs for ours, theirs in zip(colour, paper, strict=True))
        lighter, darker = sorted((luminance(mixed), luminance(ink)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) > 4.5


def luminance(colour: tuple[float, ...]) -> float:
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_labels_have_hues_of_their_own() -> None:
    hues = list(hues_of([f"label {i}" for i in range(12)]).values())
    apart = [min((one - other) % 360, (other - one) % 360) for one in hues for other in hues if one != other]
    assert len(set(hues)) == 12
    assert min(apart) > 15


def test_entities_in_words() -> None:
    assert spelt([entity(0, 3, "PER", "Ann"), entity(7, 11, "LOC", "Rome")]) == "Ann (PER), Rome (LOC)"
    assert PAGES.shown([]) == "none"
    rows = [{"id": 7, "text": "Ann is", "entities": [entity(0, 3, "PER", "Ann")]}]
    assert PAGES.prediction_lines(rows) == ["id  text    entities", "7   Ann is  Ann (PER)"]


def test_hardest_labels_come_first() -> None:
    assert PAGES.weak_lines(TEST) == [
        "",
        "Hardest labels:",
        "  PER: F1 0.250; 6 in the test rows, 2 predicted",
        "  LOC: F1 0.750; 4 in the test rows, 4 predicted",
    ]
    (limit,) = PAGES.limits(TEST)
    assert limit.gaps["f1"] == "0.250"
    assert (limit.gaps["n"], limit.gaps["given"]) == (6, 2)


def test_samples_show_both_sides() -> None:
    rows = [{"id": 1, "text": "Ann is", "reference": [entity(0, 3, "PER", "Ann")], "entities": []}]
    assert PAGES.sample_lines(rows)[2:] == ["  Ann is", "    found none; right is Ann (PER)"]
    assert PAGES.sample_lines([]) == []
