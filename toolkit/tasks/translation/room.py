"""The room of translation."""

from __future__ import annotations

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

    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return ``source`` and ``target``."""
        return ("source", "target")


ROOM = Translation()
