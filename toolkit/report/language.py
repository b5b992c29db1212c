"""The language of a page or of slides: each sentence stands in the code in English, and in the catalogue in the others.

Templates write ``_("Learning curve")``, which is the custom of gettext; Python writes ``say("{n} rows", n=5)``. A test
finds all of them, and compares them with the catalogue, `toolkit.language`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from toolkit.data.wording import counted
from toolkit.errors import RecipeError, explain
from toolkit.language.spoken import LANGUAGES, sentence_in, times_in, translated_in
from toolkit.language.template import filled
from toolkit.report.measures import Measure
from toolkit.report.metric_words import MetricWords


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
            english: the sentence in English, as it stands in the catalogue, `toolkit.language`.
            gaps: values by the names in braces.
        """
        sentence = self.name(english)
        return filled(sentence, {name: _filled(value) for name, value in gaps.items()}) if gaps else sentence

    def markup(self, english: str, /, **gaps: Any) -> Markup:
        """Return the same for a template: what fills a gap is escaped, unless it is markup already."""
        sentence = escape(self.name(english))
        escaped = {name: escape(_filled(value)) for name, value in gaps.items()}
        return Markup(filled(sentence, escaped)) if gaps else sentence  # noqa: S704 - all of it is escaped

    def count(self, number: int, noun: str) -> str:
        """Return ``1,000 test rows`` for 1000 and "test row"."""
        counting = "{n} " + noun
        sentence = self.name(counting)
        return counted(number, noun) if sentence == counting else filled(sentence, {"n": f"{number:,}"})

    def name(self, english: str) -> str:
        """Return a name that the rest of the toolkit has in English, such as that of a metric."""
        return sentence_in(self.code, english)

    def told(self, message: str) -> str:
        """Return a message of the toolkit, such as an error, as far as it is known."""
        return translated_in(self.code, message)

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
        """Return ``2분 50초`` for ``2 min 50 s``."""
        return times_in(self.code, english)


def _filled(value: Any) -> Any:
    """Return what fills a gap; markup stays markup."""
    return f"{value:,}" if isinstance(value, int) else value


ENGLISH = Language()
