"""The language of a page or of slides: each sentence stands in the code in English, and in a file in the others.

Templates write ``_("Learning curve")``, which is the custom of gettext; Python writes ``say("{n} rows", n=5)``. A test
finds all of them, and compares them with the file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup, escape

from toolkit.data.wording import counted
from toolkit.errors import RecipeError, explain
from toolkit.language.spoken import LANGUAGES, speaking, translated
from toolkit.report.measures import Measure
from toolkit.report.metric_words import MetricWords

_SENTENCES_END = re.compile(r"(?<=[.?!]) ")


@dataclass(frozen=True)
class Language:
    """A language by its code of two letters.

    Attributes:
        code: one of `LANGUAGES`.
    """

    code: str = "en"

    def __post_init__(self) -> None:
        if self.code not in LANGUAGES:
            message = explain(f"there are no words in the language {self.code!r}", allowed=LANGUAGES, name=self.code)
            raise RecipeError(message, where="--language")

    def say(self, english: str, /, **gaps: Any) -> str:
        """Return a sentence in this language with its gaps filled; numbers get commas.

        Args:
            english: the sentence in English, as it stands in ``words.<code>.yaml``, here or in a folder below, too.
            gaps: values by the names in braces.
        """
        sentence = _sentences(self.code).get(english, english)
        return sentence.format(**{name: _filled(value) for name, value in gaps.items()}) if gaps else sentence

    def markup(self, english: str, /, **gaps: Any) -> Markup:
        """Return the same for a template: what fills a gap is escaped, unless it is markup already."""
        sentence = escape(_sentences(self.code).get(english, english))
        return sentence.format(**{name: _filled(value) for name, value in gaps.items()}) if gaps else sentence

    def count(self, number: int, noun: str) -> str:
        """Return ``1,000 test rows`` for 1000 and "test row"."""
        words = _sentences(self.code)
        return words["{n} " + noun].format(n=f"{number:,}") if "{n} " + noun in words else counted(number, noun)

    def name(self, english: str) -> str:
        """Return a name that the rest of the toolkit has in English, such as that of a metric."""
        return _sentences(self.code).get(english, english)

    def told(self, english: str) -> str:
        """Return what another part of the toolkit has said in English, such as an error, a sentence at a time."""
        with speaking(self.code):
            return " ".join(translated(sentence) for sentence in _SENTENCES_END.split(english))

    def listed(self, parts: Sequence[str]) -> str:
        """Return ``a, b and c``."""
        *first, last = parts
        return self.say("{first} and {last}", first=", ".join(first), last=last) if first else last

    def metric(self, measure: Measure) -> str:
        """Return the name of a metric."""
        return self.name(measure.words.name)

    def heading(self, words: MetricWords) -> str:
        """Return the name of a metric for a column, which says where less is better, or neither is."""
        directions = {True: "{metric}", False: "{metric}, less is better", None: "{metric}, neither is better"}
        return self.say(directions[words.greater_is_better], metric=self.name(words.name))

    def interval(self, measure: Measure) -> str:
        """Return ``0.820 to 0.860``, or nothing."""
        if measure.low is None or measure.high is None:
            return ""
        return self.say(
            "{low} to {high}", low=measure.words.number(measure.low), high=measure.words.number(measure.high)
        )

    def in_brackets(self, measure: Measure) -> str:
        """Return the interval behind a value, or nothing."""
        ends = self.interval(measure)
        return f" ({self.say('95 % interval {ends}', ends=ends)})" if ends else ""

    def duration(self, english: str) -> str:
        """Translate the units of ``2 min 50 s``."""
        return " ".join(_sentences(self.code).get(part, part) for part in english.split(" "))


@cache
def _sentences(code: str) -> Mapping[str, str]:
    sentences: dict[str, str] = {}
    for file in sorted(Path(__file__).parent.rglob(f"words.{code}.yaml")):
        sentences |= yaml.safe_load(file.read_text(encoding="utf-8"))
    return sentences


def _filled(value: Any) -> Any:
    """Return what fills a gap; markup stays markup."""
    return f"{value:,}" if isinstance(value, int) else value


ENGLISH = Language()
