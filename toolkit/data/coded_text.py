"""A column of few different texts: each text once, and a code a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray


class CodedText(Sequence[str]):
    """Texts of rows, such as labels, with the look of a list.

    Args:
        values: the different texts.
        codes: the index into `values` of each row, ``[rows]``.
    """

    def __init__(self, values: Sequence[str], codes: NDArray[np.int64]) -> None:
        self.values = tuple(values)
        self.codes = codes

    @classmethod
    def of(cls, texts: Iterable[str]) -> CodedText:
        """Return texts in this form; those that have it are returned as they are."""
        if isinstance(texts, CodedText):
            return texts
        index: dict[str, int] = {}
        codes = np.fromiter((index.setdefault(text, len(index)) for text in texts), dtype=np.int64)
        return cls(tuple(index), codes)

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> CodedText: ...
    def __getitem__(self, index: int | slice) -> Any:
        return CodedText(self.values, self.codes[index]) if isinstance(index, slice) else self.values[self.codes[index]]

    def __iter__(self) -> Iterator[str]:
        return map(self.values.__getitem__, self.codes)

    def take(self, rows: NDArray[np.int64]) -> CodedText:
        """Return the texts of some rows, in this order."""
        return CodedText(self.values, self.codes[rows])

    def as_strings(self) -> Any:
        """Return an Arrow array of type ``string``, the type of text in data sets."""
        import pyarrow

        return pyarrow.array(self.values, pyarrow.string()).take(pyarrow.array(self.codes))
