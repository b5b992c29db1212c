"""The room of summarization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from toolkit.adapters.heads import language_head
from toolkit.names import SPECS, Family, Task
from toolkit.tasks.summarization.pages import SummarizationPages
from toolkit.tasks.texts.baselines import SUMMARIES
from toolkit.tasks.texts.room import TextsRoom


class Summarization(TextsRoom):
    """Summaries of sources."""

    spec = SPECS[Task.SUMMARIZATION]
    head = language_head(Task.SUMMARIZATION, (Family.ENCODER_DECODER, Family.DECODER))
    class_endings = ("ForConditionalGeneration", "ForSeq2SeqLM", "MTModel")
    pages = SummarizationPages()
    reads_longer = True
    prompts: ClassVar[Mapping[str, str]] = {
        "en": "Summarize the following text in one sentence.\n\n{source}",
        "ko": "다음 글을 한 문장으로 요약하세요.\n\n{source}",
    }

    writers = SUMMARIES


ROOM = Summarization()
