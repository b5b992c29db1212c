"""The room of text generation: a language model, or answers to sources."""

from __future__ import annotations

from toolkit.adapters.heads import language_head
from toolkit.names import SPECS, Family, Task
from toolkit.tasks.text_generation.pages import TextGenerationPages
from toolkit.tasks.texts.room import TextsRoom


class TextGeneration(TextsRoom):
    """Decoders go on with a text; encoder-decoders answer a source."""

    spec = SPECS[Task.TEXT_GENERATION]
    head = language_head(Task.TEXT_GENERATION, (Family.DECODER, Family.ENCODER_DECODER))
    class_endings = ("ForCausalLM", "LMHeadModel")
    pages = TextGenerationPages()

    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return ``text`` for decoders that go on with one; what is answered, and ``target``, for all others."""
        if family is Family.DECODER and reads in (None, "text"):
            return ("text",)
        return super().input_columns(family, reads)

    def reads_in_parts(self, family: Family) -> bool:
        """Return whether long texts are read in parts: by decoders."""
        return family is Family.DECODER


ROOM = TextGeneration()
