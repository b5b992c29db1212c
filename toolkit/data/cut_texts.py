"""How many texts are longer than a model reads: counted while they are encoded, for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.progress import warn

if TYPE_CHECKING:
    from transformers import BatchEncoding

_CHUNK_ROWS = 1_000


@dataclass
class CutTexts:
    """Texts that were encoded, and those of them that were cut.

    Attributes:
        texts: number of texts; pairs that are encoded together are one.
        cut: number of those that were longer.
        longest: tokens of the longest that was cut, special tokens included.
        max_length: tokens that are read.
        seen: what was counted, so that nothing is twice.
    """

    texts: int = 0
    cut: int = 0
    longest: int = 0
    max_length: int = 0
    seen: set[int] = field(default_factory=set, repr=False)

    def to_json(self) -> dict[str, int] | None:
        """Return the counts for metrics.json; None where nothing was cut."""
        if not self.cut:
            return None
        return {"texts": self.texts, "cut": self.cut, "longest": self.longest, "max_length": self.max_length}

    def tell(self) -> None:
        """Warn of texts that were cut, if there are any."""
        if self.cut:
            warn(
                f"{self.cut:,} of {self.texts:,} texts ({100 * self.cut / self.texts:.1f} %) are longer than "
                f"max_length {self.max_length:,} and were cut; the longest has {self.longest:,} tokens; "
                "data.max_length in a recipe sets how many a model learns from, up to what it takes"
            )


_counting: ContextVar[CutTexts | None] = ContextVar("counting", default=None)


@contextmanager
def counting_cuts() -> Iterator[CutTexts]:
    """Count the texts that are cut while the block encodes; the same texts count once."""
    counts = CutTexts()
    token = _counting.set(counts)
    try:
        yield counts
    finally:
        _counting.reset(token)


def note_cuts(
    encoded: BatchEncoding, *texts: Sequence[str] | None, max_length: int, length_of: Callable[[int], int]
) -> None:
    """Add encoded texts to the counts of `counting_cuts`, if it is at work.

    Args:
        encoded: cut at `max_length` by the tokenizer.
        texts: what was encoded, and the second texts of pairs.
        max_length: tokens that were kept.
        length_of: encodes the text of an index as a whole, and returns its length; called for few texts.
    """
    counts = _counting.get()
    if counts is None:
        return
    counts.max_length = max_length
    columns = [column for column in texts if column is not None]
    for start in range(0, len(columns[0]), _CHUNK_ROWS):
        chunk = range(start, min(start + _CHUNK_ROWS, len(columns[0])))
        key = hash(tuple(column[row] for column in columns for row in chunk))
        if key not in counts.seen:
            counts.seen.add(key)
            counts.texts += len(chunk)
            _add(counts, encoded, chunk, length_of)


def note_lengths(texts: Sequence[str], lengths: Sequence[int], *, max_length: int) -> None:
    """Add texts whose whole lengths are known to the counts of `counting_cuts`, if it is at work."""
    counts = _counting.get()
    if counts is None or (key := hash(tuple(texts))) in counts.seen:
        return
    counts.seen.add(key)
    counts.max_length = max_length
    counts.texts += len(texts)
    longer = [length for length in lengths if length > max_length]
    counts.cut += len(longer)
    counts.longest = max([counts.longest, *longer])


def is_counting() -> bool:
    """Return whether `counting_cuts` is at work."""
    return _counting.get() is not None


def _add(counts: CutTexts, encoded: BatchEncoding, chunk: range, length_of: Callable[[int], int]) -> None:
    if encoded.encodings is not None:  # of the tokenizers library, which keeps what it has cut off
        lost = {row: sum(map(len, encoded.encodings[row].overflowing)) for row in chunk}
        n_cut = sum(map(bool, lost.values()))
        lengths = [length_of(max(lost, key=lost.__getitem__))] if n_cut else []
    else:
        full = [row for row in chunk if len(encoded["input_ids"][row]) >= counts.max_length]
        lengths = [length for length in map(length_of, full) if length > counts.max_length]
        n_cut = len(lengths)
    counts.cut += n_cut
    counts.longest = max([counts.longest, *lengths])
