"""Decoding of bytes to text: encodings that can be detected for certain, and a precise refusal of all others."""

from __future__ import annotations

import codecs
import encodings.aliases
import io
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

from toolkit.errors import DataError, Fault, RecipeError, explain

# The marks of UTF-32 begin with those of UTF-16, so they are tried first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_COMMON = ("utf-8", "utf-16", "cp949", "euc-kr", "cp1252", "latin-1", "shift_jis", "gb18030", "big5")
Opened: TypeAlias = Callable[[], AbstractContextManager[BinaryIO]]
_SAMPLE_BYTES = 1 << 20
_SAMPLE_CHARACTERS = 100_000
_MOSTLY_ASCII = 0.4
_SOME_ASCII = 0.02
_ONE_SIDED = 3
_LEAST_KOREAN_SHARE = 0.8


@dataclass(frozen=True)
class Decoded:
    """A text and the encoding of its bytes.

    Attributes:
        text: the text, without a byte order mark.
        encoding: the name of a codec of Python.
    """

    text: str
    encoding: str


def decode(raw: bytes, *, encoding: str | None = None, where: str) -> str:
    """Return the text of bytes as `decode_and_name` decodes them."""
    return decode_and_name(raw, encoding=encoding, where=where).text


def decode_and_name(raw: bytes, *, encoding: str | None = None, where: str) -> Decoded:
    """Decode bytes strictly, in the encoding of `detect`.

    Args:
        raw: the content of a file.
        encoding: the encoding that the user named, or None to detect it.
        where: the file's name, for messages.

    Raises:
        DataError: the bytes are not in that encoding, or in none that can be detected for certain.
        RecipeError: there is no encoding of that name.
    """
    name = detect(lambda: nullcontext(io.BytesIO(raw)), encoding=encoding, where=where)
    return Decoded(raw.decode(name).removeprefix("\ufeff"), name)


def detect(opened: Opened, *, encoding: str | None = None, where: str) -> str:
    """Return the encoding in which all bytes can be decoded, without keeping them in memory.

    It is the named one, else that of the byte order mark, else UTF-8, else UTF-16 without a mark, else cp949.

    UTF-16 without a mark is detected by zero bytes, the halves of its ASCII letters, which are mostly at even offsets
    or mostly at odd offsets. The encoding cp949 is detected by Hangul, which must be most of the characters beyond
    ASCII.

    Args:
        opened: opens the bytes, each time from their beginning.
        encoding: the encoding that the user named, or None to detect it.
        where: the file's name, for messages.

    Raises:
        DataError: the bytes are not in that encoding, or in none that can be detected for certain.
        RecipeError: there is no encoding of that name.
    """
    if encoding is not None:
        _require_known(encoding)
        return _strictly(opened, encoding, where)
    with opened() as stream:
        sample = stream.read(_SAMPLE_BYTES)
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return _strictly(opened, name, where)
    for guess in (_unmarked_utf16(sample, _MOSTLY_ASCII), "utf-8", _unmarked_utf16(sample, _SOME_ASCII)):
        if guess is not None and _fault(opened, guess) is None:
            return guess
    if _fault(opened, "cp949") is None and _looks_korean(_beginning(sample, "cp949")):
        return "cp949"
    return _strictly(opened, "utf-8", where)


def _beginning(sample: bytes, encoding: str) -> str:
    """Return the text of the first bytes of a file, which may end within a character."""
    return codecs.getincrementaldecoder(encoding)().decode(sample)


def _strictly(opened: Opened, encoding: str, where: str) -> str:
    fault = _fault(opened, encoding)
    if fault is None:
        return encoding
    offset, found = fault
    with opened() as stream:
        line = sum(chunk.count(b"\n") for chunk in _chunks(stream, limit=offset)) + 1
    message = explain(
        f"the bytes {found.hex(' ')} at offset {offset} are not {encoding.removesuffix('-sig')}",
        fix="name the file's encoding with data.encoding or --encoding, such as cp1252 for Western European text",
    )
    raise DataError(Fault(message, f"{where}:{line}"))


def _fault(opened: Opened, encoding: str) -> tuple[int, bytes] | None:
    """Return the offset of the first bytes that are not in an encoding, and these bytes; None without any."""
    decoder = codecs.getincrementaldecoder(encoding)()
    n_bytes = 0
    try:
        with opened() as stream:
            for chunk in _chunks(stream):
                n_bytes += len(chunk)
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # The object of the error is what has been fed and not yet decoded.
        start = max(0, n_bytes - len(error.object) + error.start)
        return start, error.object[error.start : error.start + 4]
    return None


def _chunks(stream: BinaryIO, *, limit: int | None = None) -> Iterator[bytes]:
    """Yield the bytes of a stream, at most so many, in pieces."""
    left = limit
    while chunk := stream.read(_SAMPLE_BYTES if left is None else min(_SAMPLE_BYTES, left)):
        yield chunk
        left = None if left is None else left - len(chunk)


def _require_known(encoding: str) -> None:
    try:
        # A look-up alone would accept codecs such as `hex` that do not give text.
        "a".encode(encoding)
        codecs.getincrementaldecoder(encoding)
    except (LookupError, ValueError):
        names = [*_COMMON, *(name.replace("_", "-") for name in encodings.aliases.aliases.values())]
        message = explain(f"unknown encoding {encoding!r}", allowed=names, name=encoding)
        raise RecipeError(message, where="data.encoding") from None


def _unmarked_utf16(sample: bytes, ascii_share: float) -> str | None:
    """Return the byte order in which at least this share of the letters would be ASCII, or None if none stands out."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < max(1, ascii_share * len(sample) / 2):
        return None
    if max(even, odd) < _ONE_SIDED * min(even, odd) or b"\0\0\0" in sample:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def _looks_korean(text: str) -> bool:
    """Return whether Hangul is most of the characters beyond ASCII.

    Chinese in GB 2312 decodes as cp949 too, and about 60 % of it becomes Hangul. German in cp1252 may become one of the
    rare syllables that only cp949 has. Therefore only the syllables of KS X 1001 count.
    """
    foreign = [character for character in text[:_SAMPLE_CHARACTERS] if not character.isascii()]
    korean = sum(
        ("가" <= character <= "힣" and _attempt_encode(character)) or "ㄱ" <= character <= "ㆎ" for character in foreign
    )
    return korean >= _LEAST_KOREAN_SHARE * max(1, len(foreign))


def _attempt_encode(character: str) -> bool:
    try:
        return len(character.encode("euc_kr")) == 2
    except UnicodeEncodeError:
        return False
