"""Every sentence of page and slides has its words in the other language, with the same gaps."""

from __future__ import annotations

import re

import yaml
from words_used import PACKAGE, words_used

_GAP = re.compile(r"{(\w+)}")


def test_every_sentence_is_translated_with_its_gaps():
    known = {}
    for file in (PACKAGE / "report").rglob("words.ko.yaml"):
        known |= yaml.safe_load(file.read_text(encoding="utf-8"))
    used = words_used()
    assert len(used) > 100
    assert used <= known.keys()
    assert [key for key, words in known.items() if set(_GAP.findall(key)) != set(_GAP.findall(words))] == []
