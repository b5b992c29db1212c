"""The rows of other tools: layouts of instructions and chats, and data files beside a file of settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.data.column_looks import Content, look_at_columns
from toolkit.data.messages import KEYS as MESSAGE_KEYS
from toolkit.data.sources import data_suffix, read_table

INSTRUCTION, INPUT, OUTPUT = "instruction", "input", "output"


class NotCarried(ValueError):
    """Rows that a recipe cannot read; the message says why."""


@dataclass(frozen=True)
class Rows:
    """Rows as a recipe names them.

    Attributes:
        source: a file, or a hub id with its split.
        columns: the data's name of a column by the task's.
        prompt: that puts several columns together; None where one is read.
        subset: of a hub data set.
    """

    source: str
    columns: Mapping[str, str]
    prompt: str | None = None
    subset: str | None = None

    @property
    def layout(self) -> tuple[Any, ...]:
        """Return what rows that are read together have in common."""
        return tuple(self.columns.items()), self.prompt, self.subset


def instructions(source: str, *, prompt: str, query: str | None, response: str, subset: str | None = None) -> Rows:
    """Return rows of instructions, perhaps with a text that they are about, and answers (Alpaca's layout).

    Args:
        source: a file, or a hub id.
        prompt, query, response: names of its columns.
        subset: of a hub data set.
    """
    there = contents_of(source)
    if query is not None and there is not None and there.get(query, Content.EMPTY) is Content.EMPTY:
        query = None
    if query is None:
        return Rows(source, {"source": prompt, "target": response}, subset=subset)
    columns = {INSTRUCTION: prompt, INPUT: query, "target": response}
    return Rows(source, columns, prompt=f"{{{INSTRUCTION}}}\n{{{INPUT}}}", subset=subset)


def chats(source: str, *, column: str, keys: Mapping[str, str], subset: str | None = None) -> Rows:
    """Return rows of chats (ShareGPT's layout, or that of chat templates).

    Args:
        source: a file, or a hub id.
        column: with the lists of messages.
        keys: of a message, by ``role`` and ``content``, where the settings name them.
        subset: of a hub data set.

    Raises:
        NotCarried: messages with other keys than are read here.
    """
    if keys and (keys.get("role", "role"), keys.get("content", "content")) not in MESSAGE_KEYS:
        known = " or ".join(map(" and ".join, MESSAGE_KEYS))
        raise NotCarried(f"messages with the keys {', '.join(keys.values())}; chats have {known}")
    return Rows(source, {"messages": column}, subset=subset)


def joined(rows: Sequence[Rows]) -> dict[str, Any]:
    """Return a recipe's ``data`` for several sets of rows.

    Raises:
        NotCarried: there are none, or they have different layouts.
    """
    if not rows:
        raise NotCarried("there are no data")
    if any(one.layout != rows[0].layout for one in rows):
        raise NotCarried("several data sets with different columns; write them into files with the same ones")
    first, sources = rows[0], [one.source for one in rows]
    section: dict[str, Any] = {"source": sources[0] if len(sources) == 1 else sources}
    section |= {"subset": first.subset} if first.subset is not None else {}
    section["columns"] = dict(first.columns)
    return section | ({"prompt": first.prompt} if first.prompt is not None else {})


def contents_of(source: str) -> dict[str, Content] | None:
    """Return what the columns of a file hold; None where it is not at hand."""
    if data_suffix(source) is None or not Path(source).expanduser().is_file():
        return None
    return {look.name: look.content for look in look_at_columns(read_table(source))}


def beside(name: str, folder: Path) -> str:
    """Return the path of a data file: as it is written, or beside the file of settings where only that one is there."""
    path = Path(name).expanduser()
    other = folder / path
    return other.as_posix() if not path.exists() and not path.is_absolute() and other.exists() else name
