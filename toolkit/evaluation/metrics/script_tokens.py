"""Tokens of texts in any script, for ROUGE, lengths, copies and repetition.

A token is a run of letters and digits, in small letters: a word. In scripts without spaces (Chinese, Japanese, Thai …)
and in Korean, whose words have attached endings, each letter is a token. Characters are usual for Chinese summaries (Hu
et al. 2015, https://aclanthology.org/D15-1229/) and Korean answers (Lim et al. 2019, https://arxiv.org/abs/1909.07005),
and need no dictionary. The choice is made letter by letter, so that a Korean text may contain English words.

Of ASCII texts these are the tokens of rouge-score. Its own tokenizer keeps only the letters a to z, so that a Korean
text has no tokens at all.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

NAME = "words-or-characters.1"
"""Name in signatures; a new number once the tokens of some text change."""

# The first words of the names that Unicode gives the letters of these scripts.
_BY_CHARACTER = frozenset({"HANGUL", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO"})
_BY_CHARACTER |= {"THAI", "LAO", "KHMER", "MYANMAR"}
_WIDTHS = frozenset({"FULLWIDTH", "HALFWIDTH"})


def tokens(text: str) -> list[str]:
    """Return the words of a text, or its letters where the script asks for them; of its form NFC, in small letters."""
    return unicodedata.normalize("NFC", text).lower().translate(_spaced).split()


def ngrams(parts: Sequence[str], n: int) -> Iterable[tuple[str, ...]]:
    """Return the n-grams of tokens, in their order."""
    return zip(*(parts[start:] for start in range(n)), strict=False)


class _Spaced(dict[int, str]):
    """A table for `str.translate` that sets spaces between tokens; it is filled as characters are met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if unicodedata.category(character)[0] not in "LMN":
            spaced = " "
        else:
            spaced = f" {character} " if _is_token(character) else character
        self[code] = spaced
        return spaced


def _is_token(character: str) -> bool:
    """Return whether a letter, or a sign on one, is a token of its own."""
    words = unicodedata.name(character, "").split() or [""]
    script = words[1] if words[0] in _WIDTHS and len(words) > 1 else words[0]
    return script in _BY_CHARACTER and not unicodedata.category(character).startswith("N")


_spaced = _Spaced()
