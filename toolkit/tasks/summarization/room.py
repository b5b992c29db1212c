"""The room of summarization."""

from __future__ import annotations

from toolkit.adapters.heads import language_head
from toolkit.names import SPECS, Family, Task
from toolkit.tasks.summarization.pages import SummarizationPages
from toolkit.tasks.texts.room import TextsRoom


class Summarization(TextsRoom):
    """Summaries of sources."""

    spec = SPECS[Task.SUMMARIZATION]
    head = language_head(Task.SUMMARIZATION, (Family.ENCODER_DECODER, Family.DECODER))
    class_endings = ("ForConditionalGeneration", "ForSeq2SeqLM", "MTModel")
    pages = SummarizationPages()

    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return ``source`` and ``target``."""
        return ("source", "target")


ROOM = Summarization()
