"""Pages in the language that is spoken: their texts are matched as they leave, like the lines of a terminal.

Templates of pages stay as they are. A text is what stands between two tags of blocks: first with its inline tags, which
are part of the message then, and else each piece by itself. Within ``<bdi>``, where pages put names that others chose,
only what has a few words is taken for our own; code and data that is shown as it is are left alone.
"""

from __future__ import annotations

import re
from html import escape, unescape

from toolkit.language.spoken import ENGLISH, language, translated, translated_word, whole_message

_INLINE = ("bdi", "b", "code", "em", "strong")
_TAG = re.compile(r"<!?/?([a-zA-Z]\w*)[^>]*>")
_SAID = re.compile(r'(?<= )(aria-label|alt)="([^"]*)"')
_AS_IT_IS = re.compile(r'<(style|pre)\b.*?</\1>|<(p|dd|span) class="text".*?</\2>', re.DOTALL)
_PIECE = re.compile(r"(<(?:bdi|code)>[^<]*</(?:bdi|code)>|<[^>]+>)")
_IN_BDI = re.compile(r"<bdi>([^<]*)</bdi>")
_WORDS_OF_A_SENTENCE = 4
_ENTITY = re.compile(r"(&#?\w+);")
_NO_CLAUSE = "\ue000"
"""Stands for the semicolon of an entity, behind which no other clause begins."""


def spoken_page(html: str) -> str:
    """Return a page in the language that is spoken, with the attribute that says so; an English one as it is."""
    if language() == ENGLISH:
        return html
    done, end = [], 0
    for kept in _AS_IT_IS.finditer(html):
        done += [_spoken(html[end : kept.start()]), kept[0]]
        end = kept.end()
    page = "".join([*done, _spoken(html[end:])])
    return page.replace('<html lang="en">', f'<html lang="{language()}">', 1)


def _spoken(html: str) -> str:
    """Return a part of a page whose texts are to be read."""
    done, start = [], 0
    for tag in _TAG.finditer(html):
        if tag[1] in _INLINE:
            continue
        done += [_text(html[start : tag.start()]), _SAID.sub(_attribute, tag[0])]
        start = tag.end()
    return "".join([*done, _text(html[start:])])


def _attribute(said: re.Match[str]) -> str:
    return f'{said[1]}="{escape(translated_word(unescape(said[2])))}"'


def _text(html: str) -> str:
    """Return the text of a block."""
    text = " ".join(html.split()).replace("&#39;", "'").replace("&#34;", '"')  # as a text may have them, too
    if not text:
        return html
    if "<" not in text:
        told = translated_word(unescape(text))
        return html if told == unescape(text) else html.replace(html.strip(), escape(told, quote=False), 1)
    found = whole_message(_ENTITY.sub(rf"\1{_NO_CLAUSE}", text))
    if found is not None:
        return html.replace(html.strip(), found.replace(_NO_CLAUSE, ";"), 1)
    named = _IN_BDI.sub(_sentence, html)
    pieces = _PIECE.split(named)
    return "".join(piece if piece.startswith("<") else _text(piece) for piece in pieces)


def _sentence(named: re.Match[str]) -> str:
    """Return what stands in ``<bdi>``."""
    text = unescape(named[1])
    if len(text.split()) < _WORDS_OF_A_SENTENCE:
        return named[0]
    return f"<bdi>{escape(translated(text), quote=False)}</bdi>"
