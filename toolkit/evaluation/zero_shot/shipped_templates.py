"""The default templates by scorer and language, for topics and sentiments alike.

Those of likelihood are the best pair on validation examples with SmolLM2, among eleven English and six Korean
templates. The chat format that SmolLM2 was tuned with was worse than plain text: 0.51 to 0.66 on Rotten Tomatoes with
the five calibrations, where the pair has 0.68 to 0.78. Those of English similarity are the best pair of ten with
MiniLM. The others are the field's usual ones, not measured.
"""

from __future__ import annotations

TEMPLATES: dict[str, dict[str, tuple[str, ...]]] = {
    "likelihood": {
        "en": ("{text}\nIn one word, this is {label}", "Text: {text}\nCategory: {label}"),
        "ko": ("{text}\n이 글은 {label}", "글: {text}\n분류: {label}"),
    },
    "mask": {
        "en": ("{text} This is {label}.", "{label}: {text}"),
        "ko": ("{text} 이 글은 {label}에 관한 글이다.", "{label}: {text}"),
    },
    "entailment": {
        "en": ("This example is {label}.", "This text is about {label}."),
        "ko": ("이 글은 {label}에 관한 것이다.", "이 글의 내용은 {label}이다."),
    },
    "similarity": {
        "en": ("This text is about {label}.", "It was {label}."),
        "ko": ("{label}", "이 글은 {label}에 관한 글이다."),
    },
}
"""Templates for single texts; similarity and entailment read the text without its template."""

PAIR_TEMPLATES: dict[str, dict[str, tuple[str, ...]]] = {
    "likelihood": {
        "en": ("First text: {text}\nSecond text: {text_pair}\nTogether they are: {label}",),
        "ko": ("첫째 글: {text}\n둘째 글: {text_pair}\n두 글의 관계: {label}",),
    },
    "mask": {
        "en": ("{text} {label}, {text_pair}",),
        "ko": ("{text} {label}, {text_pair}",),
    },
}
"""Templates for pairs of texts."""
