"""`toolkit.compare`: what differs between runs, and whether their results do."""

from __future__ import annotations

from toolkit.verbs.named import Named, name_of
from toolkit.verbs.results import Compared
from toolkit.verbs.work import working


@working()
def compare(*runs: Named) -> Compared:
    """Compare finished runs with the first of them, on the test rows that all of them have.

    Args:
        runs: two or more, each a run or its folder.

    Returns:
        The recipes' differences, each metric's paired difference with its interval and p-value, McNemar's exact test of
        accuracy, and rows that are answered differently.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.workflow.compare import compare as carry_out

    return Compared(carry_out([name_of(run) for run in runs]))
