"""Pages of summarization."""

from __future__ import annotations

from toolkit.recipe import Recipe
from toolkit.run_result import RunResult
from toolkit.tasks.pages import Call, NoBaseline
from toolkit.tasks.texts.pages import WRITES_ONLY, TextsPages, answering


class SummarizationPages(TextsPages):
    """Pages of models that summarise."""

    def no_baseline(self, result: RunResult) -> NoBaseline:
        """Return that the baselines write and give no probabilities."""
        return WRITES_ONLY

    def input_words(self, result: RunResult) -> str:
        """Return a text."""
        return "your own text"

    def unmeasured(self, result: RunResult) -> frozenset[str]:
        """Return the judgement of people."""
        return frozenset({"people"})

    def use(self, result: RunResult) -> str:
        """Return the key of models that summarise."""
        return "summarizer"

    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that summarise a text."""
        return answering(result, recipe)
