"""The card's section on using the model: its example with what it printed, and what to know besides."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.hub.card.markdown import Markdown, code_block, code_span
from toolkit.hub.card.usage import FOLDER, draws, is_asked, snippet
from toolkit.hub.card.words import Words
from toolkit.recipe import Recipe
from toolkit.run_result import RunResult
from toolkit.tasks import room_of

MOST_LABELS = 30


@dataclass(frozen=True)
class ShownExample:
    """The lines that use the model, and what is known of them.

    Attributes:
        code: a block of Python, or of the shell.
        about: sentences on its text.
        output: what it printed, as a block; None where that is not known.
    """

    code: Markdown
    about: list[Markdown]
    output: Markdown | None


def shown_example(
    result: RunResult,
    recipe: Recipe,
    words: Words,
    *,
    own_code: bool,
    repo_id: str | None,
    adapter: bool,
) -> ShownExample:
    """Return the example of the run, or lines with gaps where it has none.

    An output is shown only below the very lines that printed it, but for the name of the model.

    Args:
        result: of the run, with its example if there is one.
        recipe: of the run.
        words: of the card.
        own_code: whether the folder brings the code of its model.
        repo_id: where the model is published.
        adapter: whether the adapter alone is.
    """
    inputs = None if result.example is None else result.example.inputs
    model = repo_id or FOLDER
    code = snippet(result, recipe, own_code=own_code, model=model, inputs=inputs, adapter=adapter)
    output = None
    if result.example is not None and not adapter:
        was_run = result.example.code == snippet(result, recipe, own_code=own_code, inputs=inputs)
        output = result.example.output if was_run else None
    return ShownExample(
        code=code_block(code, "bash" if is_asked(recipe) else "python"),
        about=_about_example(result, words),
        output=None if output is None else code_block(output, "text"),
    )


def about_use(
    result: RunResult, recipe: Recipe, words: Words, *, own_code: bool, repo_id: str | None
) -> list[Markdown]:
    """Return what to know about using the model, a sentence each.

    Args:
        result: of the run.
        recipe: of the run.
        words: of the card.
        own_code: whether the folder brings the code of its model.
        repo_id: where the model is published.
    """
    sentences = [] if is_asked(recipe) or repo_id else [words("how.run")]
    sentences += [words("how.own_code")] if own_code else []
    sentences += [words("how.drawn")] if draws(recipe) else []
    decision = [words.sentence(sentence) for sentence in room_of(result.task).pages.decision(result)]
    return [*sentences, *_answers(result, words), *decision, words("how.normal")]


def _about_example(result: RunResult, words: Words) -> list[Markdown]:
    """Return which text the example has, and its right answer."""
    example, pages = result.example, room_of(result.task).pages
    if example is None:
        return []
    if example.prediction is not None:
        value = example.probability
        probability = "" if value is None else str(words("how.probability", value=f"{value:.3f}"))
        answered = {"prediction": code_span(pages.shown(example.prediction)), "probability": Markdown(probability)}
        return [words("how.asked", **answered, reference=code_span(pages.shown(example.reference or "")))]
    if example.reference is None:
        return [words("how.own_text")]
    return [words(pages.reference(result), reference=code_span(pages.shown(example.reference)))]


def _answers(result: RunResult, words: Words) -> list[Markdown]:
    """Return what the model answers with; nothing where that is a text."""
    key, labels = room_of(result.task).pages.answers(result), result.labels
    if key is None:
        return []
    if len(labels) > MOST_LABELS:
        return [words(f"{key}_many", n=len(labels))]
    return [words(key, n=len(labels), labels=Markdown(", ".join(str(code_span(label)) for label in labels)))]
