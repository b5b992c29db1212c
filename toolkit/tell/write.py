"""Write the page and the slides of a story."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from toolkit.files import write_text_atomically
from toolkit.report.language import Language
from toolkit.report.page import render_story
from toolkit.report.slides.write import write_slides
from toolkit.report.story import Story
from toolkit.report.written import Written
from toolkit.tell.tell import tell


def report(names: Sequence[str], *, ledger: Path | None = None, written: Written, language: str = "en") -> Story:
    """Tell a work on one page, as slides, or both.

    Args:
        names, ledger, language: as of `toolkit.tell.tell.tell`.
        written: the files, which are replaced.

    Raises:
        RecipeError: an unknown language, runs of different tasks.
        ToolkitError: as of `toolkit.tell.tell.tell`.
    """
    Language(language)
    story = tell(names, ledger=ledger, language=language)
    if written.page is not None:
        write_text_atomically(written.page, render_story(story))
    if written.slides is not None:
        write_slides(story, written.slides)
    return story
