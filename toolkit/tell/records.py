"""The trials that a story tells, and what is left of the folder of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from toolkit.errors import RecipeError, explain
from toolkit.files import meant_folder, read_json
from toolkit.report.story import Kept
from toolkit.trials.kept_run import KeptRun
from toolkit.trials.ledger import read_trials, settle_ledger, trial_from
from toolkit.trials.run_folder import TRIAL_FILE
from toolkit.trials.trial import FINISHED, SCHEMA, Trial
from toolkit.workflow.compare import read_runs, refuse_different_tasks
from toolkit.workflow.fine_tune import DEFAULT_LEDGER


@dataclass(frozen=True, eq=False)
class Records:
    """What was tried.

    Attributes:
        trials: in the order of time.
        source: the file of a trial, by its id.
        named: runs that somebody named, by the id of their trial.
        warnings: what is no whole trial.
    """

    trials: tuple[Trial, ...]
    source: Mapping[str, str]
    named: Mapping[str, KeptRun] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def by_id(self, identity: str) -> Trial:
        """Return a trial."""
        return next(trial for trial in self.trials if trial.id == identity)


def read_records(names: Sequence[str], ledger: Path | None) -> Records:
    """Read the trials of a ledger, of named runs, or of both.

    Lessons of named runs are looked up in the usual ledger where no other is named.

    Args:
        names: run folders; none: those of the ledger.
        ledger: None: the usual one, if no run is named.

    Raises:
        RecipeError: a run and its copy; there is no such ledger, it is empty, or it tells of several tasks and no run
            says which.
        IntegrityError: a named run is not there, or damaged.
        ResourceError: a named run is not finished; the ledger cannot be read.
    """
    path = ledger or DEFAULT_LEDGER
    wanted = ledger is not None or not names
    if wanted:
        _refuse_absent(path)
        settle_ledger(path)
    written, warnings = read_trials(path)
    runs = read_runs(names)
    refuse_different_tasks(runs)
    known = {trial.id: trial for trial in written}
    of_runs: dict[str, tuple[Trial, KeptRun]] = {}
    for run in runs:
        trial = _trial_of(run)
        if trial.id in of_runs:
            other = of_runs[trial.id][1].name
            raise RecipeError(f"this is a copy of {other}; name one of them", where=run.name)
        of_runs[trial.id] = (known.get(trial.id, trial), run)
    others = [trial for trial in written if trial.id not in of_runs] if wanted else []
    if runs:
        others = [trial for trial in others if trial.task == runs[0].result.task]
    trials = sorted([*others, *(trial for trial, _ in of_runs.values())], key=lambda trial: trial.time)
    if not trials:
        raise RecipeError(
            "there is no trial to tell of; the first comes with: toolkit fine-tune movie-sentiment", where=str(path)
        )
    _refuse_several_tasks(trials, path)
    sources = {
        trial.id: str(path) if trial.id in known else f"{of_runs[trial.id][1].name}/{TRIAL_FILE}" for trial in trials
    }
    named = {identity: run for identity, (_, run) in of_runs.items()}
    return Records(tuple(trials), sources, named, tuple(warnings) if wanted else ())


def find_folder(trial: Trial, ledger: Path) -> tuple[Kept, str]:
    """Return what is left of the folder of a finished trial, and where it is, or where it was.

    Args:
        trial: of the ledger.
        ledger: relative folders count from here, and from where the ledger's folder stands.
    """
    for folder in (Path(trial.output_dir), ledger.absolute().parent.parent / trial.output_dir):
        try:
            if read_json(folder / TRIAL_FILE)["id"] == trial.id:
                return Kept.THERE, str(folder)
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return Kept.GONE, trial.output_dir


def _refuse_absent(path: Path) -> None:
    if path.is_file():
        return
    if path.is_dir():
        kept = path / DEFAULT_LEDGER.name
        raise RecipeError(f"this is a folder; write the ledger's file, such as {kept}", where=str(path))
    first = "the first trial comes with: toolkit fine-tune movie-sentiment"
    fix = first if path == DEFAULT_LEDGER else "write the ledger's file, such as runs/trials.jsonl"
    raise RecipeError(explain(f"there is no such ledger{meant_folder(path)}", fix=fix), where=str(path))


def _refuse_several_tasks(trials: Sequence[Trial], path: Path) -> None:
    tasks = Counter(trial.task for trial in trials)
    if len(tasks) > 1:
        told = ", ".join(f"{task} {n:,}" for task, n in tasks.most_common())
        fix = "name a run of the one to tell: toolkit report RUN --ledger"
        raise RecipeError(f"the trials are of several tasks: {told}; {fix} {path}", where=str(path))


def _trial_of(run: KeptRun) -> Trial:
    """Return the trial of a run by its folder; of a run without one, what its result says."""
    try:
        values: Any = read_json(Path(run.name).expanduser() / TRIAL_FILE)
        found = trial_from(values) if isinstance(values, dict) else None
    except (OSError, ValueError, KeyError):
        found = None
    return found or _made_up(run)


def _made_up(run: KeptRun) -> Trial:
    result = run.result
    return Trial(
        schema=SCHEMA,
        id=run.name,
        time="",
        status=FINISHED[0 if result.degenerate is None else 1],
        recipe=Path(run.name).name,
        recipe_digest="",
        data_digest=result.data.digest,
        task=result.task.value,
        family=result.family.value,
        model=result.model,
        method=result.method,
        seed=result.seed,
        output_dir=run.name,
        environment=result.environment.to_json(),
        metrics=result.test.to_json()["metrics"],
        cost=dict(result.cost),
        settings=dict(run.recipe),
    )
