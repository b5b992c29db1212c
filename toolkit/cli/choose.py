"""`toolkit choose`: which family, which model and which method, decided by measuring on your own data."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli import console
from toolkit.errors import RecipeError
from toolkit.names import Problem, Task

if TYPE_CHECKING:
    from toolkit.choose.budget import Budget

EXAMPLE = console.example(
    "toolkit choose --task text-classification --data packaged:rotten-tomatoes --budget 5m",
    "toolkit choose --task translation --explain",
)


def choose(
    task: Annotated[str, typer.Option(help="What the model shall do, such as text-classification or translation.")],
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="A data file or packaged:<name>; give it again for more files. Files line by line beside each other "
            "are written column=FILE."
        ),
    ] = None,
    validation: Annotated[list[str] | None, typer.Option(help="Rows that decide; by default 20 % of the data.")] = None,
    test: Annotated[
        list[str] | None, typer.Option(help="Rows that measure the recommended one; by default 20 % of the data.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="The column that is read.")] = None,
    label_column: Annotated[
        str | None, typer.Option(help="The column with the label, or with the target text.")
    ] = None,
    text_pair_column: Annotated[str | None, typer.Option(help="The column with the second text of a pair.")] = None,
    problem: Annotated[
        Problem, typer.Option(help="What the labels are: one class a text, several, or a number.")
    ] = Problem.SINGLE_LABEL,
    models: Annotated[
        str | None, typer.Option(help="The candidates, with commas between them; by default what is on this machine.")
    ] = None,
    budget: Annotated[str, typer.Option(help="How long it may take, such as 90s, 10m or 1.5h.")] = "10m",
    memory: Annotated[str | None, typer.Option(help="What a model may take of the memory, such as 4GB.")] = None,
    output_dir: Annotated[
        Path | None, typer.Option(help="Where results and recipes go; by default runs/choose-<digest of the data>.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Tell what each family is for, and measure nothing.")
    ] = False,
    language: Annotated[str, typer.Option(help="Of the explanation: en or ko.")] = "en",
    seed: Annotated[int, typer.Option(min=0, help="Of heads and runs.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure which model, used in which way, suits your data, and write a recipe for each that is worth its cost.

    Cheapest first, on the same validation rows: free baselines, each model asked as it is, its frozen features with a
    head, then short trainings of the best. The same command goes on where an interrupted one was.
    """
    started = time.monotonic()
    if explain:
        _explain(task, problem=problem, language=language, as_json=as_json)
        return
    if not data:
        raise RecipeError("there is no data to measure on; give --data FILE, or --explain for advice", where="--data")
    from toolkit.choose.budget import Budget, bytes_of, seconds_of

    clock = Budget(seconds_of(budget), started=started)
    memory_bytes = None if memory is None else bytes_of(memory)
    kind = _task(task)
    section = _section(kind, data, validation=validation, test=test)
    columns = _columns(kind, problem=problem, text=text_column, label=label_column, text_pair=text_pair_column)
    _measure(
        kind,
        {**section, **({"columns": columns} if columns else {})},
        problem=problem,
        models=[] if models is None else models.split(","),
        clock=clock,
        memory_bytes=memory_bytes,
        output_dir=output_dir,
        seed=seed,
        as_json=as_json,
    )


def _measure(
    task: Task, section: dict[str, Any], *, problem: Problem, clock: Budget, as_json: bool, **settings: Any
) -> None:
    import json

    from toolkit.choose.choose import choose as carry_out
    from toolkit.choose.choose import write_json
    from toolkit.choose.written import choice_json, choice_lines

    asked = problem if task is Task.TEXT_CLASSIFICATION and problem is not Problem.SINGLE_LABEL else None
    choice = carry_out(task, section, problem=asked, budget=clock, **settings)
    result = choice_json(choice)
    write_json(choice, json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    if as_json:
        console.print_json(result)
    else:
        console.print_lines(choice_lines(choice))


def _explain(task: str, *, problem: Problem, language: str, as_json: bool) -> None:
    from dataclasses import asdict

    from toolkit.choose.advise import advice_lines, advise

    advice = advise(task, problem=problem, language=language)
    if as_json:
        console.print_json({"task": task, "advice": [asdict(one) for one in advice]})
    else:
        console.print_lines(advice_lines(advice))


def _task(name: str) -> Task:
    from toolkit.choose.advise import advise

    advise(name)  # refuses what nobody knows, with the nearest
    if name not in list(Task):
        raise RecipeError(f"{name} is only explained in this version; add --explain", where="--task")
    return Task(name)


def _section(task: Task, data: list[str], *, validation: list[str] | None, test: list[str] | None) -> dict[str, Any]:
    """The sources of a recipe's ``data``."""
    if validation is None and test is None:
        return {"source": _source(task, data)}
    named = {"train": data, "validation": validation, "test": test}
    return {name: _source(task, sources) for name, sources in named.items() if sources is not None}


def _source(task: Task, sources: list[str]) -> str | list[str] | dict[str, str]:
    from toolkit.recipe.schema import COLUMNS

    parts = [source.partition("=") for source in sources]
    if all(middle and name in COLUMNS[task] for name, middle, _ in parts):
        return {name: file for name, _, file in parts}
    return sources[0] if len(sources) == 1 else sources


def _columns(
    task: Task,
    *,
    problem: Problem,
    text: str | None,
    label: str | None,
    text_pair: str | None,
) -> dict[str, str]:
    """The recipe's ``columns``: by the task's own names."""
    if task is Task.TEXT_CLASSIFICATION:
        label_name = "labels" if problem is Problem.MULTI_LABEL else "label"
        named = {"text": text, label_name: label, "text_pair": text_pair}
    elif task is Task.TRANSLATION or label is not None:
        named = {"source": text, "target": label}
    else:
        named = {"text": text}
    if text_pair is not None and task is not Task.TEXT_CLASSIFICATION:
        raise RecipeError(f"{task} reads no pairs of texts; leave it out", where="--text-pair-column")
    return {name: column for name, column in named.items() if column is not None}
