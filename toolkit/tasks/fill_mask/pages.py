"""Pages of models that fill in masked words."""

from __future__ import annotations

import re
import shlex

from toolkit.recipe import Recipe
from toolkit.run_result import RunResult
from toolkit.tasks.pages import GAP, Call, NoBaseline
from toolkit.tasks.texts.pages import TextsPages

_AROUND_A_MASK = 16
"""Words of an example around the masked one."""

_WORD = re.compile(r"\w{3,}")

_FILL = """text = {text}
inputs = tokenizer(text, truncation=True, return_tensors="pt")
masked = inputs["input_ids"] == tokenizer.mask_token_id
print(tokenizer.decode(model(**inputs).logits[masked].argmax(dim=-1)))"""


class FillMaskPages(TextsPages):
    """Pages of masked language models."""

    gap = f"{GAP} <mask> {GAP}"

    def no_baseline(self, result: RunResult) -> NoBaseline:
        """Return that there is no free baseline for masked words."""
        return NoBaseline("no_filler", "nothing that costs nothing fills in masked words")

    def input_words(self, result: RunResult) -> str:
        """Return a text with a mask."""
        return "your own text with a <mask>"

    def further_commands(self, folder: str) -> list[str]:
        """Return the command that fine-tunes the model."""
        return [f"toolkit fine-tune finetune-pretrained {shlex.quote(f'model.name={folder}/model')}"]

    def use(self, result: RunResult) -> str:
        """Return the key of models that fill masks."""
        return "filler"

    def misuse(self, result: RunResult) -> tuple[str, ...]:
        """Return answers: the model knows words that fit."""
        return ("not_answers",)

    def example_input(self, text: str, result: RunResult) -> str | None:
        """Return the beginning of a text with a word near its middle masked; None where it has no longer word."""
        part = " ".join(text.split()[:_AROUND_A_MASK])
        words = list(_WORD.finditer(part))
        if not words:
            return None
        middle = words[len(words) // 2]
        return f"{part[: middle.start()]}<mask>{part[middle.end() :]}"

    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that fill in a word."""
        return Call(_FILL)
