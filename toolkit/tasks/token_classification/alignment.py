"""Tags of words as tags of tokens, and back; a token may be a part of a word, or hold several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.tasks.token_classification.schemes import OUTSIDE, Scheme
from toolkit.tasks.token_classification.words import Spans

Overlap = tuple[int, int] | None
"""Index of the first and of the last piece that another one overlaps; None: it overlaps none."""


@dataclass(frozen=True)
class Alignment:
    """Which words and tokens of a text overlap.

    Attributes:
        words: that each token overlaps; a blank between words overlaps none. ``[tokens]``
        before: number of words that end where each token begins, or before it. ``[tokens]``
        tokens: that overlap each word; a word that the tokenizer drops has none. ``[words]``
    """

    words: list[Overlap]
    before: list[int]
    tokens: list[Overlap]

    @classmethod
    def of(cls, words: Spans, tokens: Spans) -> Alignment:
        """Compare where words and tokens are in a text, both in their order."""
        of_tokens: list[Overlap] = []
        of_words: list[Overlap] = [None] * len(words)
        before: list[int] = []
        word = 0
        for index, (start, end) in enumerate(tokens):
            while word < len(words) and words[word][1] <= start:
                word += 1
            last = word
            while last < len(words) and words[last][0] < end:
                earlier = of_words[last]
                of_words[last] = (index if earlier is None else earlier[0], index)
                last += 1
            of_tokens.append((word, last - 1) if last > word else None)
            before.append(word)
        return cls(of_tokens, before, of_words)

    def tags_of_tokens(self, tags: Sequence[str], scheme: Scheme) -> list[str]:
        """Return the tag of each token by the tags of the words.

        A blank within an entity continues it. Many tokenizers have a token for it, before a digit or a Korean syllable,
        and the entity would break there.
        """
        return [
            self._of_blank(self.before[index], tags, scheme)
            if words is None
            else _part(index, words, tags, self.tokens, scheme)
            for index, words in enumerate(self.words)
        ]

    def tags_of_words(self, tags: Sequence[str], scheme: Scheme) -> list[str]:
        """Return the tag of each word by the tags of the tokens.

        A word without tokens, such as a blank where each character is a word, goes by the words around it.
        """
        known = [
            None if tokens is None else _part(index, tokens, tags, self.words, scheme)
            for index, tokens in enumerate(self.tokens)
        ]
        behind: list[str | None] = [None] * len(known)
        for index in range(len(known) - 2, -1, -1):
            behind[index] = behind[index + 1] if known[index + 1] is None else known[index + 1]
        found: list[str] = []
        before: str | None = None
        for tag, following in zip(known, behind, strict=True):
            if tag is None:
                tag = OUTSIDE if before is None or following is None else scheme.between(before, following)
            else:
                before = tag
            found.append(tag)
        return found

    def _of_blank(self, n_before: int, tags: Sequence[str], scheme: Scheme) -> str:
        return scheme.between(tags[n_before - 1], tags[n_before]) if 0 < n_before < len(tags) else OUTSIDE


def _part(index: int, overlap: tuple[int, int], tags: Sequence[str], back: Sequence[Overlap], scheme: Scheme) -> str:
    """Return the tag of a piece by those of the other pieces that it overlaps, and what these overlap in turn."""
    first, last = overlap
    of_first, of_last = back[first], back[last]
    return scheme.part(
        tags[first],
        tags[last],
        starts=of_first is not None and of_first[0] == index,
        ends=of_last is not None and of_last[1] == index,
    )
