"""The templates for who gives none, by scorer and language: for topics and sentiments alike."""

from __future__ import annotations

TEMPLATES: dict[str, dict[str, tuple[str, ...]]] = {
    "likelihood": {
        "en": ("{text}\nTopic or sentiment: {label}", "Text: {text}\nThis text is {label}"),
        "ko": ("{text}\n주제 또는 감정: {label}", "글: {text}\n분류: {label}"),
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
        "en": ("{label}", "This text is about {label}.", "This is {label}."),
        "ko": ("{label}", "이 글은 {label}에 관한 글이다."),
    },
}
"""For single texts; similarity and entailment read the text by itself."""

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
"""For pairs of texts."""
