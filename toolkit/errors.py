"""The errors that a user can fix, each with its exit code.

An error has one or more faults; each fault becomes one line on stderr. A fault names what was found, the nearest match,
what is allowed and what to do, in that order, as far as they are known.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        message: one line in plain words.
        where: the position: ``recipe.yaml:5:3``, ``reviews.csv:17``, a folder, a model name.
    """

    message: str
    where: str | None = None

    def __str__(self) -> str:
        line = f"{self.where}: {self.message}" if self.where else self.message
        return " ".join(line.split("\n"))


class ToolkitError(Exception):
    """The base class of all errors that a user can fix.

    Args:
        faults: all faults, which are reported at once.
        where: the position of faults that are given as plain text.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, *faults: Fault | str, where: str | None = None) -> None:
        self.faults: tuple[Fault, ...] = tuple(
            fault if isinstance(fault, Fault) else Fault(fault, where) for fault in faults
        )
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RecipeError(ToolkitError):
    """A fault of the recipe or of the command line."""

    exit_code = 2


class DataError(ToolkitError):
    """Data that are missing, unreadable or unusable."""

    exit_code = 3


class ResourceError(ToolkitError):
    """A lack of disk or memory, a lock, or an output folder that cannot be used."""

    exit_code = 4


class HubError(ToolkitError):
    """A failure of the hub or the network, or a model or data set that cannot be found, offline included."""

    exit_code = 5


class DivergedError(ToolkitError):
    """A training with numbers that are not finite."""

    exit_code = 6


class IntegrityError(ToolkitError):
    """A file that is damaged or cannot be trusted."""

    exit_code = 7


class NotReproducedError(ToolkitError):
    """A recorded run that was carried out again with figures outside of the stated intervals."""

    exit_code = 8


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """Return the allowed name that is closest to a misspelt one; None if none is close."""
    matches = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return matches[0] if matches else None


def explain(found: str, *, allowed: Sequence[str] = (), name: str | None = None, fix: str | None = None) -> str:
    """Word a fault: what was found · the nearest match · what is allowed · what to do.

    Args:
        found: the fault, as a clause without a full stop.
        allowed: the allowed names; at most twelve are listed, and more than twelve only without a nearest match.
        name: the misspelt name, to find the nearest allowed one.
        fix: what to do, as a clause without a full stop.
    """
    parts = [found]
    match = nearest(name, allowed) if name is not None else None
    if match is not None:
        parts.append(f"did you mean {match!r}?")
    if allowed and (match is None or len(allowed) <= 12):
        listed = ", ".join(allowed[:12]) + (" …" if len(allowed) > 12 else "")
        parts.append(f"allowed: {listed}")
    if fix is not None:
        parts.append(fix)
    return "; ".join(parts)
