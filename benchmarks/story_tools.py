"""What pictures of a story need on this machine: a browser, an office, and fonts. What is missing is installed by apt.

    python benchmarks/story_tools.py

A second time it does nothing. Without apt, or without the right to use it, it ends with the command to type.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

TOOLS = {
    "chromium": "chromium",
    "soffice": "libreoffice-impress",
    "pdftoppm": "poppler-utils",
    "fc-match": "fontconfig",
}
"""Debian's package of each command."""

FONTS = {"Arial": ("fonts-liberation", ("Arial", "Liberation Sans")), ":lang=ko": ("fonts-noto-cjk", ("Noto", "Nanum"))}
"""By what is asked of fontconfig: Debian's package, and the beginnings of the families that do.

Without one of the width of Arial, Chromium and LibreOffice take two different ones, and break lines at other places.
"""


def missing_packages() -> list[str]:
    """Return Debian's packages of what is not here."""
    missing = [package for command, package in TOOLS.items() if shutil.which(command) is None]
    if shutil.which("fc-match") is None:
        return [*missing, *(package for package, _ in FONTS.values())]
    return missing + [
        package for asked, (package, families) in FONTS.items() if not _family(asked).startswith(families)
    ]


def refuse_missing() -> None:
    """End with the command that installs what is not here."""
    if missing := missing_packages():
        names = " ".join(missing)
        sys.exit(f"not on this machine: {names}; as root: apt-get install --yes --no-install-recommends {names}")


def install_missing() -> None:
    """Install what is not here, where this may be done."""
    missing = missing_packages()
    if missing and shutil.which("apt-get") is not None and getattr(os, "geteuid", lambda: 1)() == 0:
        command = ["apt-get", "install", "--yes", "--no-install-recommends", *missing]
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"apt-get could not install {' '.join(missing)}; if its lists are old: apt-get update")
    refuse_missing()


def _family(asked: str) -> str:
    found = subprocess.run(["fc-match", "--format=%{family}", asked], capture_output=True, check=False)
    return found.stdout.decode()


if __name__ == "__main__":
    install_missing()
