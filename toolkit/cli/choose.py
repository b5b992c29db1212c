"""`toolkit choose`: which family, which model and which method, decided by measuring on your own data."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli import console
from toolkit.cli.completion import task_names
from toolkit.cli.lists import LABEL_COLUMNS, LABELS, MERGE_LABELS, names_in, one_or_several, section_of
from toolkit.errors import RecipeError
from toolkit.language.spoken import language as spoken
from toolkit.names import Problem, Task
from toolkit.quick_import import quick_import

if TYPE_CHECKING:
    from toolkit.choose.measure.budget import Budget

EXAMPLE = console.example(
    "toolkit choose --task text-classification --data packaged:rotten-tomatoes --budget 5m",
    "toolkit choose --task translation --explain",
)


def choose(
    task: Annotated[
        str,
        typer.Option(
            help="What the model shall do, such as text-classification or translation.", autocompletion=task_names
        ),
    ],
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="A data file or packaged:<name>; give it again for more files. Files whose lines belong together are "
            "written column=FILE, such as source=FILE and target=FILE."
        ),
    ] = None,
    validation: Annotated[list[str] | None, typer.Option(help="Rows that decide; by default 20 % of the data.")] = None,
    test: Annotated[
        list[str] | None, typer.Option(help="Rows that measure the recommended one; by default 20 % of the data.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="The column with the text.")] = None,
    label_column: Annotated[
        list[str] | None, typer.Option(help=f"The column with the label, or with the target text. {LABEL_COLUMNS}")
    ] = None,
    labels: Annotated[list[str] | None, typer.Option(help=LABELS)] = None,
    merge_labels: Annotated[bool, typer.Option("--merge-labels", help=MERGE_LABELS)] = False,
    text_pair_column: Annotated[str | None, typer.Option(help="The column with the second text of a pair.")] = None,
    problem: Annotated[
        Problem | None,
        typer.Option(
            help="What the labels are: one class a text, several, or a number; by default one class, or several where "
            "several columns are named."
        ),
    ] = None,
    models: Annotated[
        str | None,
        typer.Option(
            help="The candidates, with commas between them; by default those on this machine that suit the task."
        ),
    ] = None,
    budget: Annotated[str, typer.Option(help="How long it may take, such as 90s, 10m or 1h30m.")] = "10m",
    memory: Annotated[str | None, typer.Option(help="Memory that a model may take, such as 4GB or 4GiB.")] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            help="The metric that decides, such as accuracy or f1 (macro); by default the first of the task, and f1 "
            "where the largest class has ten times the rows of the smallest."
        ),
    ] = None,
    output_dir: Annotated[
        Path | None,
        typer.Option(help="Where results and recipes go; by default runs/choose-<digest of task and data>."),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Tell what each family is for, with --data also what it is for these data, and measure nothing.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of heads and runs.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure which model, used in which way, suits your data, and write a recipe for each that is worth its cost.

    Cheapest first, all on the same validation rows: free baselines, each model as it is, a head on its frozen features,
    then short trainings of the best. The same command goes on where it was interrupted.
    """
    started = time.monotonic()
    language = "en" if as_json else spoken()
    if explain and not data:
        _explain(task, problem=problem, language=language, as_json=as_json)
        return
    if not data:
        raise RecipeError("there is no data to measure on; give --data FILE, or --explain for advice", where="--data")
    from toolkit.choose.look.asked import columns_asked, metric_asked, task_asked
    from toolkit.choose.measure.budget import Budget, bytes_of, seconds_of

    kind = task_asked(task, language=language)
    section = section_of(kind, data, validation=validation, test=test)
    label = one_or_several(label_column)
    columns = columns_asked(kind, problem=problem, text=text_column, label=label, text_pair=text_pair_column)
    from toolkit.data.at_a_glance import refuse_at_a_glance

    refuse_at_a_glance(section.values(), columns)
    named = {"columns": columns, "labels": names_in(labels or ()), "merge_labels": merge_labels}
    settings: dict[str, Any] = {
        "data": {**section, **{name: value for name, value in named.items() if value}},
        "problem": problem,
        "models": [] if models is None else models.split(","),
        "memory_bytes": None if memory is None else bytes_of(memory),
        "metric": metric_asked(kind, metric),
    }
    if explain:
        _explain_data(kind, language=language, as_json=as_json, **settings)
        return
    clock = Budget(seconds_of(budget), started=started)
    _measure(kind, clock=clock, output_dir=output_dir, seed=seed, as_json=as_json, **settings)


def _measure(task: Task, *, clock: Budget, as_json: bool, **settings: Any) -> None:
    import json

    from toolkit.choose.measure.own_process import start_server

    start_server()  # it imports its libraries while this process does
    with quick_import():
        from toolkit.choose.choose import choose as carry_out
        from toolkit.choose.choose import write_json
        from toolkit.choose.show.lines import choice_json, choice_lines

    choice = carry_out(task, budget=clock, **settings)
    result = choice_json(choice)
    write_json(choice, json.dumps(result, ensure_ascii=False, indent=2) + "\n")
    if as_json:
        console.print_json(result)
    else:
        console.print_lines(choice_lines(choice))


def _explain(task: str, *, problem: Problem | None, language: str, as_json: bool) -> None:
    from dataclasses import asdict

    from toolkit.choose.advice.advise import advice_lines, advise

    advice = advise(task, problem=problem or Problem.SINGLE_LABEL, language=language)
    if as_json:
        console.print_json({"task": task, "advice": [asdict(of_family) for of_family in advice]})
    else:
        console.print_lines(advice_lines(advice))


def _explain_data(task: Task, *, as_json: bool, **settings: Any) -> None:
    """Print the advice for these data, and the look that its facts come from."""
    from dataclasses import asdict

    from toolkit.choose.advice.advise import advice_lines
    from toolkit.choose.look.first_look import first_look
    from toolkit.choose.look.look import look_lines
    from toolkit.progress import warn

    found = first_look(task, **settings)
    for line in found.look.warnings:
        warn(line)
    if as_json:
        advice = [asdict(of_family) for of_family in found.advice]
        console.print_json({"task": task, "look": asdict(found.look), "advice": advice})
    else:
        console.print_lines([*look_lines(found.look), "", *advice_lines(found.advice)])
