"""The room of translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from toolkit.adapters.heads import language_head
from toolkit.names import SPECS, Family, Task
from toolkit.tasks.texts.room import TextsRoom
from toolkit.tasks.translation.pages import TranslationPages


class Translation(TextsRoom):
    """Translation of sources into targets."""

    spec = SPECS[Task.TRANSLATION]
    head = language_head(Task.TRANSLATION, (Family.ENCODER_DECODER, Family.DECODER))
    class_endings = ("ForConditionalGeneration", "ForSeq2SeqLM", "MTModel")
    pages = TranslationPages()

    prompts: ClassVar[Mapping[str, str]] = {
        "en": "Translate the following text.\n\n{source}",
        "ko": "다음 글을 번역하세요.\n\n{source}",
    }


ROOM = Translation()
