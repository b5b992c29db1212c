"""A column of text in Arrow, with the look of a list: a million cells never stand in memory as Python strings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow

BLOCK_ROWS = 10_000
"""Cells of an Arrow array that is worked on at a time."""

CELLS_AT_ONCE = 250
"""Cells that become Python strings at a time; these stay in the processor's cache, which halves the time."""

_LARGEST_STRING_CHUNK = 1 << 30  # bytes; a chunk of the type `string` holds less than twice as many

Cell = TypeVar("Cell", bound="str | None", covariant=True)


class TextColumn(Sequence[Cell], Generic[Cell]):
    """Text cells in Arrow; None is a missing value.

    Args:
        chunks: a ``pyarrow.ChunkedArray`` of type ``large_string``.
    """

    def __init__(self, chunks: pyarrow.ChunkedArray) -> None:
        self.chunks = chunks

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> TextColumn[Cell]:
        """Return cells as a column; a column is returned as it is."""
        if isinstance(cells, TextColumn):
            return cells
        iterator, growing = iter(cells), GrowingColumn()
        while few := list(islice(iterator, CELLS_AT_ONCE)):
            growing.add(few)
        return growing.column()

    @classmethod
    def concatenated(cls, columns: Sequence[TextColumn[Cell]]) -> TextColumn[Cell]:
        """Return columns beneath each other; no cell is copied."""
        import pyarrow

        chunks = [chunk for column in columns for chunk in column.chunks.chunks]
        return cls(pyarrow.chunked_array(chunks, pyarrow.large_string()))

    def __len__(self) -> int:
        return len(self.chunks)

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> list[Cell]: ...
    def __getitem__(self, index: int | slice) -> Any:
        found = self.chunks[index]
        return found.to_pylist() if isinstance(index, slice) else found.as_py()

    def __iter__(self) -> Iterator[Cell]:
        for few in blocks_of(self.chunks, CELLS_AT_ONCE):
            yield from few.to_pylist()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(mine == its for mine, its in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # equal to lists, which have no hash

    def __repr__(self) -> str:
        return f"TextColumn({self[:3]!r}, …)" if len(self) > 3 else f"TextColumn({self[:]!r})"

    def arrays(self) -> Iterator[Any]:
        """Return Arrow arrays of at most `BLOCK_ROWS` cells, in order."""
        return blocks_of(self.chunks)

    def take(self, rows: NDArray[np.int64]) -> TextColumn[Cell]:
        """Return the cells of some rows, which ascend.

        Raises:
            ValueError: if the rows do not ascend.
        """
        import pyarrow

        if np.any(rows[1:] < rows[:-1]):
            raise ValueError("the rows to take do not ascend")
        if not len(rows):
            return TextColumn.of(())
        # Chunk by chunk: taking from all of them at once would join them first, which copies the column.
        ends = np.cumsum([len(chunk) for chunk in self.chunks.chunks], dtype=np.int64)
        parts = np.split(rows, np.searchsorted(rows, ends[:-1]))
        starts = [0, *ends[:-1].tolist()]
        taken = [
            chunk.take(pyarrow.array(part - start))
            for chunk, part, start in zip(self.chunks.chunks, parts, starts, strict=True)
            if len(part)
        ]
        return TextColumn(pyarrow.chunked_array(taken, pyarrow.large_string()))

    def missing(self) -> list[int]:
        """Return the rows of missing values."""
        rows: list[int] = np.flatnonzero(self.chunks.is_null()).tolist()
        return rows

    def as_strings(self) -> Any:
        """Return a ``ChunkedArray`` of type ``string``, the type of text in data sets."""
        import pyarrow

        chunks = [part.cast(pyarrow.string()) for chunk in self.chunks.chunks for part in _small_parts(chunk)]
        return pyarrow.chunked_array(chunks, pyarrow.string())


def character_counts(cells: Sequence[str | None]) -> NDArray[np.int64]:
    """Return the number of characters of each cell, ``int64 [rows]``; a missing one has none."""
    if not isinstance(cells, TextColumn):
        return np.fromiter((len(cell or "") for cell in cells), dtype=np.int64, count=len(cells))
    import pyarrow.compute

    counts = pyarrow.compute.fill_null(pyarrow.compute.utf8_length(cells.chunks), 0)
    return np.asarray(counts.to_numpy(), dtype=np.int64)


def blocks_of(chunks: pyarrow.ChunkedArray, n_rows: int = BLOCK_ROWS) -> Iterator[Any]:
    """Return the arrays of a column, cut into at most so many rows each."""
    for chunk in chunks.chunks:
        for start in range(0, len(chunk), n_rows):
            yield chunk.slice(start, n_rows)


def map_cells(chunks: pyarrow.ChunkedArray, function: Callable[[Any], str | None]) -> TextColumn[str | None]:
    """Return the text that a function makes of each Python value of an Arrow column."""
    growing = GrowingColumn()
    for few in blocks_of(chunks, CELLS_AT_ONCE):
        growing.add(list(map(function, few.to_pylist())))
    return growing.column()


class GrowingColumn:
    """A column to which a few cells are added at a time; it joins them to arrays of about `BLOCK_ROWS`."""

    def __init__(self) -> None:
        self._arrays: list[pyarrow.Array] = []
        self._few: list[pyarrow.Array] = []
        self._n_few = 0

    def add(self, cells: Sequence[str | None]) -> None:
        """Add cells, at best `CELLS_AT_ONCE`.

        Raises:
            UnicodeEncodeError: half of a surrogate pair.
        """
        import pyarrow

        self._few.append(pyarrow.array(cells, pyarrow.large_string()))
        self._n_few += len(cells)
        if self._n_few >= BLOCK_ROWS:
            self._join()

    def add_missing(self, number: int) -> None:
        """Add missing values."""
        import pyarrow

        self._join()
        self._arrays.append(pyarrow.nulls(number, pyarrow.large_string()))

    def column(self) -> TextColumn[Any]:
        """Return all cells as a column."""
        import pyarrow

        self._join()
        return TextColumn(pyarrow.chunked_array(self._arrays, pyarrow.large_string()))

    def _join(self) -> None:
        import pyarrow

        if self._few:
            self._arrays.append(pyarrow.concat_arrays(self._few))
        self._few, self._n_few = [], 0


def _small_parts(chunk: Any) -> Iterator[Any]:
    if chunk.nbytes <= _LARGEST_STRING_CHUNK or len(chunk) < 2:
        yield chunk
    else:
        half = len(chunk) // 2
        yield from _small_parts(chunk.slice(0, half))
        yield from _small_parts(chunk.slice(half))
