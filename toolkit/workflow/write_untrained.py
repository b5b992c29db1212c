"""Any pretrained model, asked to write without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.adapters import in_use, locate_model
from toolkit.errors import RecipeError, explain
from toolkit.names import SPECS, Method, Task
from toolkit.recipe import build_recipe
from toolkit.recipe.prompts import gaps_of, inputs_of
from toolkit.recipe.schema import PAIR
from toolkit.tasks import room_of
from toolkit.workflow.apply import Predicted, check_output
from toolkit.workflow.little_memory import fewer_rows, memory_told


def writing_tasks() -> list[str]:
    """Return the tasks for which a model can write without training."""
    able = (
        spec
        for spec in SPECS.values()
        if spec.generates and any(Method.ZERO_SHOT in methods for methods in spec.methods.values())
    )
    return [spec.task.value for spec in able]


def writing_asked(task: str, *, given: Mapping[str, Any], templates: Sequence[str]) -> tuple[Task, str | None]:
    """Return the task and the prompt of a question that is answered with a text.

    Args:
        task: its name, as a user wrote it.
        given: options that belong to the choice of a label, by their names; none may have a value.
        templates: prompts, at most one.

    Raises:
        RecipeError: another task, an option that does not belong there, or a prompt that cannot be used.
    """
    if task not in (known := writing_tasks()):
        allowed = ["text-classification", *known]
        raise RecipeError(
            explain(f"nothing is asked without training for {task!r}", allowed=allowed, name=task), where="--task"
        )
    for option in (option for option, value in given.items() if value):
        raise RecipeError(f"{task} writes a text; leave it out", where=option)
    if len(templates) > 1:
        raise RecipeError("texts of several prompts cannot be averaged; give one", where="--template")
    template = templates[0] if templates else None
    if template is not None and not gaps_of(template):
        raise RecipeError(f"it lacks {{source}}, where the text goes: {template!r}", where="--template")
    return Task(task), template


@memory_told(fewer_rows)
def write_untrained(
    model: str,
    inputs: Sequence[str],
    *,
    task: Task,
    template: str | None = None,
    language: str = "en",
    source_language: str | None = None,
    target_language: str | None = None,
    text_column: str | None = None,
    encoding: str | None = None,
    output: Path | None = None,
    raw: bool = False,
) -> Predicted:
    """Let a model answer files, texts, or lines of stdin.

    Args:
        model: a model's name.
        inputs: an argument with a data suffix is a file, ``-`` reads lines from stdin, all else is a text.
        task: one of `writing_tasks`.
        template: what is made of a row, with ``{source}`` or the names of columns in braces; None takes the task's own,
            or the model's.
        language: of the task's own prompt.
        source_language, target_language: of a model for several languages.
        text_column: where the file has another name than ``source``.
        encoding: of text files and of stdin; None finds it.
        output: where the answers go, if anywhere; its suffix chooses the format.
        raw: leave formulas in csv as they are.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    check_output(output, inputs=inputs)
    gaps = inputs_of(template) or PAIR[:1]
    if text_column is not None and len(gaps) > 1:
        found = f"the template reads the columns {' and '.join(gaps)}"
        raise RecipeError(f"{found}; name them so in the file", where="--text-column")
    recipe = build_recipe(
        {
            "task": task.value,
            "model": {"name": model},
            "data": {
                "source": list(inputs),
                "columns": {name: name for name in (*gaps, "target")},
                "prompt": template,
                "source_language": source_language,
                "target_language": target_language,
            },
            "method": "zero-shot",
            "zero_shot": {"language": language},
        }
    )
    located, room = locate_model(model), room_of(task)
    asked = room.answerer(located, recipe, ())
    columns = {gaps[0]: text_column} if text_column is not None else {}
    rows = room.read_inputs(inputs, asked, columns=columns, encoding=encoding)
    with in_use(located):
        answers = asked.answer(rows, ())
    if output is not None:
        answers.write(output, raw=raw)
    return Predicted(answers, room.pages)
