"""A deck as a PowerPoint file, whose titles, tables and charts can be edited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, MSO_AUTO_SIZE, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Emu, Pt

from toolkit.files import replacing
from toolkit.report.slides.deck import Deck, Grid, Lines, Quote
from toolkit.report.slides.fit import shorten
from toolkit.report.slides.layout import (
    CELL_SIZE,
    CELL_X,
    CELL_Y,
    INDENT,
    MARGIN,
    QUOTE_SIZE,
    SMALL_SIZE,
    WIDTH,
    Box,
    Page,
    Placed,
    pages,
    text_size,
    title_size,
)
from toolkit.report.slides.pptx_chart import add_chart
from toolkit.report.slides.pptx_theme import INK, OURS, PANEL, SOFT, new_presentation, set_fonts

_PLAIN_TABLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"
"""The style "no style, no grid" of a table."""


def write_pptx(deck: Deck, path: Path) -> None:
    """Write a deck.

    Raises:
        ResourceError: the file cannot be written.
    """
    foot = shorten(deck.title, WIDTH - 2 * MARGIN - 90, SMALL_SIZE)
    slides, layout = new_presentation(foot)
    slides.core_properties.title, slides.core_properties.language = deck.title, deck.language
    slides.core_properties.author = ""
    writer = _Writer(deck.language)
    for page in pages(deck):
        writer.draw(slides.slides.add_slide(layout), page)
    with replacing(path) as temporary:
        slides.save(str(temporary))


class _Writer:
    """Draws pages on slides.

    Args:
        language: of the deck.
    """

    def __init__(self, language: str) -> None:
        self._language = language

    def draw(self, slide: Any, page: Page) -> None:
        title = slide.shapes.title
        _place(title, page.title_box)
        frame = _frame(title.text_frame)
        frame.vertical_anchor = MSO_ANCHOR.BOTTOM if page.opening else MSO_ANCHOR.MIDDLE
        self._run(frame.paragraphs[0], page.title, title_size(page.opening), bold=True)
        for placed in page.placed:
            self._block(slide.shapes, placed)
        slide.notes_slide.notes_text_frame.text = "\n".join(page.notes)

    def _block(self, shapes: Any, placed: Placed) -> None:
        content = placed.content
        if isinstance(content, Lines):
            self._lines(shapes, content, placed.box)
        elif isinstance(content, Grid):
            self._grid(shapes, content, placed)
        elif isinstance(content, Quote):
            self._quote(shapes, content, placed.box)
        else:
            add_chart(shapes, content, placed, self._language)

    def _lines(self, shapes: Any, lines: Lines, box: Box) -> None:
        frame = self._text_box(shapes, box)
        for number, item in enumerate(lines.items):
            paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
            paragraph.space_after = Pt(9)
            if not lines.large:
                _dot(paragraph)
            self._run(paragraph, item, text_size(lines))

    def _quote(self, shapes: Any, quote: Quote, box: Box) -> None:
        bar = shapes.add_shape(MSO_SHAPE.RECTANGLE, Pt(box.x), Pt(box.y), Pt(3), Pt(box.height))
        bar.fill.solid()
        bar.fill.fore_color.theme_color = OURS
        bar.line.fill.background()
        inner = Box(box.x + INDENT, box.y, box.width - INDENT, box.height)
        frame = self._text_box(shapes, inner)
        self._run(frame.paragraphs[0], quote.text, QUOTE_SIZE)
        for who, answer in quote.answers:
            paragraph = frame.add_paragraph()
            self._run(paragraph, f"{who}: ", QUOTE_SIZE, colour=SOFT)
            self._run(paragraph, answer, QUOTE_SIZE, bold=True)

    def _grid(self, shapes: Any, grid: Grid, placed: Placed) -> None:
        box = placed.box
        shape = shapes.add_table(
            len(grid.rows) + 1, len(grid.header), Pt(box.x), Pt(box.y), Pt(box.width), Pt(box.height)
        )
        table = shape.table
        table._tbl.tblPr.find(qn("a:tableStyleId")).text = _PLAIN_TABLE
        table.horz_banding = False
        for column, share in zip(table.columns, grid.shares, strict=True):
            column.width = Pt(share * box.width)
        for number, (row, height) in enumerate(zip(table.rows, placed.rows, strict=True)):
            row.height = Pt(height)
            cells = grid.header if number == 0 else grid.rows[number - 1]
            self._row(row.cells, cells, grid, number)

    def _row(self, cells: Sequence[Any], texts: Sequence[str], grid: Grid, number: int) -> None:
        is_marked = number - 1 in grid.marked
        for column, (cell, text) in enumerate(zip(cells, texts, strict=True)):
            cell.margin_left = cell.margin_right = Pt(CELL_X)
            cell.margin_top = cell.margin_bottom = Pt(CELL_Y)
            if is_marked:
                cell.fill.solid()
                cell.fill.fore_color.theme_color = PANEL
            _underline(cell, strong=number == 0)
            paragraph = cell.text_frame.paragraphs[0]
            paragraph.alignment = PP_ALIGN.RIGHT if column in grid.numbers else PP_ALIGN.LEFT
            self._run(paragraph, text, CELL_SIZE, colour=SOFT if number == 0 else OURS if is_marked else INK)

    def _text_box(self, shapes: Any, box: Box) -> Any:
        shape = shapes.add_textbox(Pt(box.x), Pt(box.y), Pt(box.width), Pt(box.height))
        return _frame(shape.text_frame)

    def _run(self, paragraph: Any, text: str, size: float, *, bold: bool = False, colour: Any = INK) -> None:
        run = paragraph.add_run()
        run.text = text
        run.font.size, run.font.bold = Pt(size), bold
        run.font.color.theme_color = colour
        set_fonts(run._r.get_or_add_rPr(), self._language)


def _place(shape: Any, box: Box) -> None:
    shape.left, shape.top, shape.width, shape.height = (Pt(each) for each in (box.x, box.y, box.width, box.height))


def _frame(frame: Any) -> Any:
    """Let a text be as wide as its box, without margins, in the size that was measured."""
    frame.word_wrap, frame.auto_size = True, MSO_AUTO_SIZE.NONE
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = Emu(0)
    return frame


def _dot(paragraph: Any) -> None:
    properties = paragraph._p.get_or_add_pPr()
    properties.set("marL", str(Pt(INDENT)))
    properties.set("indent", str(-Pt(INDENT)))
    properties.append(parse_xml(f'<a:buFont {nsdecls("a")} typeface="Arial"/>'))
    properties.append(parse_xml(f'<a:buChar {nsdecls("a")} char="•"/>'))


def _underline(cell: Any, *, strong: bool) -> None:
    """Draw the line below a cell, in the theme's colours."""
    colour, width = ("tx2", Pt(1)) if strong else ("accent3", Pt(0.5))
    line = f'<a:lnB {nsdecls("a")} w="{width}"><a:solidFill><a:schemeClr val="{colour}"/></a:solidFill></a:lnB>'
    cell._tc.get_or_add_tcPr().insert(0, parse_xml(line))
