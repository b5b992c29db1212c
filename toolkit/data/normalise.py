"""One form for every text, in training and prediction alike."""

from __future__ import annotations

import unicodedata

LONGEST_CHARACTERS = 200_000
"""A cell is cut here before anything is done to it: no model reads as much, and it would take memory."""


def clean_text(cell: str | None) -> str:
    """A cell as the models see it: Unicode normal form C, at most `LONGEST_CHARACTERS`; missing is empty.

    Korean typed on a Mac comes as single letters (form D), which tokenizers spell otherwise than syllables.
    """
    return unicodedata.normalize("NFC", cell[:LONGEST_CHARACTERS]) if cell else ""


def clean_label(cell: str | None) -> str:
    """A label in normal form C without the white space around it; missing is empty."""
    return unicodedata.normalize("NFC", cell).strip() if cell else ""


def is_blank(text: str) -> bool:
    """Whether a text has nothing but white space."""
    return not text or text.isspace()


def comparison_key(text: str, pair: str | None = None) -> str:
    """What two texts have in common that differ in case, white space and Unicode form only."""
    key = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return key if pair is None else f"{key}\x1f{comparison_key(pair)}"
