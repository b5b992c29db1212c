"""Pages of summarization."""

from __future__ import annotations

from toolkit.run_result import RunResult
from toolkit.tasks.texts.pages import AnswersPages


class SummarizationPages(AnswersPages):
    """Pages of models that summarise."""

    def input_words(self, result: RunResult) -> str:
        """Return a text."""
        return "your own text"

    def use(self, result: RunResult) -> str:
        """Return the key of models that summarise."""
        return "summarizer"
