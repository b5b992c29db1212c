"""Pages of language models, and of models that answer a source."""

from __future__ import annotations

from toolkit.names import Family
from toolkit.recipe import Recipe
from toolkit.run_result import RunResult
from toolkit.tasks.pages import Call, NoBaseline
from toolkit.tasks.texts.pages import ANSWER, WRITES_ONLY, TextsPages, with_limit

_PROMPT_WORDS = 8
"""Words of an example that a language model goes on with."""

_WRITTEN_TOKENS = 40
"""Tokens that a language model adds to an example: enough to see how it writes."""

_GO_ON = """text = {text}
ids = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"]]
outputs = model.generate(torch.tensor([ids]){limit})
print(tokenizer.decode(outputs[0], skip_special_tokens=True))"""


class TextGenerationPages(TextsPages):
    """Pages of decoders, which go on with a text, and of encoder-decoders, which answer a source."""

    def no_baseline(self, result: RunResult) -> NoBaseline:
        """Return that the baselines have no tokens, or of answers that they give no probabilities."""
        if result.family is Family.ENCODER_DECODER:
            return WRITES_ONLY
        return NoBaseline(
            "no_tokens", "the free baseline counts characters and has no tokens", compared="bits_per_character"
        )

    def input_words(self, result: RunResult) -> str:
        """Return a question, or the beginning of a text."""
        return "your own question" if result.family is Family.ENCODER_DECODER else "the beginning of a text"

    def unmeasured(self, result: RunResult) -> frozenset[str]:
        """Return the judgement of people."""
        return frozenset({"people"})

    def use(self, result: RunResult) -> str:
        """Return the key of models that answer, or of language models."""
        return "answerer" if result.family is Family.ENCODER_DECODER else "language_model"

    def example_input(self, text: str, family: Family) -> str:
        """Return the beginning of a text for a language model, and a whole source."""
        return " ".join(text.split()[:_PROMPT_WORDS]) if family is Family.DECODER else text

    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that go on with a text, or answer one."""
        if result.family is Family.ENCODER_DECODER:
            return Call(with_limit(ANSWER, recipe))
        return Call(with_limit(_GO_ON, recipe, at_most=_WRITTEN_TOKENS))
