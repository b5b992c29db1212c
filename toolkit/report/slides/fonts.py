"""What to install where letters of slides would be missing."""

from __future__ import annotations

import shutil
import subprocess

from toolkit.report.language import Language

_SECONDS = 10


def font_advice(language: Language) -> str:
    """Return which fonts slides are written for, and what to install where they are not."""
    return language.say(
        "Fonts: Arial and Malgun Gothic, which come with Office. Without them, install Liberation Sans and Noto Sans "
        "CJK KR (Debian, Ubuntu: apt install fonts-liberation fonts-noto-cjk); macOS has Apple SD Gothic Neo."
    )


def missing_fonts(language: Language) -> list[str]:
    """Return the advice if this machine, as far as it can be asked, has no font with letters of the language.

    Systems without fontconfig bring such fonts along.
    """
    command = shutil.which("fc-list")
    if command is None or language.code == "en":
        return []
    try:
        found = subprocess.run(  # noqa: S603, a list of our own
            [command, f":lang={language.code}"], capture_output=True, timeout=_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return [] if found.stdout.strip() else [font_advice(language)]
