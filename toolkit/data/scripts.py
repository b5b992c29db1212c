"""The script of texts, such as Latin or Hangul, by the names that Unicode gives letters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from toolkit.data.text_column import BLOCK_ROWS, TextColumn

NO_LETTERS = "none"

_RENAMED = {"Cjk": "Han", "Hiragana": "Kana", "Katakana": "Kana", "Katakana-hiragana": "Kana"}
_WIDTHS = frozenset({"FULLWIDTH", "HALFWIDTH"})
_CODE_POINTS = 0x110000
_UNKNOWN = -1
_LETTER = re.compile("[A-Za-z]")
_BLOCK_CHARACTERS = 1 << 21


def script_of(text: str) -> str:
    """Return the script of most letters of a text: ``Latin``, ``Hangul``, ``Han``, ``Kana`` …, or `NO_LETTERS`.

    It is the first word of a letter's name in Unicode; of equally many, the one that comes first.
    """
    counts: Counter[str] = Counter()
    for character, n in Counter(text).items():
        if character.isalpha():
            counts[_script_of_letter(character)] += n
    return counts.most_common(1)[0][0] if counts else NO_LETTERS


class ScriptCounter:
    """Find the scripts of many texts; the script of each character is looked up once.

    Attributes:
        names: of the scripts that were found; the first is `NO_LETTERS`.
    """

    def __init__(self) -> None:
        self.names = [NO_LETTERS]
        self._index = {NO_LETTERS: 0}
        self._of_character = np.full(_CODE_POINTS, _UNKNOWN, dtype=np.int16)

    def of(self, texts: Sequence[str | None]) -> NDArray[np.int16]:
        """Return the script of most letters of each text as an index into `names`, ``[texts]``."""
        blocks = [self._of_block(part) for block in _blocks(texts) for part in _small(block)]
        return np.concatenate([np.empty(0, dtype=np.int16), *blocks])

    def _of_block(self, texts: Sequence[str | None]) -> NDArray[np.int16]:
        latin = self._look_up("a")
        found = [None if text and not text.isascii() else latin * bool(_LETTER.search(text or "")) for text in texts]
        others = [text for text, script in zip(texts, found, strict=True) if script is None]
        scripts = iter(self._of_letters(others).tolist() if others else ())
        return np.array([next(scripts) if script is None else script for script in found], dtype=np.int16)

    def _of_letters(self, texts: Sequence[str | None]) -> NDArray[np.int16]:
        joined = "".join(text or "" for text in texts)
        lengths = np.fromiter((len(text or "") for text in texts), dtype=np.int64, count=len(texts))
        characters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        scripts = self._of_character[characters]
        if (scripts == _UNKNOWN).any():
            for code in np.unique(characters[scripts == _UNKNOWN]).tolist():
                self._of_character[code] = self._look_up(chr(code))
            scripts = self._of_character[characters]
        rows = np.repeat(np.arange(len(texts)), lengths)
        cells = rows * len(self.names) + scripts
        counts = np.bincount(cells, minlength=len(texts) * len(self.names)).reshape(len(texts), -1)
        counts[:, 0] = 0  # what is no letter has no say
        return np.asarray(counts.argmax(axis=1), dtype=np.int16)

    def _look_up(self, character: str) -> int:
        name = _script_of_letter(character) if character.isalpha() else NO_LETTERS
        if name not in self._index:
            self._index[name] = len(self.names)
            self.names.append(name)
        return self._index[name]


@cache
def _script_of_letter(character: str) -> str:
    words = unicodedata.name(character, "OTHER").split()
    name = words[1] if words[0] in _WIDTHS and len(words) > 1 else words[0]
    return _RENAMED.get(name.capitalize(), name.capitalize())


def _blocks(texts: Sequence[str | None]) -> Iterable[Sequence[str | None]]:
    if isinstance(texts, TextColumn):
        return (block.to_pylist() for block in texts.arrays())
    return (texts[start : start + BLOCK_ROWS] for start in range(0, len(texts), BLOCK_ROWS))


def _small(texts: Sequence[str | None]) -> list[Sequence[str | None]]:
    """Divide a block of long texts, whose characters would take 20 bytes each at the same time."""
    if len(texts) < 2 or sum(len(text or "") for text in texts) <= _BLOCK_CHARACTERS:
        return [texts]
    half = len(texts) // 2
    return [*_small(texts[:half]), *_small(texts[half:])]
