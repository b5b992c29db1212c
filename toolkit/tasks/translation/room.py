"""The room of translation."""

from __future__ import annotations

from peft import TaskType
from transformers import AutoModelForSeq2SeqLM

from toolkit.adapters import Head
from toolkit.names import SPECS, Family, Task
from toolkit.tasks.texts.room import TextsRoom
from toolkit.tasks.translation.pages import TranslationPages


class Translation(TextsRoom):
    """Translation of sources into targets."""

    spec = SPECS[Task.TRANSLATION]
    head = Head(Task.TRANSLATION, {Family.ENCODER_DECODER: AutoModelForSeq2SeqLM}, TaskType.SEQ_2_SEQ_LM)
    class_endings = ("ForConditionalGeneration", "ForSeq2SeqLM", "MTModel")
    pages = TranslationPages()

    def input_columns(self, family: Family) -> tuple[str, ...]:
        """Return ``source`` and ``target``."""
        return ("source", "target")


ROOM = Translation()
