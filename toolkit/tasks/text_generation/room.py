"""The room of text generation: a language model, or answers to sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from toolkit.adapters.heads import language_head
from toolkit.data.column_looks import ColumnLook, Content, name_key
from toolkit.data.column_names import ColumnName
from toolkit.data.guess_columns import Guess
from toolkit.names import SPECS, Family, Task
from toolkit.tasks.text_generation.pages import TextGenerationPages
from toolkit.tasks.texts.room import TextsRoom

_TOGETHER = (("instruction", "input"), ("context", "question"))
"""Names of columns that are read together: of instructions, and of questions about a text."""


class TextGeneration(TextsRoom):
    """Decoders go on with a text; encoder-decoders answer a source."""

    spec = SPECS[Task.TEXT_GENERATION]
    head = language_head(Task.TEXT_GENERATION, (Family.DECODER, Family.ENCODER_DECODER))
    class_endings = ("ForCausalLM", "LMHeadModel")
    pages = TextGenerationPages()

    def guess(self, looks: Sequence[ColumnLook], given: Mapping[str, ColumnName]) -> Guess:
        """Guess the columns; two that are usually read together are put together by a prompt."""
        found = super().guess(looks, given)
        there = {name_key(look.name): look.name for look in looks if look.content is not Content.EMPTY}
        pair = next((names for names in _TOGETHER if set(names) <= there.keys()), None)
        if given or pair is None or found.columns.get("source") not in [there[name] for name in pair]:
            return found
        first, second = pair
        columns = {first: there[first], second: there[second], "target": found.columns["target"]}
        return replace(found, columns=columns, data={"prompt": f"{{{first}}}\n\n{{{second}}}"})

    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return ``text`` for decoders that go on with one; what is answered, and ``target``, for all others."""
        if family is Family.DECODER and reads in (None, "text"):
            return ("text",)
        return super().input_columns(family, reads)

    def reads_in_parts(self, family: Family) -> bool:
        """Return whether long texts are read in parts: by decoders."""
        return family is Family.DECODER


ROOM = TextGeneration()
