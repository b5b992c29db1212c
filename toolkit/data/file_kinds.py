"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_HEAD_BYTES = 2048

_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"version https://git-lfs.github.com/spec/", "a Git LFS pointer"),
    (0, b"%PDF-", "a PDF document"),
    (0, b"SQLite format 3\0", "an SQLite database"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old or encrypted Office file (such as .xls)"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (0, b"\xfd7zXZ\0", "an xz archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"PAR1", "a parquet file"),
    (0, b"PARE", "an encrypted parquet file"),
    (0, b"ARROW1", "an Arrow file"),
    (0, b"FEA1", "an old Feather file (version 1)"),
    (0, b"ORC", "an ORC file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"GGUF", "a GGUF model"),
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"{\\rtf", "an RTF document"),
    (0, b"\x7fELF", "a program"),
)

_FIXES: Mapping[str, str] = MappingProxyType(
    {
        "a Git LFS pointer": "the content itself was not downloaded; run `git lfs pull` in its folder",
        "an HTML page": "a server answered with a page, perhaps to log in; download the file itself",
        "a PDF document": "export its table as csv",
        "an SQLite database": "export the table as csv or parquet",
        "an old or encrypted Office file (such as .xls)": "open it and save it as .xlsx without a password, or as csv",
        "an Excel workbook": "name it .xlsx, or save the sheet as csv",
        "an OpenDocument spreadsheet": "name it .ods, or save the sheet as csv",
        "a Word document": "save its table as csv",
        "a gzip archive": "add .gz to its name if it is one compressed file, else unpack it first",
        "a Zstandard archive": "add .zst to its name if it is one compressed file, else unpack it first",
        "an xz archive": "add .xz to its name if it is one compressed file, else unpack it first",
        "a bzip2 archive": "add .bz2 to its name if it is one compressed file, else unpack it first",
        "a parquet file": "name it .parquet",
        "an Arrow file": "name it .arrow",
        "a pickle": "a pickle may run any code, so it is not opened; save it in a safe format",
        "a PyTorch checkpoint (a zip with a pickle)": "a pickle may run any code, so it is not opened; "
        "save it as safetensors, or the rows as csv",
        "a NumPy array": "save the rows as csv or parquet",
        "an HDF5 file": "save it in a format that is read",
    }
)
_ARCHIVES = ("a zip archive", "a 7-Zip archive", "a RAR archive", "a tar archive")


def kind_of(path: Path | str) -> str | None:
    """Return what a file is, such as ``a Git LFS pointer``, for kinds that can be told for certain; else None.

    Plain text and safetensors files are None, as is a file that cannot be read.
    """
    try:
        with Path(path).open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except OSError:
        return None
    return kind_of_head(head, path)


def kind_of_head(head: bytes, path: Path | str | None = None) -> str | None:
    """Return what `kind_of` returns, from the first bytes of a file; a zip archive is looked into if it has a path."""
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(path)
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return "a bzip2 archive"
    if _is_pickle(head):
        return "a pickle"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "an HTML page" if text.startswith((b"<!doctype html", b"<html")) else None


def what_to_do(kind: str) -> str | None:
    """Return what to do about a file of a kind that was not meant, as a clause; None if nothing is known to help."""
    return "unpack it first" if kind in _ARCHIVES else _FIXES.get(kind)


def _kind_of_zip(path: Path | str | None) -> str:
    names: list[str] = []
    mimetype = b""
    try:
        with zipfile.ZipFile(path or "") as archive:
            names = archive.namelist()
            if "mimetype" in names and archive.getinfo("mimetype").file_size < _HEAD_BYTES:
                mimetype = archive.read("mimetype")
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError):
        return "a zip archive"
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "an OpenDocument spreadsheet"
    for folder, kind in (("xl/", "an Excel workbook"), ("word/", "a Word document")):
        if any(name.startswith(folder) for name in names):
            return kind
    pickled = any(name.endswith("data.pkl") for name in names)
    return "a PyTorch checkpoint (a zip with a pickle)" if pickled else "a zip archive"


def _is_pickle(head: bytes) -> bool:
    """Return whether bytes begin like a pickle of protocol 2 or later; such bytes are no UTF-8."""
    # PROTO, its number, and then an opcode that begins a frame, a container, a number, a text or a global.
    return (
        len(head) > 2
        and head[0] == 0x80
        and 2 <= head[1] <= 5
        and head[2:3] in b"\x95}]()cKMJGXC\x8a\x8cU\x8eN\x88\x89q"
    )
