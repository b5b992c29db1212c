"""Widths, colours, tables that fit, and bars with messages above them."""

from __future__ import annotations

import io
import logging
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from toolkit import progress, wording
from toolkit.progress import PlainBars, say
from toolkit.terminal import RED, bold, can_redraw, has_colour, width_of, wrapped
from toolkit.wording import fit_tables, table

WORDS = st.text("ab 가나 é", min_size=0, max_size=60)


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@settings(deadline=None)
@given(text=WORDS, width=st.integers(2, 40))
def test_no_wrapped_line_is_wider_and_no_word_is_lost(text: str, width: int):
    lines = wrapped(text, width)
    assert all(wcswidth(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@pytest.fixture
def fitted() -> Any:
    yield fit_tables
    fit_tables(None)


@settings(deadline=None)
@given(rows=st.lists(st.tuples(WORDS, WORDS, WORDS, WORDS), min_size=1, max_size=4), width=st.integers(12, 90))
def test_a_table_fits_and_keeps_its_first_column(rows: list[tuple[str, ...]], width: int):
    fit_tables(width)
    try:
        lines = table(rows, header=("name", "b", "c", "가나다"), spare=("c",))
    finally:
        fit_tables(None)
    assert all(wcswidth(line) <= width for line in lines)
    assert lines[0].startswith("name"[: len(lines[0])])


def test_spare_columns_go_first_and_the_rest_is_broken_at_words(fitted: Any):
    rows = [("movie", "encoder", "full", "packaged:minilm", "영화 평의 감정을 배웁니다"), ("b", "c", "d", "e", "f")]
    header = ("recipe", "family", "method", "model", "what it does")
    whole = table(rows, header=header)
    assert whole[1] == "movie   encoder  full    packaged:minilm  영화 평의 감정을 배웁니다"
    fitted(40)
    assert table(rows, header=header, spare=("model", "family")) == [
        "recipe  method  what it does",
        "movie   full    영화 평의 감정을",
        "                배웁니다",
        "b       d       f",
        "(left out: family and model; --wide",
        "shows all)",
    ]
    fitted(len(whole[1]) * 2)
    assert table(rows, header=header) == whole


@pytest.mark.parametrize(
    ("variables", "redraws", "colours"),
    [
        ({"TERM": "xterm-256color"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, False, False),
        ({}, False, False),
    ],
    ids=str,
)
def test_what_a_terminal_can_do(variables: dict[str, str], redraws: bool, colours: bool, monkeypatch):
    for name in ("TERM", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("os.name", "posix")
    assert (can_redraw(Tty()), has_colour(Tty())) == (redraws, colours)
    assert bold("error:", Tty(), colour=RED) == ("\x1b[1;31merror:\x1b[0m" if colours else "error:")
    assert (can_redraw(io.StringIO()), has_colour(io.StringIO())) == (False, False)
    assert (width_of(io.StringIO()), width_of(Tty())) == (None, 80)
    monkeypatch.setenv("COLUMNS", "20")
    assert width_of(Tty()) == 20


def test_a_line_a_minute_where_nothing_can_be_drawn(caplog: pytest.LogCaptureFixture, monkeypatch):
    now = 0.0
    bars = PlainBars(clock=lambda: now)
    monkeypatch.setattr(logging.getLogger("toolkit"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("toolkit"), "handlers", [])  # those of tests before
    with caplog.at_level(logging.INFO, logger="toolkit"), bars("training", 7200, start=1200) as training:
        for _ in range(600):
            now += 1
            training.advance(note="loss 0.693")
            if now == 100:
                with bars("validating", 10) as validating:
                    validating.advance(10)  # not a minute since the last line
    assert caplog.messages[:2] == [
        "training: 1,260 of 7,200, loss 0.693, 1 h 39 min left",
        "training: 1,320 of 7,200, loss 0.693, 1 h 38 min left",
    ]
    assert len(caplog.messages) == 10


def test_short_work_says_nothing_in_a_file(caplog: pytest.LogCaptureFixture, monkeypatch):
    monkeypatch.setattr(logging.getLogger("toolkit"), "propagate", True)
    monkeypatch.setattr(logging.getLogger("toolkit"), "handlers", [])  # those of tests before
    with caplog.at_level(logging.INFO, logger="toolkit"), progress.progress_bar("predicting", 3) as bar:
        bar.advance(3)
        say("done")
    assert caplog.messages == ["done"]


def test_tables_of_a_library_have_any_width():
    assert wording.table([("x" * 300,)], header=("a",)) == ["a", "x" * 300]
