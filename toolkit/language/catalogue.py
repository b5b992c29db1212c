"""Find the entry of a message among hundreds, and translate what is made of several messages.

There are two ways to an entry. A message that leaves the program is matched, with its fields filled in (`text`,
`word`). A sentence of pages, slides and cards is looked up by its English with the names of its fields (`sentence`):
many of them are too short to be recognised, such as ``{name} {value}``.

Of each template one word is known that every text of it has: its first one, or a later one where it begins with a
field. So the words of a text name the few templates that are tried. Patterns are compiled at their first trial.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from toolkit.language.po import PAGE, WORD, Entry
from toolkit.language.template import BREAK, Template, a_word_of, words_in

_MOST = 4000
"""Characters of a text; a longer one is no message."""
_MOST_PARTS = 24
_HEAD = re.compile(r"(\S{1,300}|[^:;]{1,300}): (?=\S)")
_TIME = re.compile(r"\d[\d,.]* (?:h|min|ms|s)(?: \d+ (?:min|s))?")
_UNITS = {"h": "시간", "min": "분", "ms": "밀리초", "s": "초"}
_UNIT = re.compile(rf"(?<=\d) ({'|'.join(_UNITS)})\b")
_MORE = re.compile(r", | and | or ")
_DOT = " · "
"""What stands between facts in a line."""


class Catalogue:
    """The messages of a language.

    Args:
        entries: in any order.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._looked_up: dict[tuple[str, str], str] = {}
        self._whole: dict[str, str] = {}
        self._words: dict[str, str] = {}
        self._with_words: list[Template] = []
        self._by_first: defaultdict[str, list[Template]] = defaultdict(list)
        self._by_word: defaultdict[str, list[Template]] = defaultdict(list)
        for entry in entries:
            for source in entry.sources:
                self._looked_up[entry.context, source] = entry.translation
                if entry.context not in (WORD, ""):
                    continue
                if entry.context == WORD and "{" in source:
                    self._with_words.append(Template(source, entry.translation))
                elif entry.context == WORD:
                    self._words[source] = entry.translation
                elif "{" not in source:
                    self._whole[source] = entry.translation
                elif "{" not in (first := source.partition(" ")[0]):
                    self._by_first[first].append(Template(source, entry.translation))
                else:
                    self._by_word[a_word_of(source)].append(Template(source, entry.translation))

    def sentence(self, english: str, *, context: str) -> str:
        """Return a sentence with its fields as they are written; without an entry it stays English.

        Args:
            english: as an entry has it, word by word.
            context: whose entries go before those of pages and of messages.
        """
        found = (self._looked_up.get((each, english)) for each in (context, PAGE, WORD, ""))
        return next((text for text in found if text is not None), english)

    def text(self, english: str) -> str:
        """Return a line, a fault or a sentence in this language; what has no entry stays as it is."""
        text = english.strip(" ")
        if not text or len(text) > _MOST:
            return english
        return english.replace(text, self.one(text) or self._parts(text) or self._behind_head(text) or text, 1)

    def word(self, english: str) -> str:
        """Return a text that stands where all words are ours, so that little of it has to be known."""
        known = self._words.get(english) or self._with_word(english) or _time(english)
        if known is None and _DOT in english:
            return _DOT.join(map(self.word, english.split(_DOT)))
        return known or self.text(english)

    def _with_word(self, text: str) -> str | None:
        if self.one(text) is None and len(text) <= _MOST:
            for template in self._with_words:
                if (fields := template.fields_of(text)) is not None:
                    return template.filled(fields, self.ours)
        return None

    def ours(self, value: str) -> str:
        """Return a field that holds words of ours: a message, a word, a time, or several of them."""
        found = self._words.get(value) or self.one(value) or self._with_word(value)
        if found is not None:
            return found
        if (time := _time(value)) is not None:
            return time
        if _MORE.search(value):
            return ", ".join(map(self.ours, _MORE.split(value)))
        return self.text(value)

    def one(self, text: str) -> str | None:
        """Return a text that is one message, None if it is none; of several that match, the most literal one wins.

        A sentence may have been made of a message by its capital and its full stop.
        """
        if (found := self._one(text)) is not None or not (text.endswith(".") or text[:1].isupper()):
            return found
        clause = text.removesuffix(".")
        found = self._one(clause) or self._one(f"{clause[:1].lower()}{clause[1:]}")
        return f"{found}." if found and text != clause and not found.endswith(".") else found

    def _one(self, text: str) -> str | None:
        if (whole := self._whole.get(text)) is not None:
            return whole
        tried: list[Template] = [*self._by_first.get(text.partition(" ")[0], [])]
        for word in {*words_in(text), ""}:
            tried += self._by_word.get(word, [])
        for template in sorted(tried, key=Template.rank):
            if (fields := template.fields_of(text)) is not None:
                return template.filled(fields, self.ours)
        return None

    def _parts(self, text: str) -> str | None:
        """Return a text of several clauses or sentences, the longest known run of them at a time."""
        parts = split(text)
        if not 1 < len(parts) <= _MOST_PARTS:
            return None
        done, start, is_known = [], 0, False
        while start < len(parts):
            for end in range(len(parts), start, -1):
                run, between = joined(parts[start:end])
                found = (self.one(run) or (self._behind_head(run) if end == start + 1 else None)) if run else None
                if found is not None:
                    break
            is_known = is_known or found is not None
            done.append(f"{run}{between}" if found is None else f"{found}{_behind(found, between)}")
            start = end
        return "".join(done) if is_known else None

    def _behind_head(self, text: str) -> str | None:
        """Return a text whose message stands behind a name or a place: ``reviews.csv:17: …``."""
        head = _HEAD.match(text)
        if head is None:
            return None
        found = self.one(text[head.end() :]) or self._parts(text[head.end() :])
        place = self._words.get(head[1], head[1]) if " " in head[1] else head[1]  # a single word may be a file's name
        return None if found is None else f"{place}: {found}"


def _time(text: str) -> str | None:
    """Return ``2분 50초`` for ``2 min 50 s``; None if a text is no time."""
    return with_units(text) if _TIME.fullmatch(text) else None


def with_units(text: str) -> str:
    """Return a text with the units of its times in Korean."""
    return _UNIT.sub(lambda unit: _UNITS[unit[1]], text)


def _behind(text: str, between: str) -> str:
    """Return what parts a clause from the next where it is a sentence of its own: Korean has no semicolons."""
    return f"{'' if text.endswith(('.', '?', '!', ':')) else '.'} " if between == "; " else between


def split(text: str) -> list[tuple[str, str]]:
    """Return the clauses and sentences of a text, each with what parts it from the next."""
    parts, start = [], 0
    for found in re.finditer(BREAK, text):
        end = found.start() + (0 if found[0] == "; " else 1)
        parts.append((text[start:end], text[end : found.end()]))
        start = found.end()
    return [*parts, (text[start:], "")]


def joined(parts: list[tuple[str, str]]) -> tuple[str, str]:
    """Return some parts as one text, and what stands behind it."""
    *first, (last, between) = parts
    return "".join(f"{part}{behind}" for part, behind in first) + last, between
