"""Turn a story into slides, in their order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

from toolkit.report.slides import asked, ended, tried, won
from toolkit.report.slides.deck import Deck
from toolkit.report.slides.phrases import Phrases
from toolkit.report.story import Story
from toolkit.wording import visible

_NO_LETTER = re.compile("[\ufffe\uffff]")
"""Numbers that stand for no letter, and that XML refuses."""


def compose(story: Story) -> Deck:
    """Return the slides of a story; both languages have the same ones.

    Names, texts and messages come from models and data that nobody has checked, so what would not be seen of them is
    made visible, and each is one line.
    """
    phrases = Phrases(story.language)
    slides = [
        asked.opening(story, phrases),
        asked.question(story, phrases),
        *([] if story.rows is None else [asked.data(story.rows, phrases)]),
        *([asked.families(story, phrases)] if story.families else []),
        *(slide for choosing in story.choosing for slide in asked.candidates(choosing, phrases)),
        tried.timeline(story, phrases),
        *tried.failures(story, phrases),
        *won.winner(story, phrases),
        *won.curves(story, phrases),
        *won.examples(story, phrases),
        ended.cost(story, phrases),
        *ended.limits(story, phrases),
        *ended.following(story, phrases),
    ]
    deck = Deck(slides[0].title, story.language.code, tuple(slides), story.language.say("Notes"))
    seen: Deck = _seen(deck)
    return seen


def _seen(value: Any) -> Any:
    """Return a value whose texts, at any depth, are lines for people's eyes."""
    if isinstance(value, str):
        return _NO_LETTER.sub("\ufffd", visible(" ".join(value.split())))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _seen(getattr(value, each.name)) for each in fields(value)})
    if isinstance(value, Mapping):
        return {_seen(key): _seen(each) for key, each in value.items()}
    return tuple(_seen(each) for each in value) if isinstance(value, tuple) else value
