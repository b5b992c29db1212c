"""Words of a text by their characters, given as a list or cut from the text.

A text without given words is cut at Unicode's word characters, and in scripts that write no blanks between words, or
that write endings at them, at every character: in Korean ``서울에`` ("in Seoul") the entity ends inside the eojeol.
These words serve baselines and the accuracy alone. A model reads the text as its own tokenizer cuts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

# Han, Kana, Hangul (letters and syllables), Thai, Lao, Myanmar, Khmer: a character is a word.
_SINGLE = "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_SINGLE}]|[^\W_{_SINGLE}]+|[^\w\s]|_")

Spans = list[tuple[int, int]]
"""Start and end of each, in characters."""


def cut_words(text: str, edges: Iterable[int] = ()) -> Spans:
    """Cut a text into words.

    Args:
        text: without given words.
        edges: characters at which a word ends and another begins, whatever the script.
    """
    inner = sorted(set(edges))
    words: Spans = []
    for match in _WORD.finditer(text):
        cuts = [match.start(), *(edge for edge in inner if match.start() < edge < match.end()), match.end()]
        words += pairwise(cuts)
    return words


def join_words(words: Sequence[str]) -> tuple[str, Spans]:
    """Join given words to a text: with blanks, or without where they are characters with blanks among them.

    Returns:
        The text, and where each word is in it.
    """
    separator = "" if any(not word.strip() for word in words) else " "
    spans, position = [], 0
    for word in words:
        spans.append((position, position + len(word)))
        position += len(word) + len(separator)
    return separator.join(words), spans
