"""Interface of a task's pages: its words and pictures in report, model card, demo and terminal."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.recipe import Recipe
from toolkit.run_result import RunResult, SplitResult, Written
from toolkit.tasks.label_scores import LabelScore

TASKS = Path(__file__).parent
"""Folder that partials are named from."""

GAP = "…"
"""Placeholder for a text where no real one is shown."""

NO_LABEL = "none"
"""Placeholder for an empty answer or reference."""

_PARTIAL = "page.html.jinja"


@dataclass(frozen=True)
class Code:
    """A name that the card shows in code type."""

    text: str


@dataclass(frozen=True)
class Rows:
    """A number of test rows, which the card writes with its noun."""

    n: int


@dataclass(frozen=True)
class Sentence:
    """A sentence of the card.

    Attributes:
        key: of ``model_cards/words.<language>.yaml``, group and name.
        gaps: values by name: texts, numbers, `Code` or `Rows`.
    """

    key: str
    gaps: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NoBaseline:
    """A reason why some metrics have no baseline.

    Attributes:
        key: of the card's clause, in the group ``results``.
        reason: the same clause in English.
        compared: metrics that would have one, as a clause; empty where none would.
    """

    key: str
    reason: str
    compared: str = ""


@dataclass(frozen=True)
class Call:
    """Lines of Python that ask a model with plain transformers.

    Attributes:
        lines: the call; ``{text}`` is its input. They know ``tokenizer`` and ``model``, or the pipeline.
        pipeline: name of the variable that holds the library's pipeline for the task; None where there is no pipeline.
    """

    lines: str
    pipeline: str | None = None


@dataclass(frozen=True)
class Demo:
    """A function that answers in a demo.

    Attributes:
        lines: its body; ``{row}`` is its input. They know ``pipe``, or ``tokenizer``, ``model`` and ``text``.
        output: Gradio's component for the answer.
    """

    lines: tuple[str, ...]
    output: str


class TaskPages(ABC):
    """Words and pictures of one task.

    A file ``page.html.jinja`` beside the module of the class, or of a class that it derives from, is the task's part of
    the report.
    """

    curve_note: str = ""
    """Sentence below the learning curves."""

    label_note: str = ""
    """Sentence below the table of labels."""

    gap: str = GAP
    """Placeholder for the model's input."""

    @property
    def partial(self) -> str | None:
        """Return the path of the task's part of the report from `TASKS`; None where it has no part of its own."""
        for cls in type(self).__mro__:
            file = Path(inspect.getfile(cls)).with_name(_PARTIAL) if cls.__module__ != "builtins" else None
            if file is not None and file.is_file() and file.is_relative_to(TASKS):
                return file.relative_to(TASKS).as_posix()
        return None

    # Report and terminal

    def baseline_names(self, result: RunResult) -> Mapping[str, str]:
        """Return the names of baselines in words, by their names in the file."""
        return {}

    def no_baseline(self, result: RunResult) -> NoBaseline | None:
        """Return why a metric may lack a baseline; None where there is nothing to say of it."""
        return None

    def label_noun(self, result: RunResult) -> str:
        """Return the noun of the model's labels in the plural; empty where they are not worth counting."""
        return ""

    def weak_lines(self, test: SplitResult) -> list[str]:
        """Return lines for the terminal on what the model confuses or finds hard.

        Args:
            test: the test split.
        """
        return []

    def label_scores(self, test: SplitResult) -> list[LabelScore]:
        """Return how well each label is told; none where there are no labels.

        Args:
            test: the test split.
        """
        return []

    def decision_lines(self, result: RunResult) -> list[str]:
        """Return sentences on what the validation rows chose to follow from probabilities."""
        return []

    @abstractmethod
    def sample_lines(self, samples: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return lines for the terminal that show test rows.

        Args:
            samples: as `toolkit.tasks.room.TaskRoom.samples` gives them.
        """

    def part(self, result: RunResult) -> Mapping[str, Any]:
        """Return the names that the task's part of the report reads, besides ``samples`` and ``result``."""
        return {}

    @abstractmethod
    def prediction_lines(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return predictions as a table for the terminal.

        Args:
            rows: as `toolkit.tasks.room.Answers.rows` gives them.
        """

    def input_words(self, result: RunResult) -> str:
        """Return an input of the kind that the model takes, such as ``your own text``."""
        return "your own text"

    def further_commands(self, folder: str) -> list[str]:
        """Return commands to try next that only this task has.

        Args:
            folder: of the run.
        """
        return []

    # Card and demo

    def rows_of_card(self, result: RunResult) -> list[Written]:
        """Return the rows that the card shows of those with a text that the model wrote."""
        return []

    @abstractmethod
    def use(self, result: RunResult) -> str:
        """Return the key of the card's sentence on what the model is for, in the group ``use``."""

    @abstractmethod
    def misuse(self, result: RunResult) -> tuple[str, ...]:
        """Return keys of what the model is not for, in the group ``use``."""

    def answers(self, result: RunResult) -> str | None:
        """Return the key of the card's sentence on what the model answers with; None where that is a text.

        With ``_many`` at its end it is the key for many labels.
        """
        return None

    def decision(self, result: RunResult) -> list[Sentence]:
        """Return the card's sentences on what follows from the model's probabilities."""
        return []

    @abstractmethod
    def reference(self, result: RunResult) -> str:
        """Return the key of the card's sentence on the right answer of its example."""

    def unmeasured(self, result: RunResult) -> frozenset[str]:
        """Return keys of the card's group ``unmeasured`` that hold for this task: ``calibrated``, ``people``."""
        return frozenset()

    def shown(self, value: Any) -> str:
        """Return an answer or a reference in words."""
        return str(value) or NO_LABEL

    def limits(self, test: SplitResult) -> list[Sentence]:
        """Return sentences of the card on what the model confuses or finds hard.

        Args:
            test: the test split.
        """
        return []

    def example_input(self, text: str, result: RunResult) -> str | None:
        """Return the input that a test row gives the card's example; None where it gives none.

        Args:
            text: of the row.
            result: of the run.
        """
        return text

    @abstractmethod
    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that ask the model with plain transformers."""

    @abstractmethod
    def demo(self, result: RunResult, recipe: Recipe) -> Demo:
        """Return the function that answers in a demo."""
