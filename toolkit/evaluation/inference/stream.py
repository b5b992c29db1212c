"""A text that is shown while a model writes it."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from torch import Tensor
from transformers.generation.streamers import BaseStreamer

from toolkit.evaluation.inference.ends import Ends

_UNFINISHED = "\ufffd"
"""What stands for the first bytes of a character."""

_listening: ContextVar[Callable[[str], None] | None] = ContextVar("listening", default=None)


@contextmanager
def streamed_to(show: Callable[[str], None]) -> Iterator[None]:
    """Show a text as it is written, piece by piece, where the block writes a single one without beams.

    Args:
        show: gets each piece; all pieces together are the text and a line end.
    """
    token = _listening.set(show)
    try:
        yield
    finally:
        _listening.reset(token)


def listener() -> Callable[[str], None] | None:
    """Return who wants to see a text while it is written; None: nobody."""
    return _listening.get()


class Stream(BaseStreamer):
    """A streamer of one text, of which no piece has to be taken back.

    The library's own shows tokens as they come, also those of a stop.

    Args:
        ends: where texts end.
        show: gets each piece.
    """

    def __init__(self, ends: Ends, show: Callable[[str], None]) -> None:
        self.ends = ends
        self.show = show
        self.ids: list[int] | None = None  # before what is read was put
        self.shown = ""

    def put(self, value: Tensor) -> None:
        """Take what is read, and then the tokens that are written, one at a time."""
        if self.ids is None:
            self.ids = []
            return
        self.ids += value.flatten().tolist()
        self._show(self._sure(self.ends.text(self.ids)))

    def end(self) -> None:
        """Wait for the whole text."""

    def finish(self, text: str) -> None:
        """Show what is left of the whole text, and a line end."""
        self._show(f"{text}\n")

    def _sure(self, text: str) -> str:
        """Return the beginning of a text that no later token can change."""
        text = text.rstrip(_UNFINISHED)
        if getattr(self.ends.tokenizer, "clean_up_tokenization_spaces", False):
            text = text[: max(text.rfind(" "), 0)]  # which the next token may take away
        begun = [n for stop in self.ends.stops for n in range(1, len(stop)) if text.endswith(stop[:n])]
        return text[: len(text) - max(begun, default=0)]

    def _show(self, text: str) -> None:
        if len(text) > len(self.shown):
            self.show(text[len(self.shown) :])
            self.shown = text
