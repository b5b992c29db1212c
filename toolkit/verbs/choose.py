"""`toolkit.choose`: which family, model and method, by measurement."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from toolkit.names import Problem
from toolkit.verbs.apply import path_of
from toolkit.verbs.given import Given, Rows, one_of
from toolkit.verbs.results import Chosen
from toolkit.verbs.work import working


@working()
def choose(
    task: str,
    data: Rows,
    *,
    validation: Rows = None,
    test: Rows = None,
    columns: Mapping[str, str | list[str]] | None = None,
    text_column: str | None = None,
    label_column: str | list[str] | None = None,
    labels: Sequence[str] = (),
    merge_labels: bool = False,
    text_pair_column: str | None = None,
    problem: str | None = None,
    models: Sequence[str] | str = (),
    budget: str | float = "10m",
    memory: str | int | None = None,
    metric: str | None = None,
    output_dir: str | PathLike[str] | None = None,
    ledger: str | PathLike[str] | None = None,
    seed: int = 0,
) -> Chosen:
    """Measure which model, used in which way, suits rows, and write a recipe for each that is worth its cost.

    Args:
        task: that the model shall do.
        data: rows, a file or another source; a dict of rows by split; or the keys of a recipe's section.
        validation: rows that decide; None: a fifth of the data.
        test: rows that measure the recommended candidate; None: a fifth of the data.
        columns: the data's names of columns by the task's names; or `text_column`, `label_column`, `text_pair_column`.
        labels: names of the labels in their order.
        merge_labels: take labels that differ in case, white space or width only for one.
        problem: the kind of label by the library's name; None: one class, or several where several columns are named.
        models: the candidates; none: those on this machine that suit the task.
        budget: how long it may take, such as ``"10m"``, or seconds.
        memory: that a model may take, such as ``"4GB"``, or bytes.
        metric: that decides, such as ``"f1"``; None: the first of the task, or ``"f1"`` where classes are very uneven.
        output_dir: where results and recipes go; None takes ``runs/choose-<digest>``.
        ledger: the file that every trial is added to; None takes ``runs/trials.jsonl``.
        seed: of heads and runs.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.choose.measure.own_process import start_server

    start_server()  # it imports its libraries while this process does
    from toolkit.choose.choose import choose as carry_out
    from toolkit.choose.choose import write_json
    from toolkit.choose.look.asked import columns_asked, metric_asked, task_asked
    from toolkit.choose.measure.budget import Budget, bytes_of, seconds_of
    from toolkit.choose.show.lines import choice_json
    from toolkit.workflow.fine_tune import DEFAULT_LEDGER

    kind, given = task_asked(task), Given()
    kind_of_label = None if problem is None else one_of(Problem, problem, where="problem")
    named: dict[str, Any] = {
        **columns_asked(kind, problem=kind_of_label, text=text_column, label=label_column, text_pair=text_pair_column),
        **(columns or {}),
    }
    splits = {name: rows for name, rows in (("validation", validation), ("test", test)) if rows is not None}
    section = given.section({"train": data, **splits} if splits else data, named)
    more = {"labels": list(labels), "merge_labels": merge_labels}
    choice = carry_out(
        kind,
        {**section, **{name: value for name, value in more.items() if value}},
        problem=kind_of_label,
        models=models.split(",") if isinstance(models, str) else list(models),
        budget=Budget(seconds_of(str(budget))),
        memory_bytes=None if memory is None else bytes_of(str(memory)),
        metric=metric_asked(kind, metric),
        output_dir=path_of(output_dir),
        ledger=path_of(ledger) or DEFAULT_LEDGER,
        seed=seed,
    )
    write_json(choice, json.dumps(choice_json(choice), ensure_ascii=False, indent=2) + "\n")
    return Chosen(choice, held=given)
