"""A recipe as read: plain values, and the position of each in the text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from toolkit.errors import Fault

TreePath: TypeAlias = tuple[str | int, ...]

TOKEN = re.compile(r"hf_[A-Za-z0-9]{20,}")


@dataclass(frozen=True)
class Place:
    """The position of a key and its value: ``recipe.yaml:5:3`` or ``override seed=1``.

    Attributes:
        key: the position of the key.
        value: the position of the value itself.
    """

    key: str
    value: str


@dataclass(frozen=True)
class Finding:
    """A fault in a tree of values.

    Attributes:
        path: the keys that lead to it.
        message: what is wrong and how to fix it.
        on_key: True if the key is wrong, False if its value is.
    """

    path: TreePath
    message: str
    on_key: bool = False


@dataclass
class Document:
    """A tree of values with their positions in the text.

    Attributes:
        tree: dicts with text keys, lists, texts, numbers, booleans and None.
        places: the position of each value, in the order of the text.
        faults: faults of the text.
        unreadable: the values that are None in the tree because of a fault.
    """

    tree: Any
    places: dict[TreePath, Place]
    faults: list[Fault] = field(default_factory=list)
    unreadable: set[TreePath] = field(default_factory=set)

    def faults_of(self, findings: list[Finding]) -> list[Fault]:
        """Turn findings into faults with their positions, in the order of the text."""
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
    """Write a path as people do: ``evaluation.metrics[1]``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _worded(finding: Finding) -> str:
    return f"{dotted(finding.path)}: {finding.message}" if finding.path else finding.message
