"""The rules between the keys of a recipe, and their list.

A rule yields its faults as (path, message). It is left out if a value that it reads is faulty already.
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
        reads: the keys that it reads, as dotted paths.
        broken: yields the dotted path and the message of each fault.
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
