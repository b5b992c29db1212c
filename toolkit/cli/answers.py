"""How the verbs that answer rows show the answers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from toolkit.cli import console


class Answered(Protocol):
    """Answers to rows."""

    def __len__(self) -> int:
        """Return their number."""

    def rows(self) -> list[dict[str, Any]]:
        """Return one dict a row."""

    def lines(self) -> list[str]:
        """Return a table for the terminal."""


def show_answers(answer: Callable[[], Answered], inputs: Sequence[str], *, output: Path | None, as_json: bool) -> None:
    """Carry out a verb and show its answers; a single text that is written for a terminal appears as it is written.

    Args:
        answer: carries out the verb.
        inputs: files and texts of the command line.
        output: the file that the answers go to, if any.
        as_json: print one JSON object.
    """
    if not as_json and output is None and len(inputs) == 1 and sys.stdout.isatty():
        _show_written(answer)
        return
    answered = answer()
    if as_json:
        console.print_json({"predictions": answered.rows()})
    elif output is None:
        console.print_lines(answered.lines())
    else:
        console.print_lines([f"{len(answered)} predictions written to {output}"])


def _show_written(answer: Callable[[], Answered]) -> None:
    """Show a text while it is written; answers of another kind, and several, are shown when they are there."""
    from toolkit.evaluation.inference.stream import streamed_to

    pieces: list[str] = []

    def show(piece: str) -> None:
        pieces.append(piece)
        console.print_piece(piece)

    try:
        with streamed_to(show):
            answered = answer()
    finally:
        if pieces and not pieces[-1].endswith("\n"):  # it was interrupted
            console.print_lines([""])
    if not pieces:
        console.print_lines(answered.lines())
