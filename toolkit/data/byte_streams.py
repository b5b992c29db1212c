"""Files of data as streams of bytes, unpacked on the way; a bomb is refused before it fills memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from toolkit.errors import DataError, explain

HARMLESS_BYTES = 64 << 20
"""Unpacked content of at most this size is read however small its file is."""
LARGEST_RATIO = 100
"""Above `HARMLESS_BYTES`, unpacked bytes a packed byte. Text is packed to a tenth; bombs reach a thousand."""


def _zstandard(stream: IO[bytes]) -> Any:
    import pyarrow  # Python 3.11 has no Zstandard of its own

    return pyarrow.CompressedInputStream(pyarrow.PythonFile(stream), "zstd")


_UNPACKERS: dict[str, tuple[str, Callable[[IO[bytes]], Any]]] = {
    ".gz": ("a gzip archive", lambda stream: gzip.GzipFile(fileobj=stream)),
    ".zst": ("a Zstandard archive", _zstandard),
    ".bz2": ("a bzip2 archive", bz2.BZ2File),
    ".xz": ("an xz archive", lzma.LZMAFile),
}
PACKED = {suffix: kind for suffix, (kind, _) in _UNPACKERS.items()}
"""The suffixes of packed files, with the words of `toolkit.data.file_kinds` for what they should be."""


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read its bytes in order; by its suffix it is unpacked on the way.

    Raises:
        DataError: while reading, if a packed file is damaged, truncated, or grows beyond `LARGEST_RATIO`.
    """
    with path.open("rb") as file:
        if path.suffix.lower() not in _UNPACKERS:
            yield file
            return
        kind, unpacked = _UNPACKERS[path.suffix.lower()]
        # A buffered reader, because unpacking in small pieces is slow.
        yield cast(BinaryIO, io.BufferedReader(_Unpacked(file, unpacked(file), path, kind), 1 << 18))


class _Unpacked(io.RawIOBase):
    """Unpacked bytes, counted."""

    def __init__(self, file: IO[bytes], unpacked: Any, path: Path, kind: str) -> None:
        self._file, self._unpacked, self._path, self._kind = file, unpacked, path, kind
        self._n_bytes = 0

    def readable(self) -> bool:
        """Return that bytes can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Unpack bytes into a buffer; return their number."""
        try:
            content = self._unpacked.read(len(buffer))
        except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
            raise DataError(f"damaged {self._kind.split(' ', 1)[1]}: {error}", where=str(self._path)) from error
        buffer[: len(content)] = content
        self._n_bytes += len(content)
        if self._n_bytes > max(HARMLESS_BYTES, LARGEST_RATIO * self._file.tell()):
            found = f"unpacks to more than {LARGEST_RATIO} times its size, as a bomb does"
            raise DataError(explain(found, fix="unpack it yourself if you trust it"), where=str(self._path))
        return len(content)
