"""The room of text generation: a language model, or answers to sources."""

from __future__ import annotations

from peft import TaskType
from transformers import AutoModelForCausalLM, AutoModelForSeq2SeqLM

from toolkit.adapters import Head
from toolkit.names import SPECS, Family, Task
from toolkit.tasks.text_generation.pages import TextGenerationPages
from toolkit.tasks.texts.room import TextsRoom


class TextGeneration(TextsRoom):
    """Decoders go on with a text; encoder-decoders answer a source."""

    spec = SPECS[Task.TEXT_GENERATION]
    head = Head(
        Task.TEXT_GENERATION,
        {Family.DECODER: AutoModelForCausalLM, Family.ENCODER_DECODER: AutoModelForSeq2SeqLM},
        TaskType.CAUSAL_LM,
    )
    class_endings = ("ForCausalLM", "LMHeadModel")
    pages = TextGenerationPages()

    def input_columns(self, family: Family) -> tuple[str, ...]:
        """Return ``text`` for decoders, ``source`` and ``target`` for encoder-decoders."""
        return ("source", "target") if family is Family.ENCODER_DECODER else ("text",)

    def reads_in_parts(self, family: Family) -> bool:
        """Return whether long texts are read in parts: by decoders."""
        return family is Family.DECODER


ROOM = TextGeneration()
