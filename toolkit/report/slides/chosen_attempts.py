"""Of many attempts, those that matter."""

from __future__ import annotations

import math
from collections.abc import Sequence

from toolkit.report.story import Attempt


def that_matter(attempts: Sequence[Attempt], *, most: int) -> list[Attempt]:
    """Return attempts in the order of time: all of them where they are few.

    Else those that are compared, of which somebody noted something, that ended as none before, and that were the best
    so far; then the latest.

    Args:
        attempts: in the order of time.
        most: how many to return.
    """
    if len(attempts) <= most:
        return list(attempts)
    firsts, records = _firsts(attempts), _records(attempts)

    def rank(attempt: Attempt) -> tuple[int, int]:
        reasons = (
            attempt.letter is not None,
            attempt.number in firsts,
            bool(attempt.trial.lessons),
            attempt.number in records,
        )
        return next((place for place, holds in enumerate(reasons) if holds), len(reasons)), -attempt.number

    return sorted(sorted(attempts, key=rank)[:most], key=lambda attempt: attempt.number)


def _firsts(attempts: Sequence[Attempt]) -> set[int]:
    """Return the numbers of the first attempts of each end."""
    first: dict[str, int] = {}
    for attempt in attempts:
        first.setdefault(attempt.trial.status, attempt.number)
    return set(first.values())


def _records(attempts: Sequence[Attempt]) -> set[int]:
    """Return the numbers of attempts that were better than all before them, by each metric."""
    best: dict[str, float] = {}
    found = set()
    for attempt in attempts:
        if attempt.figure is None:
            continue
        goodness = attempt.figure.measure.goodness
        if goodness > best.get(attempt.figure.metric, -math.inf):
            best[attempt.figure.metric] = goodness
            found.add(attempt.number)
    return found
