"""What a rule between the keys of a recipe is, and the list of them all.

A rule yields what is wrong as (path, message); it is left out where something it reads is already faulty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from toolkit.recipe.schema import Recipe

Broken: TypeAlias = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Rule:
    """A check of several keys together.

    Attributes:
        reads: the keys that it looks at, as dotted paths.
        broken: gives the dotted path and the message of each thing that is wrong.
    """

    reads: tuple[str, ...]
    broken: Callable[[Recipe], Broken]


RULES: list[Rule] = []


def rule(*reads: str) -> Callable[[Callable[[Recipe], Broken]], Callable[[Recipe], Broken]]:
    """Register a rule that reads these keys."""

    def register(broken: Callable[[Recipe], Broken]) -> Callable[[Recipe], Broken]:
        RULES.append(Rule(reads, broken))
        return broken

    return register
