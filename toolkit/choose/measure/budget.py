"""The time budget of a choice, and the options of the command line with a time or a size."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field

from toolkit.errors import RecipeError

_FOR_PAGE, _MOST_FOR_PAGE = 0.02, 5.0  # of the budget, and in seconds: the page, and ending the processes

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "": 1.0}
_AMOUNT = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", re.IGNORECASE)
_THOUSANDS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(?:([kmgt])(i?))?b?\s*", re.IGNORECASE)


def seconds_of(text: str) -> float:
    """Convert a time such as ``90``, ``90s``, ``10m``, ``1.5h`` or ``1h 30m`` to seconds.

    A single number without a unit is seconds. Of several numbers each needs its unit, because ``1h30`` is ambiguous.

    Raises:
        RecipeError: it is no time, or 0.
    """
    parts = _AMOUNT.findall(text)
    seconds = sum(float(number) * _UNITS[unit.lower()] for number, unit in parts)
    unclear = _AMOUNT.sub("", text).strip() or (len(parts) > 1 and not all(unit for _, unit in parts))
    if unclear or seconds <= 0:
        raise RecipeError(f"found {text!r}; write a time such as 90s, 10m, 1.5h or 1h30m", where="--budget")
    return seconds


def bytes_of(text: str) -> int:
    """Convert a size such as ``4GB``, ``512M`` or ``1000000`` to bytes; ``4GiB`` counts by 1024 instead of 1000.

    Raises:
        RecipeError: it is no size, or 0.
    """
    found = _SIZE.fullmatch(text)
    size = 0
    if found:
        size = int(float(found[1]) * (1024 if found[3] else 1000) ** _THOUSANDS[(found[2] or "").lower()])
    if size <= 0:
        raise RecipeError(f"found {text!r}; write a size such as 4GB or 512MB", where="--memory")
    return size


@dataclass(frozen=True)
class Budget:
    """A time limit, and the clock that it is measured by.

    Attributes:
        seconds: the whole budget.
        reserve: seconds that are kept for the end: test examples, the recommended model, recipes and the page.
        started: when the clock started, by `time.monotonic`.
    """

    seconds: float
    reserve: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def spent(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self.started

    def to_the_end(self) -> float:
        """Return the seconds that the recommended result may still take, before the page is written; at least 0."""
        page = min(_MOST_FOR_PAGE, _FOR_PAGE * self.seconds)
        return max(0.0, self.seconds - page - self.spent())

    def left(self) -> float:
        """Return the seconds that measuring may still take; at least 0."""
        return max(0.0, self.seconds - self.reserve - self.spent())
