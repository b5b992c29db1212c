"""Write the page of a story."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.errors import RecipeError, ResourceError, explain
from toolkit.files import write_text_atomically
from toolkit.report.language import Language
from toolkit.report.page import render_story
from toolkit.report.story import Story
from toolkit.tell.tell import tell

SUFFIXES = (".html", ".htm")


def report(names: Sequence[str], *, ledger: Path | None = None, output: Path, language: str = "en") -> Story:
    """Tell a work on one page.

    Args:
        names, ledger, language: as of `toolkit.tell.tell.tell`.
        output: the file, which is replaced.

    Raises:
        RecipeError: an output that is no page, an unknown language, runs of different tasks.
        ToolkitError: as of `toolkit.tell.tell.tell`.
    """
    Language(language)
    check_page(output)
    story = tell(names, ledger=ledger, language=language)
    write_text_atomically(output, render_story(story))
    return story


def check_page(output: Path) -> None:
    """Refuse before any work a file that could not be written, or is no page."""
    if output.suffix.lower() not in SUFFIXES:
        message = explain(f"a page does not end in {output.suffix!r}", allowed=SUFFIXES)
        raise RecipeError(message, where=str(output))
    if output.is_dir() or not output.parent.is_dir():
        found = "this is a folder" if output.is_dir() else f"there is no folder {str(output.parent)!r}"
        raise ResourceError(f"{found}; choose another --output", where=str(output))
