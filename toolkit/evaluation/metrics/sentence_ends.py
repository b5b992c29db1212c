"""Sentences of a text in any language, told by marks and lines alone."""

from __future__ import annotations

import re

# Marks that end a sentence, and the quotes and brackets that close behind them.
_MARKS = re.compile(r"[.!?…。！？｡।؟]+[\"'”’»)\]」』）]*")
_NEED_NO_SPACE = frozenset("。！？｡")
_HANGUL = re.compile("[\uac00-\ud7a3]")
# Titles and initials, as in "Dr. A. Smith", and the numbers of a list; a longer word may end a sentence.
_ABBREVIATED = re.compile(r"(?:^|\W)(?:[^\W\d_]|Mr|Mrs|Ms|Dr|Prof|St)$|^\s*\d{1,3}$")
_LONGEST = len(" Prof")
_NEXT = re.compile(r"\s+(\S)?")


def split_sentences(text: str) -> list[str]:
    """Divide a text into sentences, without white space around them; none of a blank text.

    A sentence ends with its line, and at a mark (``.``, ``!``, ``?``, ``…`` and those of other scripts) before white
    space, but not before a small letter. A point does not end it behind a single letter or a title, nor behind the
    number of a list. Chinese and Japanese marks need no space behind them, nor does a point between Korean syllables.
    """
    return [sentence for line in text.splitlines() for sentence in _of_line(line)]


def _of_line(line: str) -> list[str]:
    ends = [mark.end() for mark in _MARKS.finditer(line) if _is_end(line, mark)]
    parts = (line[start:end].strip() for start, end in zip([0, *ends], [*ends, len(line)], strict=True))
    return [part for part in parts if part]


def _is_end(line: str, mark: re.Match[str]) -> bool:
    start, end = mark.span()
    if _NEED_NO_SPACE & set(mark[0]):
        return True
    behind = _NEXT.match(line, end)
    if behind is None:
        return end == len(line) or bool(_HANGUL.match(line, start - 1) and _HANGUL.match(line, end))
    before = line[max(0, start - _LONGEST - 1) : start]
    return not (behind[1] or "").islower() and not (mark[0] == "." and _ABBREVIATED.search(before))
