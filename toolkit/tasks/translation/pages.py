"""Pages of translation."""

from __future__ import annotations

from toolkit.run_result import RunResult
from toolkit.tasks.texts.pages import AnswersPages


class TranslationPages(AnswersPages):
    """Pages of translators."""

    def input_words(self, result: RunResult) -> str:
        """Return a sentence."""
        return "your own sentence"

    def use(self, result: RunResult) -> str:
        """Return the key of translators."""
        return "translator"
