"""Where a story is written; nothing heavy is imported, so that a wrong file is refused at once."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from toolkit.errors import RecipeError, ResourceError, explain

USUAL_PAGE = Path("report.html")
PAGES, SLIDES = (".html", ".htm"), (".pptx", ".html")
_INSTALL = "pip install 'transfer-toolkit[slides]', or name a file that ends in .html"


@dataclass(frozen=True)
class Written:
    """The files of a story.

    Attributes:
        page: None where slides alone were asked for.
        slides: None where none were asked for.
    """

    page: Path | None = USUAL_PAGE
    slides: Path | None = None

    @classmethod
    def of(cls, page: Path | None, slides: Path | None) -> Self:
        """Return the files that were asked for, a page under its usual name where nothing was.

        Raises:
            RecipeError: the ending of one is another, both are one, or the package that writes slides is missing.
            ResourceError: one is a folder, or there is none to write it to.
        """
        written = cls(USUAL_PAGE if page is None and slides is None else page, slides)
        if written.page is not None:
            _check(written.page, PAGES, option="--output")
        if slides is not None:
            _check(slides, SLIDES, option="--slides")
            if slides.suffix.lower() == ".pptx" and find_spec("pptx") is None:
                raise RecipeError(f"python-pptx is not installed; {_INSTALL}", where="--slides")
            if written.page is not None and slides.resolve() == written.page.resolve():
                raise RecipeError(f"page and slides cannot both be {str(slides)!r}", where="--slides")
        return written


def _check(path: Path, endings: tuple[str, ...], *, option: str) -> None:
    if path.suffix.lower() not in endings:
        found = explain(f"{path.name!r} does not end as it is written", allowed=endings, name=path.suffix)
        raise RecipeError(found, where=option)
    if path.is_dir() or not path.parent.is_dir():
        found = "this is a folder" if path.is_dir() else f"there is no folder {str(path.parent)!r}"
        raise ResourceError(f"{found}; choose another {option}", where=str(path))
