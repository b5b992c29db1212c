"""Carry a recorded run out again, and compare its figures with the intervals that were stated."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from toolkit.errors import ResourceError, ToolkitError
from toolkit.files import read_json, write_text_atomically
from toolkit.hub.card.own import own_card
from toolkit.progress import say
from toolkit.trials.finished import FinishedRun
from toolkit.trials.reproductions import Reproduced, Reproduction, add_reproduction, changes_of, figures_of
from toolkit.trials.run_folder import TRIAL_FILE
from toolkit.workflow.fine_tune import DEFAULT_LEDGER, DEFAULT_RUNS, fine_tune
from toolkit.workflow.recorded import Recorded, read_recorded


def reproduce(
    name: str,
    places: Sequence[str] = (),
    *,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    restart: bool = False,
    endpoint: str | None = None,
) -> Reproduced:
    """Carry a run out again in a folder of its own; each figure has to fall into its interval.

    Args:
        name: a run folder, or the repository that a run was pushed to.
        places: where rows or model lie now, as ``data.source=FILE``.
        output_dir: the new run's folder; None takes the name of the run with ``-reproduced`` behind.
        ledger: gets the new run's trial, whose parent is that of the run.
        restart: throw away an earlier reproduction in that folder.
        endpoint: of the hub.

    Raises:
        ToolkitError: the run cannot be carried out again, with all hindrances; or what went wrong on the way.
    """
    folder = Path(name).expanduser()
    is_here = folder.is_dir()
    output_dir = output_dir or (
        folder.with_name(f"{folder.name}-reproduced")
        if is_here
        else DEFAULT_RUNS / f"{re.sub(r'@.*', '', name).rpartition('/')[2]}-reproduced"
    )
    if is_here and output_dir.resolve() == folder.resolve():
        raise ResourceError("this is the run itself; a reproduction has a folder of its own", where=str(output_dir))
    with tempfile.TemporaryDirectory(prefix="recorded-") as downloads:
        recorded = read_recorded(name, places, downloads=Path(downloads), endpoint=endpoint)
    say(f"carrying out again what {recorded.name} has recorded, in {output_dir}")
    run = fine_tune(
        recorded.recipe,
        name=_recipe_name(folder) if is_here else output_dir.name.removesuffix("-reproduced"),
        output_dir=output_dir,
        ledger=ledger,
        restart=restart,
        parent=_trial(folder).get("id") if is_here else None,
        reproduces=recorded.name,
    )
    found = _compared(recorded, run)
    about_card = _tell_the_run(folder, found) if is_here else _NO_CARD
    changes = changes_of(recorded.result.environment, found.environment)
    return Reproduced(
        name=recorded.name,
        stated=recorded.result,
        found=found,
        changes=changes,
        remarks=(*recorded.unchecked, about_card),
    )


_NO_CARD = "the card in the repository is as it was; a push of the run's own folder, once reproduced, says it there"


def _compared(recorded: Recorded, run: FinishedRun) -> Reproduction:
    time = str(_trial(run.folder).get("time", ""))
    figures = figures_of(recorded.result, run.result)
    return Reproduction(time=time, run=str(run.folder), figures=figures, environment=run.result.environment)


def _tell_the_run(folder: Path, found: Reproduction) -> str:
    """Keep the outcome beside the run, and let its card say it, in the card's own language."""
    try:
        card = own_card(folder)
        add_reproduction(folder, found)
        if card is None:
            return (
                f"{folder / 'README.md'} was written by hand or by another version, and is as it was; "
                f"toolkit push {folder} --card-only writes one that tells of this"
            )
        write_text_atomically(folder / "README.md", card())
    except ToolkitError as error:
        return f"the run's own folder does not tell of this: {error}"
    return f"{folder / 'README.md'} tells of this"


def _trial(folder: Path) -> dict[str, Any]:
    try:
        content = read_json(folder / TRIAL_FILE)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _recipe_name(folder: Path) -> str:
    return str(_trial(folder).get("recipe") or folder.name)
