"""Chromium prints pages, poppler makes pictures of what is printed, and pictures are put on sheets."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

QUIET = ("--headless", "--no-sandbox", "--disable-gpu")
PACKAGES = {
    "chromium": "chromium fonts-noto-cjk fonts-liberation",
    "pdftoppm": "poppler-utils",
    "soffice": "libreoffice-impress",
    "node": "nodejs",
}
"""What brings a tool."""


def need(*tools: str) -> None:
    """End where a tool is missing, with the command that installs it."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        packages = " ".join(PACKAGES[tool] for tool in missing)
        sys.exit(f"{', '.join(missing)} not found; apt install --no-install-recommends {packages}")


def chromium(*arguments: str) -> bytes:
    """Run Chromium without a window and return what it prints."""
    return subprocess.run(["chromium", *QUIET, *arguments], check=True, capture_output=True, timeout=300).stdout


def printed(file: Path, scratch: Path) -> list[Image.Image]:
    """Return pictures of the pages of paper that a page in HTML takes."""
    pdf = scratch / f"{file.stem}-printed.pdf"
    chromium("--no-pdf-header-footer", f"--print-to-pdf={pdf}", file.absolute().as_uri())
    return pages_of(pdf)


def pages_of(pdf: Path) -> list[Image.Image]:
    """Return a picture a page."""
    begin = pdf.with_suffix("")
    subprocess.run(["pdftoppm", "-r", "48", "-png", str(pdf), str(begin)], check=True, timeout=300)
    return [Image.open(file).convert("RGB") for file in sorted(begin.parent.glob(f"{begin.name}-*.png"))]


def sheet(pictures: Sequence[Image.Image], *, columns: int) -> Image.Image:
    """Put pictures beside and beneath each other on one."""
    wide, high = (max(picture.size[side] for picture in pictures) + 6 for side in (0, 1))
    placed = Image.new("RGB", (wide * columns, high * -(-len(pictures) // columns)), "#888")
    for number, picture in enumerate(pictures):
        placed.paste(picture, (number % columns * wide + 3, number // columns * high + 3))
    return placed
