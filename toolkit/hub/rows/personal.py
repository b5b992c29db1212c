"""Rows that look as if they held personal data; what else names a person is not looked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datasets import Dataset

from toolkit.names import Split

SHAPES: dict[str, re.Pattern[str]] = {
    "an e-mail address": re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})*\.[^\W\d_]{2,24}(?!\w)"),
    "a telephone number": re.compile(
        r"(?<![\w.+-])(?:"
        r"(?:\+\d{1,3}[ .-]?)?\(?\d{2,4}\)?[ .-]\d{3,4}[ .-]\d{4}"  # in groups
        r"|\+\d{9,15}"  # as machines write it
        r"|01[016789]\d{7,8}"  # Korean mobile, without marks
        r")(?![\w-])"
    ),
}
"""A pattern for each kind; its time is in proportion to the text."""

_AT_ONCE = 1000


@dataclass(frozen=True)
class Personal:
    """The rows of a split that look as if they held one kind of personal data.

    Attributes:
        kind: a key of `SHAPES`.
        split: of the rows.
        ids: of the rows.
    """

    kind: str
    split: str
    ids: tuple[int | str, ...]

    def __str__(self) -> str:
        shown = ", ".join(str(row) for row in self.ids[:10]) + (" …" if len(self.ids) > 10 else "")
        n = len(self.ids)
        return f"{n:,} {self.split} row{'' if n == 1 else 's'} with what looks like {self.kind}: id {shown}"


def find_personal(splits: Mapping[Split, Dataset]) -> list[Personal]:
    """Return the rows that look as if they held personal data, by kind and split; what it is, is not shown."""
    found = []
    for split, rows in splits.items():
        of_kind: dict[str, list[int | str]] = {kind: [] for kind in SHAPES}
        for row in _rows(rows):
            texts = list(_texts([value for name, value in row.items() if name != "id"]))
            for kind, shape in SHAPES.items():
                if any(shape.search(text) for text in texts):
                    of_kind[kind].append(row["id"])
        found += [Personal(kind, split.value, tuple(ids)) for kind, ids in of_kind.items() if ids]
    return found


def _rows(rows: Dataset) -> Iterator[dict[str, Any]]:
    for batch in rows.iter(batch_size=_AT_ONCE):
        names = list(batch)
        yield from (dict(zip(names, row, strict=True)) for row in zip(*batch.values(), strict=True))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
