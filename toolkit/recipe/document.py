"""A recipe as read: plain values, and the place in the text where each of them stands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from toolkit.errors import Fault

TreePath: TypeAlias = tuple[str | int, ...]

TOKEN = re.compile(r"hf_[A-Za-z0-9]{20,}")


@dataclass(frozen=True)
class Place:
    """Where a value stands: ``recipe.yaml:5:3`` or ``override seed=1``.

    Attributes:
        key: the place of its key.
        value: the place of the value itself.
    """

    key: str
    value: str


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong with a tree of values.

    Attributes:
        path: the keys that lead to it.
        message: what is wrong and how to mend it.
        on_key: whether the key is wrong, rather than its value.
    """

    path: TreePath
    message: str
    on_key: bool = False


@dataclass
class Document:
    """A tree of values with its places.

    Attributes:
        tree: dicts with text keys, lists, texts, numbers, booleans and None.
        places: the place of each value, in the order of the text.
        faults: what was wrong with the text.
        unreadable: the values that stand as None in the tree because of a fault.
    """

    tree: Any
    places: dict[TreePath, Place]
    faults: list[Fault] = field(default_factory=list)
    unreadable: set[TreePath] = field(default_factory=set)

    def faults_of(self, findings: list[Finding]) -> list[Fault]:
        """The findings as faults with their places, in the order of the text."""
        order = {path: number for number, path in enumerate(self.places)}
        placed = sorted(findings, key=lambda finding: order[self._nearest(finding.path)])
        return [Fault(_worded(finding), self._where(finding)) for finding in placed]

    def _nearest(self, path: TreePath) -> TreePath:
        while path not in self.places and path:
            path = path[:-1]
        return path

    def _where(self, finding: Finding) -> str:
        path = self._nearest(finding.path)
        place = self.places[path]
        return place.key if finding.on_key and path == finding.path else place.value


def dotted(path: TreePath) -> str:
    """The path as people write it: ``evaluation.metrics[1]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _worded(finding: Finding) -> str:
    return f"{dotted(finding.path)}: {finding.message}" if finding.path else finding.message
