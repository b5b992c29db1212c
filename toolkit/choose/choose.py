"""The story of a choice: data → candidates → advice and a look → measuring → decision → recipes."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from toolkit.choose.advise import Advice, advise
from toolkit.choose.budget import Budget, told
from toolkit.choose.candidates import Candidate, find_candidates, usual_names
from toolkit.choose.catalogue import suggest
from toolkit.choose.decide import Decision, decide
from toolkit.choose.hand_over import HandedOver, hand_over
from toolkit.choose.look import Look, look, text_language
from toolkit.choose.measurement import Measurement, Stage, Status
from toolkit.choose.notebook import Notebook
from toolkit.choose.on_test import OnTest, measure_on_test
from toolkit.choose.rows import TEST_SIZE, VALIDATION_SIZE, Rows, divide
from toolkit.choose.stages import measure_all
from toolkit.choose.work import Work
from toolkit.errors import HubError, RecipeError, ResourceError
from toolkit.files import write_text_atomically
from toolkit.names import Method, Problem, Task
from toolkit.progress import say, warn
from toolkit.recipe import Recipe, build_recipe
from toolkit.training.memory import keep_freed_memory
from toolkit.training.precision import computes_bf16_natively

TASKS = (Task.TEXT_CLASSIFICATION, Task.TRANSLATION, Task.TEXT_GENERATION)
"""The tasks that can be measured; others are only explained."""

_RESERVED = 0.05  # of the budget, for the test rows, the recipes and the page
_LEAST_RESERVED, _MOST_RESERVED = 2.0, 30.0


@dataclass(frozen=True)
class Choice:
    """All that came of a choice.

    Attributes:
        rows: the data.
        look: what the data are to each candidate's tokenizer.
        advice: what is known of the families before measuring.
        measured: all results.
        decision: what follows from them.
        recipes: of the front.
        on_test: the recommended way on the test rows; None where nothing is recommended.
        budget: the clock.
        seconds: that it all took.
        folder: the output folder.
    """

    rows: Rows
    look: Look
    advice: tuple[Advice, ...]
    measured: tuple[Measurement, ...]
    decision: Decision
    recipes: HandedOver
    on_test: OnTest | None
    budget: Budget
    seconds: float
    folder: Path


def choose(
    task: Task,
    data: Mapping[str, Any],
    *,
    problem: Problem | None = None,
    models: Sequence[str] = (),
    budget: Budget,
    memory_bytes: int | None = None,
    output_dir: Path | None = None,
    seed: int = 0,
) -> Choice:
    """Choose family, model and method for a task by measuring them on the user's own data.

    Args:
        task: what the model shall do.
        data: of a recipe's ``data``: the sources and the columns.
        problem: what labels are; None: what the columns say.
        models: names of candidates; none: what is on this machine and fits.
        budget: how long it may take; runs already.
        memory_bytes: that a model may take; None: any.
        output_dir: where everything goes; None takes ``runs/choose-<digest>``.
        seed: of heads and runs.

    Raises:
        RecipeError: a task that no candidate fits, a budget too small for one candidate.
        ToolkitError: of the kind that says what else went wrong.
    """
    keep_freed_memory()
    rows = _divided(task, data, problem)
    candidates = find_candidates(
        models or _usual_models(task, rows, memory_bytes=memory_bytes),
        task=task,
        problem=rows.problem or Problem.SINGLE_LABEL,
        memory_bytes=memory_bytes,
    )
    view = look(rows.data, candidates)
    for line in view.warnings:
        warn(line)
    advice = advise(
        task,
        problem=rows.problem or Problem.SINGLE_LABEL,
        n_rows=len(rows.learn),
        length_p95_tokens=view.length_p95_tokens,
        text_language=view.text_language,
    )
    folder = output_dir or Path("runs") / f"choose-{rows.digest[:8]}"
    with _claimed(folder):
        reserve = min(_MOST_RESERVED, max(_LEAST_RESERVED, _RESERVED * budget.seconds))
        work = Work(
            rows=rows,
            budget=replace(budget, reserve=reserve),
            notebook=Notebook(folder, data=rows.digest),
            folder=folder,
            seed=seed,
            language="ko" if view.text_language == "ko" else "en",
            use_bf16=computes_bf16_natively(),
        )
        say(f"{rows.data.source}: {rows.sizes()}; {told(work.budget.left())} for {len(candidates)} candidates")
        return _carried_out(work, candidates, view=view, advice=advice)


def _carried_out(work: Work, candidates: Sequence[Candidate], *, view: Look, advice: tuple[Advice, ...]) -> Choice:
    from toolkit.choose.page import write_page

    read_badly = {one.name for one in view.tokens if one.reads_badly}
    measured = with_costs(measure_all(work, candidates, read_badly=read_badly))
    decision = decide(measured, work.rows.judge, cost=cost_of)
    if decision.recommended is None:
        _refuse_short_budget(work.budget, measured)
    by_name = {candidate.name: candidate for candidate in candidates}
    recipes = hand_over(decision, work.rows, by_name, folder=work.folder)
    chosen = decision.recommended
    on_test = None if chosen is None else measure_on_test(work, by_name[chosen.candidate], chosen)
    choice = Choice(
        rows=work.rows,
        look=view,
        advice=advice,
        measured=tuple(measured),
        decision=decision,
        recipes=recipes,
        on_test=on_test,
        budget=work.budget,
        seconds=work.budget.spent(),
        folder=work.folder,
    )
    write_page(choice)
    return replace(choice, seconds=work.budget.spent())


def with_costs(measured: Sequence[Measurement]) -> list[Measurement]:
    """The results, those of runs with the costs of their bodies: training adds a head of no size to them."""
    of_body = {made.candidate: made.costs for made in measured if made.stage is Stage.FEATURES and made.costs}
    return [
        replace(made, costs=of_body[made.candidate])
        if made.costs is None and made.stage in (Stage.RUN, Stage.SEEDS) and made.candidate in of_body
        else made
        for made in measured
    ]


def cost_of(made: Measurement) -> float:
    """What decides between equals: the seconds from one text to its answer; infinite where it was not measured."""
    costs = made.costs or {}
    return float(costs.get("latency_p50_seconds") or math.inf)


def _divided(task: Task, data: Mapping[str, Any], problem: Problem | None) -> Rows:
    if task not in TASKS:
        raise RecipeError(
            f"{task} is only explained in this version; --explain tells which family suits it. "
            f"Measured are: {', '.join(TASKS)}",
            where="--task",
        )
    section = {"test_size": TEST_SIZE, "validation_size": VALIDATION_SIZE, **data}
    model = {} if problem is None or task is not Task.TEXT_CLASSIFICATION else {"problem_type": problem.value}
    return divide(_any_recipe(task, section, model), section, model=model)


def _any_recipe(task: Task, section: Mapping[str, Any], model: Mapping[str, Any]) -> Recipe:
    """A recipe with this data section, so that the section is checked as every other."""
    if task is Task.TEXT_CLASSIFICATION:
        tree: dict[str, Any] = {"model": {"name": "packaged:minilm", **model}, "method": Method.FEATURES.value}
    else:
        tree = {"model": {"config": {"preset": "tiny"}}, "method": Method.SCRATCH.value}
    return build_recipe({"task": task.value, "data": dict(section), **tree})


def _usual_models(task: Task, rows: Rows, *, memory_bytes: int | None) -> list[str]:
    """What is here without a network: packaged models, and those of the catalogue that are in the hub's cache."""
    from huggingface_hub import try_to_load_from_cache

    names = list(usual_names(task, n_rows=len(rows.learn), problem=rows.problem or Problem.SINGLE_LABEL))
    for model in suggest(task, [text_language(rows.data) or "en"], memory_bytes):
        with contextlib.suppress(HubError, ValueError):
            if isinstance(try_to_load_from_cache(model.name, "config.json"), str):
                names.append(model.name)
    return names


@contextlib.contextmanager
def _claimed(folder: Path) -> Iterator[None]:
    """Hold the output folder for this process alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock")
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


def _refuse_short_budget(budget: Budget, measured: Sequence[Measurement]) -> None:
    """Say what one candidate would take, where time was all that was missing for one."""
    waiting = [made for made in measured if made.status is Status.SKIPPED]
    if not waiting:
        failed = [f"{made.candidate}: {made.reason}" for made in measured if made.status is Status.FAILED]
        warn("nothing could be measured that a recipe can carry out; " + "; ".join(dict.fromkeys(failed)))
        return
    known = [made for made in waiting if "needed_seconds" in made.details]
    found = f"{told(budget.seconds)} are too short for one candidate"
    wanted = 2 * budget.seconds
    if known:
        least = min(known, key=lambda made: made.details["needed_seconds"])
        needed = least.details["needed_seconds"]
        found += f": {least.candidate} would take about {told(needed)} beside the start"
        # A candidate gets half of the budget for its features, and there is the start before.
        wanted = max(wanted, 2 * needed + budget.spent())
    raise RecipeError(f"{found}; write --budget {10 * math.ceil(wanted / 10)}s or more", where="--budget")


def write_json(choice: Choice, text: str) -> None:
    """Keep what ``--json`` prints beside the page."""
    write_text_atomically(choice.folder / "choose.json", text)
