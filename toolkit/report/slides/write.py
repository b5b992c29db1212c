"""Write a story as slides, in the format that a file's ending says."""

from __future__ import annotations

from pathlib import Path

from toolkit.report.slides.compose import compose
from toolkit.report.story import Story


def write_slides(story: Story, path: Path) -> None:
    """Write slides.

    Args:
        story: to tell.
        path: as `toolkit.report.written.Written` has checked it.

    Raises:
        ResourceError: the file cannot be written.
    """
    deck = compose(story)
    if path.suffix.lower() == ".pptx":
        from toolkit.report.slides.pptx_file import write_pptx

        write_pptx(deck, path)
    else:
        from toolkit.report.slides.html_file import write_html

        write_html(deck, path)
