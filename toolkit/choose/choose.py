"""The story of a choice: a first look → measuring → decision → recipes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from toolkit.choose.choice import Choice
from toolkit.choose.decision.decide import decide
from toolkit.choose.decision.hand_over import hand_over
from toolkit.choose.look.first_look import FirstLook, first_look
from toolkit.choose.look.look import look_lines
from toolkit.choose.measure.budget import Budget
from toolkit.choose.measure.kept import keep
from toolkit.choose.measure.measurement import Measurement, Stage, Status
from toolkit.choose.measure.notebook import FILE, Notebook
from toolkit.choose.measure.on_test import baseline_on_test
from toolkit.choose.measure.own_process import start_server
from toolkit.choose.measure.reasons import OUT_OF_MEMORY
from toolkit.choose.measure.work import Work
from toolkit.choose.measure.written import measure_written
from toolkit.choose.measure.zero_shot import NUMBERS
from toolkit.choose.search.stages import measure_all
from toolkit.choose.show.page import write_page
from toolkit.choose.show.sentences import free_name
from toolkit.errors import RecipeError, ResourceError
from toolkit.files import write_text_atomically
from toolkit.language.spoken import language
from toolkit.names import Problem, Task
from toolkit.progress import say, warn
from toolkit.report.facts import duration
from toolkit.shortage import out_of_memory
from toolkit.workflow.fine_tune import DEFAULT_LEDGER, DEFAULT_RUNS
from toolkit.workflow.little_memory import memory_told, smaller_candidates

_RESERVED = 0.1  # of the budget, for the test examples, the recommended model, recipes and the page
_LEAST_RESERVED, _MOST_RESERVED = 2.0, 45.0
_TO_WRITE, _MOST_TO_WRITE = 0.1, 120.0  # of the budget, for what the recommended model writes
_LOCK = ".lock"


@memory_told(smaller_candidates)
def choose(
    task: Task,
    data: Mapping[str, Any],
    *,
    problem: Problem | None = None,
    models: Sequence[str] = (),
    budget: Budget,
    memory_bytes: int | None = None,
    metric: str | None = None,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    seed: int = 0,
) -> Choice:
    """Choose family, model and method for a task by measuring them on the user's own data.

    Args:
        task: that the model shall do.
        data: a recipe's ``data``: the sources and the columns.
        problem: the kind of label; None: as the columns say.
        models: names of candidates; empty: models on this machine that fit.
        budget: the time limit, whose clock is running.
        memory_bytes: limit for a model; None: no limit.
        metric: that decides; None: the usual one of the task and the labels.
        output_dir: a new folder, or the folder of the same choice; None: ``runs/choose-<digest>``.
        ledger: the file that every trial is added to.
        seed: of heads and runs.

    Raises:
        RecipeError: a task that no candidate fits, a budget too small for one candidate.
        ResourceError: the output folder is in use, or holds something else; memory is too short for every candidate.
        ToolkitError: the data or the models cannot be read.
    """
    start_server()
    found = first_look(
        task, data, problem=problem, models=models, memory_bytes=memory_bytes, metric=metric, language=language()
    )
    rows, view = found.rows, found.look
    for line in look_lines(view):
        say(line)
    for line in view.warnings:
        warn(line)
    folder = output_dir or DEFAULT_RUNS / f"choose-{rows.identity[:8]}"
    with _claimed(folder):
        reserve = min(_MOST_RESERVED, max(_LEAST_RESERVED, _RESERVED * budget.seconds))
        if rows.judge.written_metric is not None:
            reserve += min(_MOST_TO_WRITE, _TO_WRITE * budget.seconds)
        work = Work(
            rows=rows,
            budget=replace(budget, reserve=reserve),
            notebook=Notebook(folder, data=rows.identity),
            folder=folder,
            ledger=ledger,
            seed=seed,
            language="ko" if view.text_language == "ko" else "en",
        )
        known, n = f"{rows.data.source}: {rows.sizes()}; {duration(work.budget.left())}", len(found.candidates)
        say(f"{known} for {n} candidate" if n == 1 else f"{known} for {n} candidates")
        return _measure_and_decide(work, found)


def _measure_and_decide(work: Work, found: FirstLook) -> Choice:
    read_badly = {view.name for view in found.look.tokens if view.reads_badly}
    measured = measure_all(work, found.candidates, read_badly=read_badly)
    decision = decide(measured, work.rows.judge)
    if not decision.usable:
        _refuse_shortage(work, measured)
    by_name = {candidate.name: candidate for candidate in found.candidates}
    chosen = decision.recommended
    # Of models that write the best one is compared with the baselines that write, whatever its likelihoods are.
    writing = chosen or next(iter(decision.usable), None)
    written = None if writing is None else measure_written(work, by_name[writing.candidate], writing)
    if written is not None and written.no_worse is not None:
        decision = decision.overruled_by(written.no_worse)
        chosen = None
    recipes = hand_over(decision, work.rows, by_name, folder=work.folder)
    recipe, kept, on_test = recipes.of(chosen), None, None
    if chosen is not None and recipe is not None:
        kept = keep(work, by_name[chosen.candidate], chosen, recipe=recipe)
        on_test = kept.on_test
    elif decision.baseline is not None:
        on_test = baseline_on_test(work, decision.baseline.candidate)
    choice = Choice(
        rows=work.rows,
        look=found.look,
        advice=found.advice,
        measured=tuple(measured),
        decision=decision,
        recipes=recipes,
        on_test=on_test,
        run=None if kept is None else kept.run,
        written=written,
        budget=work.budget,
        seconds=work.budget.spent(),
        folder=work.folder,
    )
    write_page(choice)
    return replace(choice, seconds=work.budget.spent())


@contextlib.contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Lock the output folder for this process; refuse a folder with anything but a choice in it."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / FILE).is_file() and not (folder / _LOCK).is_file():
        raise ResourceError("is no folder of a choice, and not empty; give another --output-dir", where=str(folder))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
        lock.acquire(blocking=False)
    except Timeout:
        raise ResourceError(
            "another process chooses here; wait for it, or give another --output-dir", where=str(folder)
        ) from None
    except OSError as error:
        raise ResourceError(f"cannot be written: {error.strerror or error}", where=str(folder)) from error
    try:
        yield
    finally:
        lock.release()


def _refuse_shortage(work: Work, measured: Sequence[Measurement]) -> None:
    """Raise an error with what one candidate needs, where only time or memory was missing; tell what is known then."""
    budget = work.budget
    waiting = [result for result in measured if result.status is Status.SKIPPED and result.reason != NUMBERS]
    if not waiting:
        failures = [result for result in measured if result.status is Status.FAILED]
        if failures and all(result.details.get(OUT_OF_MEMORY) for result in failures):
            raise out_of_memory(smaller_candidates(), where="--models")
        failed = [f"{result.candidate}: {result.reason}" for result in failures]
        warn("; ".join(["nothing could be measured that a recipe can carry out", *dict.fromkeys(failed)]))
        return
    free = [result for result in measured if result.stage is Stage.BASELINE and result.value is not None]
    for result in free:
        say(f"{free_name(work.rows, result.candidate)}: {work.rows.judge.metric} {result.value:.3f}, for free")
    known = [result for result in waiting if "needed_seconds" in result.details]
    found = f"{duration(budget.seconds)} are too short for one candidate"
    wanted = 2 * max(budget.seconds, budget.spent())
    if known:
        least = min(known, key=lambda result: result.details["needed_seconds"])
        needed = least.details["needed_seconds"]
        found += f": {least.candidate} would take about {duration(needed)} beside the start"
        # A candidate gets half of the budget for its features, and there is the start before.
        wanted = max(wanted, 2 * needed + budget.spent())
    raise RecipeError(f"{found}; write --budget {10 * math.ceil(wanted / 10)}s or more", where="--budget")


def write_json(choice: Choice, text: str) -> None:
    """Write the output of ``--json`` beside the page."""
    write_text_atomically(choice.folder / "choose.json", text)
