"""Where what slides say stands, in points on 960 × 540, with long texts cut and full slides continued on further ones.

Every format draws these pages, so all of them say the same on each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from toolkit.report.slides.deck import Block, Chart, Curves, Deck, Grid, Lines, Quote, Scatter, Slide
from toolkit.report.slides.fit import BOLD, LINE_HEIGHT, height, shorten, width, wrap

WIDTH, HEIGHT = 960.0, 540.0
MARGIN = 48.0
TITLE_SIZE, OPENING_SIZE, LARGE_SIZE, TEXT_SIZE, QUOTE_SIZE, CELL_SIZE, SMALL_SIZE = (
    26.0,
    36.0,
    22.0,
    17.0,
    15.0,
    13.0,
    11.0,
)
INDENT = 16.0
"""Of a point behind its dot, and of a quotation behind its bar."""
CELL_X, CELL_Y = 6.0, 4.0
"""Margins in the cells of a table."""

_TITLE_TOP, _TOP, _BOTTOM, _GAP, _BETWEEN = 30.0, 112.0, 500.0, 16.0, 9.0
_OPENING_TOP, _OPENING_BODY = 150.0, 280.0
_TITLE_LINES, _QUOTE_LINES, _ANSWER_LINES = 2, 3, 2
_POINT_LINES, _CELL_LINES = (8, 4), (8, 3)
"""Lines that a point and a cell may have: as many as the first says where all of them fit on the slide then."""
_TEXT_SHARE = 0.4
"""Of the width, where a chart stands beside the text."""
_NAME_SHARE = 0.45
"""Of the width of a chart, for a name beside its bar, its point or its line."""


@dataclass(frozen=True)
class Box:
    """A rectangle in points."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Placed:
    """A block or a chart in its place.

    Attributes:
        content: its texts cut to what fits.
        box: where it stands.
        rows: heights of the header and the rows, of a table.
        names: width of the names beside the bars, of such a chart.
    """

    content: Block | Chart
    box: Box
    rows: tuple[float, ...] = ()
    names: float = 0.0


@dataclass(frozen=True)
class Page:
    """A slide as it is drawn.

    Attributes:
        title: cut to what fits.
        title_box: where it stands.
        placed: blocks, and the chart.
        notes: of the slide.
        opening: whether it is the first one.
    """

    title: str
    title_box: Box
    placed: tuple[Placed, ...]
    notes: tuple[str, ...]
    opening: bool


def pages(deck: Deck) -> tuple[Page, ...]:
    """Place all slides of a deck; one that is too full becomes several, which say so in their titles."""
    return tuple(page for slide in deck.slides for page in _pages(slide))


def title_size(opening: bool) -> float:
    """Return the size of the letters of a title."""
    return OPENING_SIZE if opening else TITLE_SIZE


def text_size(lines: Lines) -> float:
    """Return the size of the letters of points."""
    return LARGE_SIZE if lines.large else TEXT_SIZE


def _pages(slide: Slide) -> Iterator[Page]:
    whole = WIDTH - 2 * MARGIN
    room = whole * _TEXT_SHARE if slide.chart and slide.blocks else whole
    top = _OPENING_BODY if slide.opening else _TOP
    filled = _filled(slide.blocks, room, whole, top) or [[]]
    for number, placed in enumerate(filled, 1):
        share = "" if len(filled) == 1 else f" ({number}/{len(filled)})"
        chart = [] if slide.chart is None or number > 1 else [_chart(slide.chart, _chart_box(room, whole, top, placed))]
        yield _page(slide, share, (*placed, *chart))


def _page(slide: Slide, share: str, placed: tuple[Placed, ...]) -> Page:
    size, room = title_size(slide.opening), WIDTH - 2 * MARGIN
    top = _OPENING_TOP if slide.opening else _TITLE_TOP
    title = shorten(slide.title, room / BOLD - 3 * size, size, _TITLE_LINES) + share
    box = Box(MARGIN, top, room, _TITLE_LINES * size * LINE_HEIGHT)
    return Page(title, box, placed, slide.notes, slide.opening)


def _chart_box(room: float, whole: float, top: float, placed: Sequence[Placed]) -> Box:
    start = MARGIN + (room + 2 * _GAP if placed else 0)
    return Box(start, top, MARGIN + whole - start, _BOTTOM - top)


def _chart(chart: Chart, box: Box) -> Placed:
    """Place a chart, its names cut to their share of its width; a program that draws it would break or drop them."""
    room = box.width * _NAME_SHARE

    def name(text: str) -> str:
        return shorten(text, room, CELL_SIZE)

    if isinstance(chart, Curves):
        return Placed(replace(chart, lines={name(each): line for each, line in chart.lines.items()}), box)
    spots = tuple(replace(spot, name=name(spot.name)) for spot in chart.spots)
    if isinstance(chart, Scatter):
        return Placed(replace(chart, spots=spots), box)
    widest = max(width(text, CELL_SIZE) * BOLD for spot in spots for text in (spot.name, spot.figure))
    return Placed(replace(chart, spots=spots), box, names=min(widest, room * BOLD) + CELL_X)


def _filled(blocks: Sequence[Block], room: float, whole: float, top: float) -> list[list[Placed]]:
    """Place blocks beneath each other, over as many slides as they need; only the first has a chart beside them."""
    filled: list[list[Placed]] = []
    at, wide = top, room
    for block in blocks:
        rest: Block | None = block
        while rest is not None:
            placed, rest = _begun(rest, Box(MARGIN, at, wide, _BOTTOM - at), fresh=at == top)
            if placed is not None:
                if not filled:
                    filled.append([])
                filled[-1].append(placed)
                at = placed.box.y + placed.box.height + _GAP
            if rest is not None:
                filled.append([])
                at, wide = top, whole
    return [page for page in filled if page]


def _begun(block: Block, box: Box, *, fresh: bool) -> tuple[Placed | None, Block | None]:
    """Place as much of a block as fits, at least one part of it on a fresh slide, and return the rest.

    Args:
        block: any.
        box: what is left of the slide.
        fresh: whether nothing stands on the slide yet.
    """
    if isinstance(block, Lines):
        return _lines(block, box, fresh)
    if isinstance(block, Grid):
        return _grid(block, box, fresh)
    fitted, needed = _quote(block, box.width)
    if needed > box.height and not fresh:
        return None, block
    return Placed(fitted, replace(box, height=needed)), None


def _lines(block: Lines, box: Box, fresh: bool) -> tuple[Placed | None, Block | None]:
    size = text_size(block)
    room = box.width - (0 if block.large else INDENT)
    for lines in _least(_POINT_LINES):
        items = [shorten(item, room, size, lines) for item in block.items]
        heights = [height(item, room, size) + _BETWEEN for item in items]
        if sum(heights) <= box.height:
            break
    n = _how_many(heights, box.height, fresh)
    if not n:
        return None, block if items else None
    rest = replace(block, items=block.items[n:]) if n < len(items) else None
    return Placed(replace(block, items=tuple(items[:n])), replace(box, height=sum(heights[:n]))), rest


def _grid(block: Grid, box: Box, fresh: bool) -> tuple[Placed | None, Block | None]:
    total = sum(block.shares)
    box = replace(box, width=box.width * total)
    block = replace(block, shares=tuple(share / total for share in block.shares))
    rooms = [share * box.width - 2 * CELL_X for share in block.shares]
    for lines in _least(_CELL_LINES):
        cut = [
            tuple(shorten(cell, room, CELL_SIZE, lines) for cell, room in zip(row, rooms, strict=True))
            for row in (block.header, *block.rows)
        ]
        heights = [
            max(height(cell, room, CELL_SIZE) for cell, room in zip(row, rooms, strict=True)) + 2 * CELL_Y
            for row in cut
        ]
        if sum(heights) <= box.height:
            break
    n = _how_many(heights[1:], box.height - heights[0], fresh)
    if not n:
        return None, block if block.rows else None
    marked = frozenset(row for row in block.marked if row < n)
    fitted = replace(block, header=cut[0], rows=tuple(cut[1 : n + 1]), marked=marked)
    rest = None
    if n < len(block.rows):
        later = frozenset(row - n for row in block.marked if row >= n)
        rest = replace(block, rows=block.rows[n:], marked=later)
    taken = tuple(heights[: n + 1])
    return Placed(fitted, replace(box, height=sum(taken)), taken), rest


def _least(lines: tuple[int, int]) -> range:
    """Return numbers of lines to try, the most first."""
    most, least = lines
    return range(most, least - 1, -1)


def _quote(block: Quote, wide: float) -> tuple[Quote, float]:
    room, bold = wide - INDENT, (wide - INDENT) / BOLD
    text = shorten(block.text, room, QUOTE_SIZE, _QUOTE_LINES)
    answers = []
    for who, answer in block.answers:
        who = shorten(who, room / 2, QUOTE_SIZE)
        whole = shorten(f"{who}: {answer}", bold, QUOTE_SIZE, _ANSWER_LINES)
        answers.append((who, whole.removeprefix(f"{who}: ")))
    lines = len(wrap(text, room, QUOTE_SIZE)) + sum(
        len(wrap(f"{who}: {answer}", bold, QUOTE_SIZE)) for who, answer in answers
    )
    return Quote(text, tuple(answers)), lines * QUOTE_SIZE * LINE_HEIGHT


def _how_many(heights: Sequence[float], room: float, fresh: bool) -> int:
    """Return how many of them fit; one in any case where nothing else stands on the slide."""
    taken = 0.0
    for number, each in enumerate(heights):
        taken += each
        if taken > room:
            return max(number, 1 if fresh else 0)
    return len(heights)
