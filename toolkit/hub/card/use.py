"""What a card says of how to use the model: its example with what it printed, and what to know besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from toolkit.hub.card.markdown import Markdown, code_block, code_span
from toolkit.hub.card.usage import FOLDER, draws, snippet
from toolkit.hub.card.words import Words
from toolkit.names import Method, Problem
from toolkit.report.label_facts import answer, problem_of
from toolkit.report.text_facts import is_text_task

MOST_LABELS = 30


@dataclass(frozen=True)
class ShownExample:
    """The lines that use the model, and what is known of them.

    Attributes:
        code: a block of Python, or of the shell.
        about: what its text is, a sentence each.
        output: what it printed, as a block; None where that is not known.
    """

    code: Markdown
    about: list[Markdown]
    output: Markdown | None


def shown_example(
    metrics: Mapping[str, Any],
    recipe: Mapping[str, Any],
    words: Words,
    *,
    own_code: bool,
    repo_id: str | None,
    adapter: bool,
) -> ShownExample:
    """The example that the run made, or lines with gaps where it made none.

    An output is shown only below the very lines that printed it, but for the name of the model.

    Args:
        metrics: the content of ``metrics.json``, with the run's ``example`` if there is one.
        recipe: the resolved recipe.
        words: of the card.
        own_code: whether the folder brings the code of its model.
        repo_id: where the model is published.
        adapter: whether the adapter alone is.
    """
    made = metrics.get("example") or {}
    inputs = made.get("inputs")
    model = repo_id or FOLDER
    code = snippet(metrics, recipe, own_code=own_code, model=model, inputs=inputs, adapter=adapter)
    asked = recipe.get("method") == Method.ZERO_SHOT
    was_run = not adapter and made.get("code") == snippet(metrics, recipe, own_code=own_code, inputs=inputs)
    output = made.get("output") if was_run else None
    return ShownExample(
        code=code_block(code, "bash" if asked else "python"),
        about=_about_example(metrics, made, words),
        output=None if output is None else code_block(output, "text"),
    )


def about_use(
    metrics: Mapping[str, Any], recipe: Mapping[str, Any], words: Words, *, own_code: bool, repo_id: str | None
) -> list[Markdown]:
    """What to know about using the model, a sentence each.

    Args:
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
        words: of the card.
        own_code: whether the folder brings the code of its model.
        repo_id: where the model is published.
    """
    asked = metrics["method"] == Method.ZERO_SHOT
    sentences = [] if asked or repo_id else [words("how.run")]
    sentences += [words("how.own_code")] if own_code else []
    sentences += [words("how.drawn")] if draws(recipe) else []
    return [*sentences, *_answers(metrics, words), words("how.normal")]


def _about_example(metrics: Mapping[str, Any], made: Mapping[str, Any], words: Words) -> list[Markdown]:
    """Which text it is, and what it should give."""
    if not made:
        return []
    reference = made.get("reference")
    if made.get("prediction") is not None:
        value = made.get("probability")
        probability = "" if value is None else str(words("how.probability", value=f"{value:.3f}"))
        answered = {"prediction": code_span(answer(made["prediction"])), "probability": Markdown(probability)}
        return [words("how.asked", **answered, reference=code_span(answer(reference or "")))]
    if reference is None:
        return [words("how.own_text")]
    is_score = not is_text_task(metrics) and problem_of(metrics) is Problem.REGRESSION
    key = "how.reference_text" if is_text_task(metrics) else f"how.reference{'_score' if is_score else ''}"
    return [words(key, reference=code_span(answer(reference)))]


def _answers(metrics: Mapping[str, Any], words: Words) -> list[Markdown]:
    """What the model answers with; nothing where that is a text."""
    if is_text_task(metrics):
        return []
    problem, labels = problem_of(metrics), metrics["labels"]
    if problem is Problem.REGRESSION:
        return [words("how.number")]
    key = "how.any_of" if problem is Problem.MULTI_LABEL else "how.one_of"
    if len(labels) > MOST_LABELS:
        return [words(f"{key}_many", n=len(labels))]
    return [words(key, n=len(labels), labels=Markdown(", ".join(str(code_span(label)) for label in labels)))]
