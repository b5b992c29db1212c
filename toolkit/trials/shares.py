"""The shares of the training rows of a learning curve, as they are asked for. Nothing heavy is imported."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.errors import RecipeError


def checked_shares(shares: Sequence[float], *, where: str) -> list[float]:
    """Return shares that rise from above 0 to at most 1.

    Raises:
        RecipeError: with all that is wrong, in one line.
    """
    listed = ", ".join(f"{share:g}" for share in shares)
    found = []
    if outside := [f"{share:g}" for share in shares if not 0 < share <= 1]:
        found.append(f"{', '.join(outside)} is no share of the rows, which is above 0 and at most 1")
    if len(shares) < 2:
        found.append("a curve has two shares or more")
    if repeated := dict.fromkeys(f"{share:g}" for share in shares if list(shares).count(share) > 1):
        found.append(f"{', '.join(repeated)} is named twice")
    elif list(shares) != sorted(shares):
        found.append("shares rise from the smallest to the largest")
    if found:
        raise RecipeError(f"{listed}: {'; '.join(found)}; write 0.1,0.3,1.0", where=where)
    return [float(share) for share in shares]
