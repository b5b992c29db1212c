"""Text files as streams of lines: neither a long file nor a long line fills memory."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from toolkit.data.byte_streams import PACKED, open_bytes
from toolkit.data.encodings import Opened, detect
from toolkit.data.file_kinds import kind_of, kind_of_head, what_to_do
from toolkit.errors import DataError, explain

LONGEST_LINE = 1 << 24
"""The longest line, and the longest cell, that is read, in characters. Texts are cut at far fewer."""

_SAMPLE_CHARACTERS = 1 << 17


@dataclass(frozen=True)
class TextFile:
    """A file whose encoding is known.

    Attributes:
        where: its name in messages.
        opened: opens its bytes.
        encoding: the name of a codec of Python.
    """

    where: str
    opened: Opened
    encoding: str

    def lines(self) -> Iterator[str]:
        r"""Yield each line with its end, which is ``\n``, ``\r\n`` or ``\r``.

        Raises:
            DataError: a line of more than `LONGEST_LINE` characters, or with a NUL.
        """
        with self.opened() as stream:
            # Not str.splitlines: it would also break at characters such as U+2028 that belong to a sentence.
            text = io.TextIOWrapper(stream, self.encoding, newline="")
            line = text.readline(LONGEST_LINE).removeprefix("\ufeff")
            number = 1
            while line:
                if "\0" in line:
                    found = "a NUL character, so this is not plain text"
                    raise self.fault(explain(found, fix="save the file as UTF-8 text again"), number)
                if len(line) >= LONGEST_LINE - 1:
                    raise self.fault(f"a line of more than {LONGEST_LINE - 2:,} characters", number)
                yield line
                line = text.readline(LONGEST_LINE)
                number += 1

    def sample(self) -> list[str]:
        """Return the first lines."""
        lines: list[str] = []
        left = _SAMPLE_CHARACTERS
        for line in self.lines():
            lines.append(line)
            left -= len(line)
            if left < 0:
                break
        return lines

    def fault(self, message: str, line: int) -> DataError:
        """Return an error about a line."""
        return DataError(message, where=f"{self.where}:{line}")


def text_file(path: Path, *, encoding: str | None = None) -> TextFile:
    """Return a file of text with its encoding, which is detected if it is not named.

    Raises:
        DataError: it is something else than text, or cannot be decoded.
        RecipeError: there is no encoding of that name.
    """
    refuse_other_kind(path)
    opened = partial(open_bytes, path)
    with opened() as stream:
        refuse_kind(kind_of_head(stream.read(2048)), path)
    return TextFile(str(path), opened, detect(opened, encoding=encoding, where=str(path)))


def refuse_other_kind(path: Path, *, wanted: str | None = None) -> None:
    """Refuse a file that is something else than its name says, such as a Git LFS pointer.

    Args:
        path: the file.
        wanted: what it should be, in the words of `toolkit.data.file_kinds`; None is what its suffix says.

    Raises:
        DataError: it is something else.
    """
    wanted = wanted or PACKED.get(path.suffix.lower())
    kind = kind_of(path)
    if kind != wanted and not (kind is None and path.stat().st_size == 0):
        refuse_kind(kind or f"not {wanted}", path)


def refuse_kind(kind: str | None, path: Path) -> None:
    """Refuse a file of a kind, None being plain text, with what to do.

    Raises:
        DataError: there is a kind.
    """
    if kind is not None:
        message = kind if kind.startswith("not ") else f"this is {kind}, whatever its name says"
        raise DataError(explain(message, fix=what_to_do(kind)), where=str(path))
