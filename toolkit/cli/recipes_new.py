"""`toolkit recipes new`: a commented recipe for your own file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli import console
from toolkit.cli.completion import task_names
from toolkit.cli.lists import LABEL_COLUMNS, LABELS, names_in, one_or_several, section_of
from toolkit.names import Problem

EXAMPLE = console.example(
    "toolkit recipes new --task text-classification --data packaged:rotten-tomatoes --output reviews.yaml",
    "toolkit recipes new --task translation --data source=train.de --data target=train.en",
)


def new(
    task: Annotated[
        str,
        typer.Option(
            help="What the model shall do, such as text-classification or translation.", autocompletion=task_names
        ),
    ],
    data: Annotated[
        list[str],
        typer.Option(
            help="A data file or packaged:<name>; give it again for more files. Files whose lines belong together are "
            "written column=FILE, such as source=FILE and target=FILE."
        ),
    ],
    validation: Annotated[list[str] | None, typer.Option(help="The validation rows; by default cut off.")] = None,
    test: Annotated[list[str] | None, typer.Option(help="The test rows; by default cut off.")] = None,
    model: Annotated[str | None, typer.Option(help="The model; by default the usual one by task and language.")] = None,
    text_column: Annotated[str | None, typer.Option(help="The column that is read, where it is not plain.")] = None,
    text_pair_column: Annotated[str | None, typer.Option(help="The column with the second text of a pair.")] = None,
    label_column: Annotated[
        list[str] | None, typer.Option(help=f"The column with the label, or with the target text. {LABEL_COLUMNS}")
    ] = None,
    labels: Annotated[list[str] | None, typer.Option(help=LABELS)] = None,
    problem: Annotated[
        Problem | None,
        typer.Option(help="What the labels are: one class a text, several, or a number; by default as the file shows."),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of the file, such as cp949.")] = None,
    output: Annotated[
        Path | None, typer.Option(help="The recipe file, or a folder; by default the name of the data file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Write a commented recipe for your own file.

    Its columns are guessed from their names and content, its sizes fit the rows, and each comment says why.
    Nothing is asked and nothing is trained; a file that is there is never replaced.
    """
    from toolkit.choose.look.asked import task_asked

    kind = task_asked(task)
    sections = section_of(kind, data, validation=validation, test=test)
    given = {"text": text_column, "text_pair": text_pair_column, "label": one_or_several(label_column)}
    from toolkit.data.at_a_glance import refuse_at_a_glance

    refuse_at_a_glance(sections.values(), given, encoding=encoding)
    from toolkit.choose.draft.draft import draft_recipe
    from toolkit.choose.draft.show import draft_json, draft_lines

    more = {"labels": names_in(labels or ()) or None, "encoding": encoding}
    draft = draft_recipe(
        kind,
        sections | {name: value for name, value in more.items() if value is not None},
        given={name: column for name, column in given.items() if column is not None},
        output=output,
        model=model,
        problem=problem,
    )
    if as_json:
        console.print_json(draft_json(draft))
    else:
        written = shlex.quote(str(draft.path))
        console.print_lines([*draft_lines(draft), "", "next:", f"  toolkit fine-tune {written}"])
