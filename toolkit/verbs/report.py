"""`toolkit.report`: the whole work on one page."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from toolkit.verbs.named import Named, name_of
from toolkit.verbs.results import Reported
from toolkit.verbs.work import working


@working()
def report(
    *runs: Named,
    ledger: str | PathLike[str] | None = None,
    output: str | PathLike[str] = "report.html",
    language: str = "en",
) -> Reported:
    """Tell the whole work on one page: what was tried, what failed, what won and by how much.

    Args:
        runs: to tell of and to compare, each a run or its folder; none: all trials of the ledger.
        ledger: whose trials are told; None takes ``runs/trials.jsonl``, or the runs alone where some are given.
        output: the page to write.
        language: of the page, ``en`` or ``ko``.

    Returns:
        The page, with all that it tells.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.tell.write import report as carry_out

    page = Path(output)
    named = None if ledger is None else Path(ledger)
    story = carry_out([name_of(run) for run in runs], ledger=named, output=page, language=language)
    return Reported(page, story)
