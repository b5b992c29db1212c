"""A deck as one HTML file that needs nothing else: arrow keys, one slide a page in print, one column on a phone."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from toolkit.files import write_text_atomically
from toolkit.report.page import page_environment
from toolkit.report.slides import layout
from toolkit.report.slides.deck import Deck
from toolkit.report.slides.html_chart import drawn_bars, drawn_curves, drawn_scatter
from toolkit.report.slides.layout import pages, text_size, title_size


def write_html(deck: Deck, path: Path) -> None:
    """Write a deck.

    Raises:
        ResourceError: the file cannot be written.
    """
    write_text_atomically(path, render_html(deck))


def render_html(deck: Deck) -> str:
    """Return a deck as HTML; the same deck gives the same text.

    Its own script is named by its digest, so a browser carries out no other one.
    """
    script = (Path(__file__).parent / "deck.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        page_environment()
        .get_template("slides/deck.html.jinja")
        .render(
            deck=deck,
            pages=pages(deck),
            script=script,
            digest=digest,
            layout=layout,
            kind=lambda content: type(content).__name__,
            title_size=title_size,
            text_size=text_size,
            drawn_bars=drawn_bars,
            drawn_scatter=drawn_scatter,
            drawn_curves=drawn_curves,
        )
    )
