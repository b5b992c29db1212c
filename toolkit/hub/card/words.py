"""The sentences of a card in one of its languages; they stand in ``model_cards/words.<language>.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import yaml
from markupsafe import escape as escape_html

from toolkit.errors import RecipeError, explain
from toolkit.hub.card.markdown import Markdown, code_span, escape
from toolkit.language.spoken import LANGUAGES
from toolkit.report.language import Language
from toolkit.report.measures import NOT_DEFINED, Measure
from toolkit.shipped import shipped_folder
from toolkit.tasks.pages import Code, Rows, Sentence


class Words:
    """Sentences by their keys, such as ``limits.unknown``.

    Args:
        sentences: by group and key; a list of two is singular and plural.
        language: that they are in.
    """

    def __init__(self, sentences: Mapping[str, Mapping[str, Any]], language: str = "en") -> None:
        self._sentences, self._language = sentences, language

    def __call__(self, key: str, **gaps: Any) -> Markdown:
        """Return a sentence with its gaps filled; what fills them is escaped but where it is Markdown already.

        Args:
            key: group and key.
            gaps: values by name; numbers get commas, and ``n`` decides between singular and plural.
        """
        group, _, name = key.partition(".")
        sentence = self._sentences[group][name]
        if isinstance(sentence, list):
            sentence = sentence[0 if gaps.get("n") == 1 else 1]
        return Markdown(self.written(sentence).format(**{gap: self.filled(value) for gap, value in gaps.items()}))

    def written(self, sentence: str) -> str:
        """Return a sentence of the file, with its gaps, as it is written where it goes to."""
        return sentence

    def all_of(self, group: str) -> tuple[str, ...]:
        """Return all sentences of a group."""
        return tuple(map(str, self._sentences[group].values()))

    def sentence(self, sentence: Sentence) -> Markdown:
        """Return a sentence that a task's pages name."""
        return self(sentence.key, **{name: self._of_task(value) for name, value in sentence.gaps.items()})

    def _of_task(self, value: Any) -> Any:
        if isinstance(value, Code):
            return self.code(value.text)
        return self.count("test_rows", value.n) if isinstance(value, Rows) else value

    def count(self, noun: str, n: int) -> Markdown:
        """Return ``1,000 test rows`` for ``test_rows``."""
        return self(f"count.{noun}", n=n)

    def name(self, english: str) -> str:
        """Translate a name that the rest of the toolkit has in English."""
        return str(self._sentences["names"].get(english, english))

    def amount(self, english: str) -> str:
        """Translate the units of ``2 min 50 s``."""
        units = self._sentences["units"]
        known = "|".join(map(re.escape, units)) or "(?!)"
        return re.sub(rf"(?<=\d) ({known})\b", lambda unit: units[unit[1]], english)

    def escaped(self, text: str) -> str:
        """Escape a text for Markdown."""
        return self.filled(text)

    def filled(self, value: Any) -> str:
        """Return what fills a gap."""
        if isinstance(value, str):
            return str(escape_html(escape(value)))
        return f"{value:,}" if isinstance(value, int) else str(value)

    def code(self, text: str) -> Markdown:
        """Return a name in code type."""
        return code_span(text)

    def listed(self, parts: Sequence[str | Markdown]) -> Markdown:
        """Return ``a, b and c``, escaped."""
        *first, last = (self.filled(part) for part in parts)
        return self("list.and", first=Markdown(", ".join(first)), last=Markdown(last)) if first else Markdown(last)

    def value(self, measure: Measure) -> str:
        """Return a metric's value, or that it has none."""
        return self.name(NOT_DEFINED) if measure.value is None else measure.text

    def interval(self, measure: Measure) -> str:
        """Return ``0.820 to 0.860``, or nothing."""
        if measure.low is None or measure.high is None:
            return ""
        low, high = measure.words.number(measure.low), measure.words.number(measure.high)
        return str(self("headline.range", low=low, high=high))

    def with_interval(self, measure: Measure, *, told: str | None = None) -> Markdown:
        """Return a value with its 95 % interval in brackets.

        Args:
            measure: of a metric.
            told: text that stands for the value.
        """
        interval = self.interval(measure)
        in_brackets = f" ({self('headline.interval', interval=interval)})" if interval else ""
        return Markdown(f"{self.filled(told or self.value(measure))}{in_brackets}")


class PlainWords(Words):
    """The same sentences for pages that are no Markdown, and escape what they show by themselves."""

    def name(self, english: str) -> str:
        """Translate a name; pages have more of them than cards, such as those of metrics."""
        known = super().name(english)
        return Language(self._language).name(english) if known == english else known

    def written(self, sentence: str) -> str:
        """Return a sentence without the backslashes that Markdown needs."""
        return re.sub(r"\\([^\w\s])", r"\1", sentence)

    def filled(self, value: Any) -> str:
        """Return what fills a gap, as it is."""
        return f"{value:,}" if isinstance(value, int) else str(value)

    def code(self, text: str) -> Markdown:
        """Return a name in quotes."""
        return Markdown(f"“{text}”")


@cache
def words_of(language: str, *, kind: type[Words] = Words) -> Words:
    """Return the sentences of a language.

    Args:
        language: one of `LANGUAGES`.
        kind: how they are filled.

    Raises:
        RecipeError: there is no card in it.
    """
    if language not in LANGUAGES:
        raise RecipeError(explain(f"no card is written in {language!r}", allowed=LANGUAGES), where="--language")
    file = shipped_folder("model_cards") / f"words.{language}.yaml"
    return kind(yaml.safe_load(file.read_text(encoding="utf-8")), language)


def language_written(card: str) -> str:
    """Return the language of most headings of a card; English where it has none of ours."""
    lines = set(card.splitlines())

    def ours(language: str) -> int:
        return sum(f"## {heading}" in lines for heading in words_of(language).all_of("heading"))

    return max(LANGUAGES, key=ours)
