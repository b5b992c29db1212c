"""Pictures of a story's pages and slides: Chromium and LibreOffice open them, and what they show is looked at.

A slide of the ``.pptx`` and its namesake of the ``.html`` have to look alike, nothing may be empty, and no text may
stand beyond its place. What it needs is in ``story_tools.py``.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from browser import chromium, pages_of, printed, sheet
from PIL import Image
from story_tools import refuse_missing

SMALL = (24, 13)
"""Of a picture that is compared: a cell is two lines of text high, since programs break lines at other places."""
COLUMNS = 3
MEASURE = """<iframe src="%s" style="width:1280px;height:720px"></iframe><output></output><script>
document.querySelector("iframe").onload = () => {
  const page = document.querySelector("iframe").contentWindow;
  const blocks = [...page.document.querySelectorAll(".block")];
  const beyond = blocks.filter((block) => block.scrollWidth > block.clientWidth + 1
    || block.getBoundingClientRect().height > parseFloat(page.getComputedStyle(block).minHeight) + 2);
  document.querySelector("output").textContent = ["measured", ...beyond.map((block) => block.textContent.trim()
    .replace(/\\s+/g, " ").slice(0, 60))].join("\\n");
};
</script>"""
"""A page that opens another one and says which of its blocks are larger than their places."""

ALIKE = 0.8
"""Correlation of the small pictures of a slide in both formats; different slides of a story have 0.77 at most."""


def take_pictures(work: Path, folder: Path) -> None:
    """Write a sheet of pictures a file to a folder, and end where something is wrong with one."""
    refuse_missing()
    folder.mkdir(parents=True, exist_ok=True)
    faults = []
    with tempfile.TemporaryDirectory() as scratch:
        for language in ("en", "ko"):
            decks = [_slides(work / f"slides-{language}.{ending}", Path(scratch)) for ending in ("pptx", "html")]
            for deck, ending in zip(decks, ("pptx", "html"), strict=True):
                _save(deck, folder / f"slides-{language}-{ending}.jpg")
            faults += _compared(language, *decks)
            faults += _beyond(work / f"slides-{language}.html", Path(scratch))
            _save(printed(work / f"page-{language}.html", Path(scratch)), folder / f"page-{language}.jpg")
    sys.exit("\n".join(faults) if faults else 0)


def _slides(file: Path, scratch: Path) -> list[Image.Image]:
    if file.suffix == ".html":
        return printed(file, scratch)
    convert = ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(scratch), str(file)]
    subprocess.run(convert, check=True, capture_output=True, timeout=300)
    return pages_of(scratch / f"{file.stem}.pdf")


def _beyond(file: Path, scratch: Path) -> list[str]:
    """Return the texts that are wider or higher in a browser than the place that was measured for them."""
    page = scratch / "measure.html"
    page.write_text(MEASURE % file.absolute().as_uri(), encoding="utf-8")
    look = ("--allow-file-access-from-files", "--window-size=1400,900", "--virtual-time-budget=5000", "--dump-dom")
    shown = chromium(*look, page.as_uri()).decode()
    found = re.search("<output>(.*?)</output>", shown, re.DOTALL)
    if found is None or not found[1].startswith("measured"):
        return [f"{file.name}: its blocks were not measured"]
    return [f"{file.name}: beyond its place: {text}" for text in found[1].splitlines()[1:]]


def _save(pictures: list[Image.Image], file: Path) -> None:
    sheet(pictures, columns=COLUMNS).save(file, quality=70, optimize=True)


def _compared(language: str, ours: list[Image.Image], theirs: list[Image.Image]) -> list[str]:
    if len(ours) != len(theirs):
        return [f"{language}: {len(ours)} slides in the .pptx, {len(theirs)} in the .html"]
    faults = []
    for number, pair in enumerate(zip(ours, theirs, strict=True), start=1):
        small = [np.asarray(picture.convert("L").resize(SMALL), dtype=float).ravel() for picture in pair]
        if min(picture.std() for picture in small) < 1:
            faults.append(f"{language}: slide {number} is empty")
        elif (found := float(np.corrcoef(*small)[0, 1])) < ALIKE:
            faults.append(f"{language}: slide {number} looks otherwise in both formats ({found:.2f})")
    return faults


if __name__ == "__main__":
    take_pictures(Path(sys.argv[1]), Path(sys.argv[2]))
