"""One family of errors for everything that a user can mend, each with its exit code.

An error carries one or more faults; each fault becomes one line on stderr. A fault says what was found,
what is allowed, the nearest match and what to do, in that order, as far as there is something to say.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        message: one line in plain words.
        where: the place: ``recipe.yaml:5:3``, ``reviews.csv:17``, a folder, a model name.
    """

    message: str
    where: str | None = None

    def __str__(self) -> str:
        line = f"{self.where}: {self.message}" if self.where else self.message
        return " ".join(line.split("\n"))


class ToolkitError(Exception):
    """Base of all errors that are the user's to mend.

    Args:
        faults: what is wrong; all faults found are reported at once.
        where: the place of a fault given as plain text.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, *faults: Fault | str, where: str | None = None) -> None:
        self.faults: tuple[Fault, ...] = tuple(
            fault if isinstance(fault, Fault) else Fault(fault, where) for fault in faults
        )
        super().__init__("\n".join(str(fault) for fault in self.faults))


class RecipeError(ToolkitError):
    """The recipe or the command line is wrong."""

    exit_code = 2


class DataError(ToolkitError):
    """The data that recipe or command line name is missing, unreadable or unusable."""

    exit_code = 3


class ResourceError(ToolkitError):
    """Disk, memory, a lock or the output folder is in the way."""

    exit_code = 4


class HubError(ToolkitError):
    """The hub or the network failed, or a model or data set cannot be found there, offline included."""

    exit_code = 5


class DivergedError(ToolkitError):
    """Training produced numbers that are not finite."""

    exit_code = 6


class IntegrityError(ToolkitError):
    """A file is damaged, or is not to be trusted."""

    exit_code = 7


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name that is closest to a misspelt one, or None when none is close."""
    matches = difflib.get_close_matches(name, list(allowed), n=1, cutoff=0.6)
    return matches[0] if matches else None


def explain(found: str, *, allowed: Sequence[str] = (), name: str | None = None, fix: str | None = None) -> str:
    """Word a fault: what was found · the nearest match · what is allowed · what to do.

    Args:
        found: what is wrong, as a clause without a full stop.
        allowed: the names that would be right; listed when there are at most twelve.
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
