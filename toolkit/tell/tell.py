"""Gather a story: trials, the comparison of finished runs, candidates, families, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from toolkit.evaluation.metrics.difference import Difference
from toolkit.names import Task
from toolkit.report.compared import SURE, letter
from toolkit.report.comparison import Verdict, unbeaten, verdict_of
from toolkit.report.facts import sources
from toolkit.report.language import Language
from toolkit.report.measures import headline_metric, results
from toolkit.report.story import Example, Figure, Question, Rows, Story, ToldRun, Versus, Winner
from toolkit.run_result.log import training_losses
from toolkit.tasks import room_of
from toolkit.tell.attempts import attempts_of, cost_of
from toolkit.tell.choosing import choosing_of, families_of
from toolkit.tell.compared import MOST_COMPARED, Finished, compare_finished
from toolkit.tell.limits import limits_of, next_steps_of, unmeasured_of
from toolkit.tell.records import read_records
from toolkit.trials.compared import ComparedRuns, Tested
from toolkit.trials.finished import METRICS_FILE, RECIPE_FILE, read_run
from toolkit.workflow.fine_tune import DEFAULT_LEDGER

MOST_WARNINGS = 10


def tell(names: Sequence[str], *, ledger: Path | None = None, language: str = "en") -> Story:
    """Gather all that page and slides tell.

    Args:
        names: run folders to compare; none: the best of the ledger.
        ledger: whose trials are told; None: the usual one, if no run is named.
        language: of the sentences, one of `toolkit.language.spoken.LANGUAGES`.

    Raises:
        RecipeError: runs or trials of different tasks, one run twice, an unknown language, no ledger.
        DataError: named runs with fewer than 30 common test rows.
        IntegrityError: a named run is not there, or damaged.
        ResourceError: a named run is not finished; the ledger cannot be read.
    """
    words = Language(language)
    path = ledger or DEFAULT_LEDGER
    records = read_records(names, ledger)
    found = compare_finished(records, ledger=path, language=words)
    letters = {identity: letter(place) for place, identity in enumerate(found.runs)}
    attempts = attempts_of(records, letters=letters, kept=found.kept)
    numbers = {each.trial.id: each.number for each in attempts}
    runs = tuple(
        _told(found.runs[identity].name, of=each, attempt=numbers[identity])
        for identity, each in list(letters.items())[:MOST_COMPARED]
    )
    first = runs[0] if runs else None
    winner = None if first is None else _winner(first, found)
    baselines = {} if first is None else room_of(first.result.task).pages.baseline_names(first.result.problem)
    choosing, warnings = choosing_of(attempts, ledger=path, names=baselines, language=words)
    task = records.trials[0].task
    problem = None if first is None else first.result.problem
    splits = {} if first is None else {name: split.rows for name, split in first.result.splits.items()}
    advice, families = families_of(task, problem=problem, n_rows=splits.get("train"), attempts=attempts, language=words)
    return Story(
        language=words,
        question=Question(
            task=Task(task),
            problem=problem,
            metric=None if winner is None else winner.figure.metric,
            labels=() if first is None else first.result.labels,
            wants=advice[0].wants.text,
            source=advice[0].wants.source,
        ),
        rows=None if first is None else _rows(first, splits),
        families=families,
        choosing=tuple(choosing),
        attempts=attempts,
        runs=runs,
        compared=found.compared,
        winner=winner,
        examples=_examples(found.compared),
        cost=cost_of(
            attempts, source=str(path) if ledger or not names else ", ".join(dict.fromkeys(records.source.values()))
        ),
        limits=limits_of(winner, first, found.compared, language=words),
        unmeasured=unmeasured_of(first, attempts, language=words),
        next_steps=next_steps_of(winner, first, language=words),
        left_out={records.by_id(identity).output_dir: why for identity, why in found.left_out.items()},
        warnings=_first_ones([*records.warnings, *warnings], words),
    )


def _first_ones(warnings: Sequence[str], language: Language) -> tuple[str, ...]:
    """Return warnings, of many the first ones and how many there are more."""
    n_more = len(warnings) - MOST_WARNINGS
    more = [language.say("{n} more findings like these", n=n_more)] if n_more > 0 else []
    return (*warnings[:MOST_WARNINGS], *more)


def _told(name: str, *, of: str, attempt: int) -> ToldRun:
    folder = Path(name).expanduser()
    run = read_run(folder)
    samples = [row.to_json() for row in run.result.written] or run.samples()
    return ToldRun(
        letter=of,
        name=name,
        result=run.result,
        recipe_yaml=(folder / RECIPE_FILE).read_text(encoding="utf-8"),
        samples=tuple(samples),
        losses=tuple(_losses(folder)),
        attempt=attempt,
    )


def _losses(folder: Path) -> Sequence[Mapping[str, object]]:
    """Return the training losses; none where the log is gone, or a line of it was cut."""
    try:
        return training_losses(folder)
    except (OSError, ValueError):
        return ()


def _rows(run: ToldRun, splits: Mapping[str, int]) -> Rows:
    data = run.result.data
    return Rows(
        sources=tuple(sources(run.result)),
        digest=data.digest,
        splits=splits,
        warnings=data.warnings,
        source=f"{run.name}/{METRICS_FILE}, data",
    )


def _winner(run: ToldRun, found: Finished) -> Winner:
    result, compared = run.result, found.compared
    metric = headline_metric(result)
    figure = Figure(
        metric=metric,
        entry=result.test.metrics[metric],
        rows=result.test.rows,
        source=f"{run.name}/{METRICS_FILE}, splits.test.metrics.{metric}",
    )
    others: list[Versus] = []
    if compared is not None:
        command = f"toolkit compare {' '.join(each.name for each in compared.runs)}"
        if metric in compared.runs[0].metrics and compared.rows != result.test.rows:
            entry = compared.runs[0].metrics[metric]
            figure = Figure(metric=metric, entry=entry, rows=compared.rows, source=command)
        others = [
            _versus_run(each.second, letter(place), each.metrics.get(metric), metric, source=f"{command}: {metric}")
            for place, each in enumerate(compared.pairs, start=1)
        ]
    return Winner(
        letter=run.letter,
        name=run.name,
        model=result.model,
        family=result.family.value,
        method=result.method,
        figure=figure,
        versus=(*others, *_versus_baselines(run, metric)),
        baseline=unbeaten(result),
        baseline_rows=0 if figure.rows == result.test.rows else result.test.rows,
    )


def _versus_run(name: str, of: str, tested: Tested | None, metric: str, *, source: str) -> Versus:
    turned, verdict = None, None
    if tested is not None and tested.difference is not None:
        found = tested.difference
        turned = Difference(*(0.0 - end for end in (found.value, found.high, found.low)))  # nothing is not -0
        settled = tested.p_holm is not None and tested.p_holm < SURE
        verdict = verdict_of(turned, metric) if settled else Verdict.OPEN
    return Versus(
        name=name,
        letter=of,
        difference=turned,
        p=None if tested is None else tested.p,
        p_holm=None if tested is None else tested.p_holm,
        verdict=verdict,
        source=source,
    )


def _versus_baselines(run: ToldRun, metric: str) -> list[Versus]:
    names = {each.name: key for key, each in zip(run.result.baselines, results(run.result)[1:], strict=True)}
    return [
        Versus(
            name=each.name,
            letter=None,
            difference=each.below.get(metric),
            p=None,
            p_holm=None,
            verdict=None if metric not in each.below else verdict_of(each.below[metric], metric),
            source=f"{run.name}/{METRICS_FILE}, baselines.{names[each.name]}.differences.{metric}",
        )
        for each in results(run.result)[1:]
        if metric in each.measures
    ]


def _examples(compared: ComparedRuns | None) -> tuple[Example, ...]:
    if compared is None:
        return ()
    first, second = letter(0), letter(1)
    return tuple(
        Example(
            id=row.id,
            text=row.text,
            reference=row.reference,
            answers={first: row.first, second: row.second},
            better=None if row.better is None else first if row.better == "first" else second,
        )
        for row in compared.pairs[0].disagreement.examples
    )
