"""A program that reads a parquet or Arrow file wholly and checks every value; a damaged file may kill it.

It is run in a process of its own by `toolkit.data.refuse_damage`, by its path, so that nothing but pyarrow is imported.
It prints the fault, if there is one, as its only line.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HARMLESS_BYTES = 1 << 30
_LARGEST_RATIO = 1000  # columnar files pack a column of one value to nearly nothing
_LONGEST_CELL = 1 << 26  # bytes; of text that is at least as many characters as a text file may have in a line


def main(kind: str, name: str) -> str | None:
    """Return the fault of a file, or None."""
    import pyarrow

    size = Path(name).stat().st_size
    n_bytes = 0
    try:
        for batch in _parquet(name) if kind == "parquet" else _arrow(name):
            batch.validate(full=True)
            n_bytes += batch.nbytes
            if n_bytes > max(_HARMLESS_BYTES, _LARGEST_RATIO * size):
                return f"unpacks to more than {_LARGEST_RATIO} times its size, as a bomb does"
            for column in batch.columns:
                _read_values(column)
    except (pyarrow.ArrowException, OSError, ValueError, KeyError, TypeError, IndexError, MemoryError) as error:
        return str(error).split("\n", maxsplit=1)[0] or type(error).__name__
    return None


def _parquet(name: str) -> Iterator[Any]:
    import pyarrow.parquet

    with Path(name).open("rb") as stream:
        file = pyarrow.parquet.ParquetFile(stream)
        n_rows = 0
        for batch in file.iter_batches(batch_size=10_000, use_threads=False):
            n_rows += batch.num_rows
            yield batch
        if n_rows != file.metadata.num_rows:
            raise ValueError(f"{n_rows:,} rows, and the file says {file.metadata.num_rows:,}")
        _ = file.schema_arrow.metadata


def _arrow(name: str) -> Iterator[Any]:
    import pyarrow

    content = Path(name).read_bytes()
    try:
        file = pyarrow.ipc.open_file(content)
    except pyarrow.ArrowInvalid:
        yield from pyarrow.ipc.open_stream(content)
        return
    for index in range(file.num_record_batches):
        yield file.get_batch(index)


def _read_values(column: Any) -> None:
    """Read a column as the toolkit does, as some damage shows only then."""
    import pyarrow
    import pyarrow.compute
    from pyarrow import types

    if types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if types.is_string(column.type) or types.is_large_string(column.type):
        longest = pyarrow.compute.max(pyarrow.compute.binary_length(column)).as_py() or 0
        if longest > _LONGEST_CELL:
            raise ValueError(f"a cell of more than {_LONGEST_CELL:,} bytes")
        column.validate(full=True)
    if types.is_nested(column.type):
        for start in range(0, len(column), 1000):
            column.slice(start, 1000).to_pylist()


if __name__ == "__main__":
    fault = main(*sys.argv[1:])
    sys.stdout.write(fault or "")
