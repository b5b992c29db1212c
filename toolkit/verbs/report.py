"""`toolkit.report`: the whole work on one page, or as slides."""

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
    output: str | PathLike[str] | None = None,
    slides: str | PathLike[str] | None = None,
    language: str = "en",
) -> Reported:
    """Tell the whole work on one page or as slides: what was tried, what failed, what won and by how much.

    Args:
        runs: to tell of and to compare, each a run or its folder; none: all trials of the ledger.
        ledger: whose trials are told; None takes ``runs/trials.jsonl``, or the runs alone where some are given.
        output: the page to write; None takes ``report.html``, or none where there are slides.
        slides: the file of slides to write, ``.pptx`` or ``.html``.
        language: of page and slides, ``en`` or ``ko``.

    Returns:
        The files, with all that they tell.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.report.written import Written
    from toolkit.tell.write import report as carry_out

    named, page, deck = (None if each is None else Path(each) for each in (ledger, output, slides))
    written = Written.of(page, deck)
    story = carry_out([name_of(run) for run in runs], ledger=named, written=written, language=language)
    return Reported(written, story)
