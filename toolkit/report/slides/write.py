"""Write a story as slides, in the format that a file's ending says."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from toolkit.errors import RecipeError, explain
from toolkit.report.slides.compose import compose
from toolkit.report.story import Story

ENDINGS = (".pptx", ".html")
_INSTALL = "pip install 'transfer-toolkit[slides]', or name a file that ends in .html"


def check_slides(path: Path) -> None:
    """Refuse a file of slides that cannot be written, before any work.

    Raises:
        RecipeError: its ending is neither, or the package that writes it is missing.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        found = explain(f"slides are written as {' or '.join(ENDINGS)}, not as {ending or path.name!r}", name=ending)
        raise RecipeError(found, where="--slides")
    if ending == ".pptx" and find_spec("pptx") is None:
        raise RecipeError(f"python-pptx is not installed; {_INSTALL}", where="--slides")


def write_slides(story: Story, path: Path) -> None:
    """Write slides.

    Raises:
        RecipeError: as of `check_slides`.
        ResourceError: the file cannot be written.
    """
    check_slides(path)
    deck = compose(story)
    if path.suffix.lower() == ".html":
        from toolkit.report.slides.html_file import write_html

        write_html(deck, path)
    else:
        from toolkit.report.slides.pptx_file import write_pptx

        write_pptx(deck, path)
