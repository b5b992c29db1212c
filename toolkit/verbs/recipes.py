"""`toolkit.new_recipe` and `toolkit.import_recipe`: recipes written for one's own rows, and from other tools' files."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

from toolkit.names import Problem
from toolkit.verbs.apply import path_of
from toolkit.verbs.given import Given, Rows, one_of
from toolkit.verbs.results import Drafted
from toolkit.verbs.work import working


@working()
def new_recipe(
    task: str,
    data: Rows,
    *,
    validation: Rows = None,
    test: Rows = None,
    model: str | PathLike[str] | None = None,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    label_column: str | list[str] | None = None,
    labels: Sequence[str] = (),
    problem: str | None = None,
    encoding: str | None = None,
    output: str | PathLike[str] | None = None,
) -> Drafted:
    """Write a commented recipe for rows: columns guessed, sizes that fit, the method that suits; nothing is trained.

    Args:
        task: that a model shall learn.
        data: rows, a file or another source; or a dict of rows by split.
        validation, test: rows of these splits; None cuts them.
        model: a model's name; None: the usual one by task and language.
        text_column, text_pair_column, label_column: the columns, where it is not plain which they are.
        labels: names of the labels in their order, if they are known.
        problem: the kind of label by the library's name; None: as the columns show.
        encoding: of text files; None finds it.
        output: the recipe file, or a folder; None takes the current folder and the name of the data.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.choose.draft.draft import draft_recipe
    from toolkit.choose.look.asked import task_asked

    given, kind = Given(), task_asked(task)
    splits = {name: rows for name, rows in (("validation", validation), ("test", test)) if rows is not None}
    section = given.section({"train": data, **splits} if splits else data)
    more = {"labels": list(labels) or None, "encoding": encoding}
    columns = {"text": text_column, "text_pair": text_pair_column, "label": label_column}
    draft = draft_recipe(
        kind,
        {**section, **{name: value for name, value in more.items() if value is not None}},
        given={name: column for name, column in columns.items() if column is not None},
        model=None if model is None else str(model),
        problem=None if problem is None else one_of(Problem, problem, where="problem"),
        output=path_of(output),
    )
    return Drafted(draft.path, draft.text, held=given)


@working()
def import_recipe(file: str | PathLike[str], *, output: str | PathLike[str] | None = None) -> Drafted:
    """Turn a file of LLaMA-Factory, axolotl, AutoTrain or transformers' scripts into a recipe.

    Args:
        file: YAML or JSON with the settings of a training.
        output: the recipe file, or a folder; None takes the current folder and a name from that of the file.

    Raises:
        ToolkitError: it is none of these files, or its task, model or data cannot be carried.
    """
    from toolkit.workflow.import_recipe import import_recipe as carry_over

    imported = carry_over(Path(file), output=path_of(output))
    return Drafted(imported.path, imported.text, notes=tuple(imported.lines()))
