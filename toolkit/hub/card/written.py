"""What a model wrote for a few test rows, before training and after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.hub.card.markdown import Markdown, code_block, code_span
from toolkit.hub.card.words import Words
from toolkit.recipe import Recipe
from toolkit.run_result import RunResult, Written
from toolkit.tasks import room_of


@dataclass(frozen=True)
class ShownText:
    """A text of a row, with the words in front of it."""

    title: Markdown
    text: Markdown


@dataclass(frozen=True)
class ShownRow:
    """A test row.

    Attributes:
        title: which one, and how it was chosen.
        texts: what was read, what is right, and what was written.
    """

    title: Markdown
    texts: list[ShownText]


def written_rows(result: RunResult, words: Words) -> list[ShownRow]:
    """Return a few of the rows that the report shows: some of the worst, and some drawn at random.

    Args:
        result: of the run.
        words: of the card.
    """
    return [_row(row, words) for row in room_of(result.task).pages.rows_of_card(result)]


def about_written(result: RunResult, recipe: Recipe, words: Words) -> list[Markdown]:
    """Return how the rows were chosen, and by which settings their texts were written.

    Args:
        result: of the run.
        recipe: of the run.
        words: of the card.
    """
    compared = any(row.chrf is not None for row in result.written)
    sentences = [words("written.chosen" if compared else "written.drawn")]
    if any(row.before is not None for row in result.written):
        sentences.append(words("written.before"))
    settings = recipe.evaluation.generation
    told = words("written.settings", settings=code_span(_listed(settings))) if settings else words("written.usual")
    return [*sentences, told]


def _row(row: Written, words: Words) -> ShownRow:
    name = {"id": code_span(str(row.id)), "chrf": f"{row.chrf or 0:.1f}"}
    title = "written.one" if row.chrf is None else "written.one_of_worst" if row.worst else "written.one_scored"
    texts = {"read": row.text, "reference": row.reference, "untrained": row.before, "wrote": row.prediction}
    return ShownRow(
        words(title, **name),
        [
            ShownText(words(f"written.{key}"), code_block(text, "text") if text.strip() else words("written.nothing"))
            for key, text in texts.items()
            if text is not None
        ],
    )


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())
