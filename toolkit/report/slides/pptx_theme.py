"""The master of a presentation: wide slides, colours, fonts, one layout with a title and the slide's number."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pptx import Presentation
from pptx.enum.dml import MSO_THEME_COLOR
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Pt

from toolkit.report.slides.layout import HEIGHT, MARGIN, SMALL_SIZE, TITLE_SIZE, WIDTH

if TYPE_CHECKING:
    from pptx.presentation import Presentation as Slides
    from pptx.slide import SlideLayout

INK, SOFT, PANEL = MSO_THEME_COLOR.TEXT_1, MSO_THEME_COLOR.TEXT_2, MSO_THEME_COLOR.BACKGROUND_2
OURS, OTHER = MSO_THEME_COLOR.ACCENT_1, MSO_THEME_COLOR.ACCENT_3
SERIES = tuple(MSO_THEME_COLOR[f"ACCENT_{number}"] for number in (1, 2, 4, 5, 6, 3))

LATIN, EAST_ASIAN = "Arial", "Malgun Gothic"
"""Fonts that come with Office on Windows and macOS; elsewhere others of the same widths are taken."""

_COLOURS = {
    "dk1": "1B1D21", "lt1": "FFFFFF", "dk2": "5D626B", "lt2": "F1F3F6", "accent1": "2563C9", "accent2": "B4540A",
    "accent3": "A3AAB5", "accent4": "2F8F6B", "accent5": "7A4FBF", "accent6": "C2410C", "hlink": "2563C9",
    "folHlink": "7A4FBF",
}  # fmt: skip
_THEME = "/theme"
_FOOT = 508.0


def new_presentation(title: str) -> tuple[Slides, SlideLayout]:
    """Return a presentation without slides, and the layout that all of its slides have.

    Args:
        title: of the deck; it stands at the foot of each slide.
    """
    slides = Presentation()
    slides.slide_width, slides.slide_height = Pt(WIDTH), Pt(HEIGHT)
    master = slides.slide_master
    layout = slides.slide_layouts.get_by_name("Title Only")
    if layout is None:  # the template is python-pptx's own
        raise LookupError("python-pptx's template has no layout 'Title Only'")
    for other in [each for each in slides.slide_layouts if each is not layout]:
        slides.slide_layouts.remove(other)
    theme = next(each.target_part for each in master.part.rels.values() if each.reltype.endswith(_THEME))
    theme._blob = _themed(theme.blob.decode()).encode()  # a part that python-pptx does not model has no setter
    _set_master(master)
    for placeholder in [each for each in layout.placeholders if each.placeholder_format.idx]:
        placeholder._element.getparent().remove(placeholder._element)
    _add_foot(layout, title)
    return slides, layout


def set_fonts(properties: Any, language: str) -> None:
    """Name the fonts of a run, a paragraph's default or a chart, for Latin and for Korean letters.

    Args:
        properties: an element such as ``a:rPr``.
        language: of the deck.
    """
    for name in ("a:latin", "a:ea"):
        for old in properties.findall(qn(name)):
            properties.remove(old)
    properties.set("lang", "ko-KR" if language == "ko" else "en-GB")
    properties.set("altLang", "en-GB" if language == "ko" else "ko-KR")
    for tag, font in (("latin", LATIN), ("ea", EAST_ASIAN)):
        properties.append(parse_xml(f'<a:{tag} {nsdecls("a")} typeface="{font}"/>'))


def _themed(theme: str) -> str:
    for name, value in _COLOURS.items():
        theme = re.sub(rf"(<a:{name}>).*?(</a:{name}>)", rf'\1<a:srgbClr val="{value}"/>\2', theme, flags=re.DOTALL)
    for font in ("majorFont", "minorFont"):
        fonts = f'<a:{font}><a:latin typeface="{LATIN}"/><a:ea typeface="{EAST_ASIAN}"/><a:cs typeface=""/></a:{font}>'
        theme = re.sub(rf"<a:{font}>.*?</a:{font}>", fonts, theme, flags=re.DOTALL)
    return theme.replace('<a:clrScheme name="Office">', '<a:clrScheme name="toolkit">')


def _set_master(master: Any) -> None:
    """Put the title where slides have it; the places of the template are those of a narrower slide."""
    for shape in master.placeholders:
        shape.left, shape.width = Pt(MARGIN), Pt(WIDTH - 2 * MARGIN)
    title = master._element.find(".//" + qn("p:titleStyle")).find(qn("a:lvl1pPr"))
    title.set("algn", "l")
    properties = title.find(qn("a:defRPr"))
    properties.set("sz", str(int(TITLE_SIZE * 100)))
    properties.set("b", "1")


def _add_foot(layout: SlideLayout, title: str) -> None:
    """Write title and number at the foot of a layout; the number is a field, so it is each slide's own."""
    field = '<a:fld id="{C1FF6DA9-008F-8B48-92A6-B652298478BF}" type="slidenum">%s<a:t>1</a:t></a:fld>'
    for name, left, wide, aligned, content in (
        ("Deck", MARGIN, WIDTH - 2 * MARGIN - 80, "l", "<a:r>%s<a:t/></a:r>"),
        ("Number", WIDTH - MARGIN - 60, 60.0, "r", field),
    ):
        fill = '<a:solidFill><a:schemeClr val="tx2"/></a:solidFill>'
        size = f'<a:rPr lang="en-GB" sz="{SMALL_SIZE * 100:.0f}">{fill}</a:rPr>'
        box = parse_xml(
            f'<p:sp {nsdecls("p", "a")}><p:nvSpPr><p:cNvPr id="{90 + len(layout.shapes)}" name="{name}"/>'
            '<p:cNvSpPr txBox="1"/><p:nvPr userDrawn="1"/></p:nvSpPr><p:spPr><a:xfrm>'
            f'<a:off x="{Pt(left)}" y="{Pt(_FOOT)}"/><a:ext cx="{Pt(wide)}" cy="{Pt(18)}"/></a:xfrm>'
            '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></p:spPr><p:txBody>'
            '<a:bodyPr wrap="square" lIns="0" tIns="0" rIns="0" bIns="0"/><a:lstStyle/>'
            f'<a:p><a:pPr algn="{aligned}"/>{content % size}</a:p></p:txBody></p:sp>'
        )
        if name == "Deck":
            box.find(".//" + qn("a:t")).text = title
        layout.shapes._spTree.append(box)
