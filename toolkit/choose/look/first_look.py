"""Everything that is known before measuring: data → candidates → a look at the texts → advice."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.choose.advice.advise import Advice, advise
from toolkit.choose.advice.catalogue import suggest
from toolkit.choose.look.candidates import Candidate, find_candidates, usual_names
from toolkit.choose.look.look import Look, look, text_language
from toolkit.choose.look.rows import TEST_SIZE, VALIDATION_SIZE, Rows, divide
from toolkit.errors import HubError, RecipeError
from toolkit.names import SPECS, Method, Problem, Task
from toolkit.recipe import Recipe, build_recipe, list_recipes
from toolkit.tasks import room_of


@dataclass(frozen=True, eq=False)
class FirstLook:
    """Everything that is known before measuring.

    Attributes:
        rows: the data, divided.
        candidates: the models, refused ones included.
        look: the texts as each candidate's tokenizer reads them.
        advice: on the families, for these data.
    """

    rows: Rows
    candidates: tuple[Candidate, ...]
    look: Look
    advice: tuple[Advice, ...]


def first_look(
    task: Task,
    data: Mapping[str, Any],
    *,
    problem: Problem | None = None,
    models: Sequence[str] = (),
    memory_bytes: int | None = None,
    metric: str | None = None,
    language: str = "en",
) -> FirstLook:
    """Divide the data, find the candidates, and examine the texts with their tokenizers.

    Args:
        task: of the choice.
        data: a recipe's ``data``: the sources and the columns.
        problem: the kind of label; None: as the columns say.
        models: names of candidates; empty: models on this machine that fit.
        memory_bytes: limit for a model; None: no limit.
        metric: that decides; None: the usual one.
        language: of the advice, ``en`` or ``ko``.

    Raises:
        RecipeError: a task that cannot be measured, or that no candidate fits.
        ToolkitError: the data or the models cannot be read.
    """
    rows = divided(task, data, problem, metric=metric)
    candidates = find_candidates(
        models or _usual_models(task, rows, memory_bytes=memory_bytes),
        task=task,
        problem=rows.problem,
        memory_bytes=memory_bytes,
    )
    view = look(rows.data, candidates, problem=rows.problem, max_length=rows.max_length)
    advice = advise(
        task,
        problem=rows.problem,
        n_rows=len(rows.learn),
        length_p95_tokens=view.length_p95_tokens,
        text_language=view.text_language,
        language=language,
    )
    return FirstLook(rows, candidates, view, advice)


def divided(task: Task, data: Mapping[str, Any], problem: Problem | None, *, metric: str | None = None) -> Rows:
    """Read and divide the data of a choice.

    Args:
        task, data, problem, metric: as of `first_look`.

    Raises:
        RecipeError: a task that cannot be measured.
        ToolkitError: the data cannot be read.
    """
    if not room_of(task).compares:
        measured = ", ".join(each for each in Task if room_of(each).compares)
        recipes = " or ".join(f"toolkit fine-tune {each.name}" for each in list_recipes() if each.task == task)
        fix = f"carry out a recipe, as in {recipes}, or give --explain and no --data" if recipes else "give --explain"
        raise RecipeError(
            f"choose measures {measured}; it only explains the families for {task}; {fix}", where="--task"
        )
    section = {"test_size": TEST_SIZE, "validation_size": VALIDATION_SIZE, **data}
    model = {} if problem is None or not SPECS[task].problems else {"problem_type": problem.value}
    return divide(_any_recipe(task, section, model), section, model=model, metric=metric)


def _any_recipe(task: Task, section: Mapping[str, Any], model: Mapping[str, Any]) -> Recipe:
    """Build a recipe with this data section, so that the section is checked like every other."""
    if any(Method.FEATURES in methods for methods in SPECS[task].methods.values()):
        tree: dict[str, Any] = {"model": {"name": "packaged:minilm", **model}, "method": Method.FEATURES.value}
    else:
        tree = {"model": {"config": {"preset": "tiny"}}, "method": Method.SCRATCH.value}
    return build_recipe({"task": task.value, "data": dict(section), **tree})


def _usual_models(task: Task, rows: Rows, *, memory_bytes: int | None) -> list[str]:
    """Return the models that need no network: packaged ones, and those of the catalogue in the hub's cache."""
    from huggingface_hub import try_to_load_from_cache

    names = list(usual_names(task, n_rows=len(rows.learn), problem=rows.problem))
    for model in suggest(task, [text_language(rows.data) or "en"], memory_bytes):
        with contextlib.suppress(HubError, ValueError):
            if isinstance(try_to_load_from_cache(model.name, "config.json"), str):
                names.append(model.name)
    return names
