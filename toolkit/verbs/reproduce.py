"""`toolkit.reproduce`: a recorded run carried out again, and its figures held against the stated intervals."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from toolkit.verbs.given import Given
from toolkit.verbs.named import Named, name_of
from toolkit.verbs.results import ReproducedRun
from toolkit.verbs.work import working


@working()
def reproduce(
    run: Named,
    places: Mapping[str, Any] | None = None,
    *,
    output_dir: str | PathLike[str] | None = None,
    ledger: str | PathLike[str] | None = None,
    restart: bool = False,
    endpoint: str | None = None,
) -> ReproducedRun:
    """Carry a recorded run out again, and see whether each figure falls into its interval.

    Args:
        run: a run, its folder, or the repository (``owner/name``) that a run was pushed to.
        places: where rows or model lie now: ``{"data.source": "reviews.csv"}``, or the rows themselves.
        output_dir: the new run's folder; None takes that of the run with ``-reproduced`` behind.
        ledger: the file that the new trial is added to; None takes ``runs/trials.jsonl``.
        restart: carry it out anew where it was reproduced before.
        endpoint: of the hub; None takes ``HF_ENDPOINT``, or the public one.

    Returns:
        Each figure beside its interval, and what is different about software and hardware; ``passed`` says whether all
        are inside.

    Raises:
        ToolkitError: it cannot be carried out again, as it was; or what went wrong on the way.
    """
    from toolkit.workflow.fine_tune import DEFAULT_LEDGER
    from toolkit.workflow.reproduce import reproduce as carry_out

    given = Given()
    named = {key: str(value) if key == "model.name" else given.source(value) for key, value in (places or {}).items()}
    return ReproducedRun(
        carry_out(
            name_of(run),
            [f"{key}={json.dumps(place, ensure_ascii=False)}" for key, place in named.items()],
            output_dir=None if output_dir is None else Path(output_dir),
            ledger=DEFAULT_LEDGER if ledger is None else Path(ledger),
            restart=restart,
            endpoint=endpoint,
        )
    )
