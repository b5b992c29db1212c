"""Where a text ends that a model writes: at a token that ends it, or before a text at which it stops."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from toolkit.adapters import OpenedModel
from toolkit.adapters.writing import ends_of, stops_of


@dataclass(frozen=True)
class Ends:
    """The ends of the texts of a model.

    Attributes:
        tokenizer: of the model.
        tokens: each of them ends a text.
        stops: a text ends before the first of these that is in it (`stop_strings` of the library's settings).
        padding: token behind the end of a row that is shorter than others.
    """

    tokenizer: PreTrainedTokenizerBase
    tokens: frozenset[int]
    stops: tuple[str, ...]
    padding: int

    @classmethod
    def of(cls, opened: OpenedModel) -> Ends:
        """Read them from the model's own settings."""
        tokens, stops = frozenset(ends_of(opened)), stops_of(opened)
        return cls(opened.tokenizer, tokens, stops, int(opened.tokenizer.pad_token_id))

    def settings(self) -> dict[str, Any]:
        """Return what ``generate`` has to be given besides."""
        return {"tokenizer": self.tokenizer} if self.stops else {}

    def cut(self, ids: Sequence[int], *, forced_at: int | None = None) -> list[int]:
        """Return the tokens of a row up to and with that at which it ends.

        Args:
            ids: of the row, and perhaps padding.
            forced_at: length at which the settings force an end; that is none that the model wrote, so it is left out.
        """
        first = next((place for place, token in enumerate(ids) if token in self.tokens), len(ids))
        kept = list(ids[:first] if first and first + 1 == forced_at else ids[: first + 1])
        if not self.stops:
            return kept
        while kept and kept[-1] == self.padding and self.padding not in self.tokens:
            kept.pop()
        n_kept = bisect_left(range(len(kept) + 1), True, key=lambda n: self._has_stop(kept[:n]))
        return kept[:n_kept]

    def is_ended(self, ids: Sequence[int]) -> bool:
        """Return whether a row ended by itself, and not at the longest length allowed."""
        return not self.tokens.isdisjoint(ids) or self._has_stop(ids)

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of a row: before a stop, if one is in it."""
        written = self._decoded(ids)
        return written[: self._stop_in(written)]

    def _decoded(self, ids: Sequence[int]) -> str:
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=True))

    def _has_stop(self, ids: Sequence[int]) -> bool:
        return bool(self.stops) and self._stop_in(self._decoded(ids)) is not None

    def _stop_in(self, text: str) -> int | None:
        """Return where the first stop begins; None where there is none."""
        found = [place for place in map(text.find, self.stops) if place >= 0]
        return min(found, default=None)
