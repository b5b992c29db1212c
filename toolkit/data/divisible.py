"""The interface of rows that can be divided, of any content."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from toolkit.data.fingerprints import Fingerprints
from toolkit.data.tables import Table


class DivisibleRows(Protocol):
    """Some rows of a table, prepared for a task; `toolkit.data.examples.Examples` is one kind."""

    @property
    def table(self) -> Table:
        """Return the table that the rows come from."""

    @property
    def ids(self) -> Sequence[int] | NDArray[np.int64]:
        """Return the 0-based row of the table of each."""

    @property
    def keys(self) -> Fingerprints:
        """Return a fingerprint of each; rows that differ in case, spacing and Unicode form only have the same."""

    def __len__(self) -> int: ...

    def take(self, positions: NDArray[np.int64]) -> Self:
        """Return the rows at some positions, which ascend."""

    def strata(self) -> Sequence[str]:
        """Return the stratum of each; every split gets its share of every stratum."""

    def blank(self) -> Sequence[int]:
        """Return the positions of rows from which nothing can be learnt because an input is empty."""


def lines_about(rows: DivisibleRows, message: str, positions: Sequence[int]) -> list[str]:
    """Return a message with the lines of the files that it is about, one message a file."""
    return [str(fault) for fault in rows.table.faults(message, [int(rows.ids[i]) for i in positions])]
