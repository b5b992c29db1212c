"""The language that this process speaks, and what it says in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.language.po import PAGE

if TYPE_CHECKING:
    from toolkit.language.catalogue import Catalogue

ENGLISH, KOREAN = "en", "ko"
LANGUAGES = (ENGLISH, KOREAN)
VARIABLE = "TOOLKIT_LANG"
_OF_THE_SYSTEM = ("LC_ALL", "LC_MESSAGES", "LANG")  # in the order of POSIX

_language = ENGLISH


def speak(language: str) -> None:
    """Speak a language from now on, one of `LANGUAGES`; until then it is English."""
    global _language
    _language = language


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speak a language while a block runs, as for a page in another one than the terminal's."""
    before = _language
    speak(language)
    try:
        yield
    finally:
        speak(before)


def language() -> str:
    """Return the language that this process speaks."""
    return _language


def language_of(environment: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the language that the environment asks for, and its own word that is not understood, if there is one.

    Args:
        environment: the variables of a process. ``TOOLKIT_LANG`` goes before the locale of the system; a locale in
            another language, or one that the system does not have, is English.
    """
    if named := environment.get(VARIABLE, "").strip():
        asked = _code(named)
        return (asked, None) if asked in LANGUAGES else (ENGLISH, named)
    locale = next((value for name in _OF_THE_SYSTEM if (value := environment.get(name))), "")
    return (_code(locale) if _code(locale) in LANGUAGES else ENGLISH), None


def _code(locale: str) -> str:
    """Return ``ko`` for ``ko_KR.UTF-8``."""
    return locale.lower().replace("-", "_").replace(".", "_").replace("@", "_").partition("_")[0]


def translated(text: str) -> str:
    """Return a line, a fault or a sentence in the language that is spoken; what has no entry stays English."""
    return text if _language == ENGLISH else _catalogue(_language).text(text)


def translated_word(text: str) -> str:
    """Return a text that may be a single word of ours, such as the head of a column."""
    return text if _language == ENGLISH else _catalogue(_language).word(text)


def whole_message(text: str) -> str | None:
    """Return a text that is one message as a whole, in the language that is spoken; None if it is none."""
    return text if _language == ENGLISH else _catalogue(_language).one(text)


def sentence_in(language: str, english: str, *, context: str = PAGE) -> str:
    """Return a sentence in a language, with its fields as they are written; what has no entry stays English.

    Args:
        language: one of `LANGUAGES`, which need not be the one that is spoken.
        english: as the catalogue has it, with the names of its fields.
        context: of the catalogue, `toolkit.language.po.PAGE` or ``CARD``.
    """
    return english if language == ENGLISH else _catalogue(language).sentence(english, context=context)


def translated_in(language: str, text: str) -> str:
    """Return what `translated` would in a language that need not be the one that is spoken."""
    return text if language == ENGLISH else _catalogue(language).text(text)


def times_in(language: str, english: str) -> str:
    """Return ``2분 50초`` for ``2 min 50 s``."""
    if language == ENGLISH:
        return english
    from toolkit.language.catalogue import with_units

    return with_units(english)


@cache
def _catalogue(language: str) -> Catalogue:
    from toolkit.language.catalogue import Catalogue
    from toolkit.language.po import read_folder

    return Catalogue(read_folder(Path(__file__).with_name(language)))
