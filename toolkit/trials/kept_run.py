"""Finished runs with their recipes and their answers to the test rows, read to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from toolkit.errors import IntegrityError, RecipeError, ResourceError, explain
from toolkit.files import sha256_file
from toolkit.recipe.yaml_text import read_document
from toolkit.run_result import RunResult, content_of
from toolkit.tasks import room_of
from toolkit.tasks.kept_answers import KeptAnswers
from toolkit.trials.finished import METRICS_FILE, PREDICTIONS_FILE, RECIPE_FILE, read_run
from toolkit.trials.kin import flattened
from toolkit.trials.run_files import read_digests


@dataclass(frozen=True, eq=False)
class KeptRun:
    """A finished run, to be compared with others.

    Attributes:
        name: its folder, as it was given.
        result: the content of ``metrics.json``.
        recipe: every key of the resolved recipe that has a value, by its dotted path.
        answers: to its test rows.
    """

    name: str
    result: RunResult
    recipe: Mapping[str, Any]
    answers: KeptAnswers


def read_kept_run(name: str) -> KeptRun:
    """Read a run.

    Raises:
        ResourceError: it is not finished.
        IntegrityError: it is not there, or one of its files is missing, damaged, or of another version.
    """
    folder = Path(name).expanduser()
    if not folder.exists() and folder.with_name(f"{folder.name}.unfinished").is_dir():
        raise ResourceError("this run is not finished; the command that started it goes on with it", where=name)
    if folder.is_file() or not name:
        raise IntegrityError(f"a run is named by its folder{f', {str(folder.parent)!r}' if name else ''}", where=name)
    if folder.is_dir() and not any((folder / file).exists() for file in (METRICS_FILE, RECIPE_FILE, PREDICTIONS_FILE)):
        within = sorted(str(file.parent) for file in folder.glob(f"*/{METRICS_FILE}"))
        raise IntegrityError(explain("this folder is no run", allowed=within, name=folder.name), where=name)
    if not folder.is_dir():
        runs = sorted(file.parent.name for file in folder.parent.glob(f"*/{METRICS_FILE}"))
        raise IntegrityError(explain("there is no such run folder", allowed=runs, name=folder.name), where=name)
    run = read_run(folder)
    predictions = folder / PREDICTIONS_FILE
    kept = (read_digests(folder) or {}).get(PREDICTIONS_FILE)
    try:
        recipe = flattened(read_document(folder / RECIPE_FILE).tree)
        changed = kept is not None and sha256_file(predictions) != kept
        columns = parquet.read_table(predictions).to_pydict()
    except RecipeError as error:
        raise IntegrityError(*error.faults) from error
    except (OSError, ValueError) as error:  # pyarrow's own errors are among these
        raise IntegrityError("this file of the run is missing or damaged", where=str(predictions)) from error
    if changed:
        raise IntegrityError("this file changed since the run was done", where=str(predictions))
    with content_of(predictions):
        room, result = room_of(run.result.task), run.result
        answers = room.kept_answers(columns, labels=result.labels, problem=result.problem)
        if len(answers) != result.test.rows:
            found = f"it has {len(answers):,} rows, metrics.json {result.test.rows:,}"
            raise IntegrityError(found, where=str(predictions))
    return KeptRun(name, result, recipe, answers)
