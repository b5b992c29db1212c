"""Pages of language models, and of models that answer a source."""

from __future__ import annotations

from toolkit.names import Family, Method
from toolkit.recipe import Recipe
from toolkit.run_result import RunResult
from toolkit.tasks.pages import Call, NoBaseline
from toolkit.tasks.texts.pages import WRITES_ONLY, TextsPages, answering, with_limit

_PROMPT_WORDS = 8
"""Words of an example that a language model goes on with."""

_WRITTEN_TOKENS = 40
"""Tokens that a language model adds to an example: enough to see how it writes."""

_GO_ON = """text = {text}
ids = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"]]
outputs = model.generate(torch.tensor([ids]){limit})
print(tokenizer.decode(outputs[0], skip_special_tokens=True))"""


_GO_ON_BY_TOKENIZER = """text = {text}
inputs = tokenizer(text, return_tensors="pt")
outputs = model.generate(**inputs{limit})
print(tokenizer.decode(outputs[0], skip_special_tokens=True))"""


class TextGenerationPages(TextsPages):
    """Pages of models that go on with a text, and of those that answer a source or a chat."""

    def no_baseline(self, result: RunResult) -> NoBaseline:
        """Return that the baselines have no tokens, or of answers that they give no probabilities."""
        if _answers(result):
            return WRITES_ONLY
        return NoBaseline(
            "no_tokens", "the free baseline counts characters and has no tokens", compared="bits_per_character"
        )

    def input_words(self, result: RunResult) -> str:
        """Return a question, or the beginning of a text."""
        return "your own question" if _answers(result) else "the beginning of a text"

    def unmeasured(self, result: RunResult) -> frozenset[str]:
        """Return the judgement of people."""
        return frozenset({"people"})

    def use(self, result: RunResult) -> str:
        """Return the key of models that answer, or of language models."""
        return "answerer" if _answers(result) else "language_model"

    def example_input(self, text: str, result: RunResult) -> str:
        """Return the beginning of a text for a language model, and a whole source."""
        return text if _answers(result) else " ".join(text.split()[:_PROMPT_WORDS])

    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that go on with a text, or answer one."""
        if result.family is Family.ENCODER_DECODER or recipe.text_columns != ("text",):
            return answering(result, recipe)
        lines = _GO_ON if recipe.way is Method.SCRATCH else _GO_ON_BY_TOKENIZER
        return Call(with_limit(lines, recipe, at_most=_WRITTEN_TOKENS))


def _answers(result: RunResult) -> bool:
    """Return whether a model answers: an encoder-decoder does, and a decoder whose baselines write answers."""
    return result.family is Family.ENCODER_DECODER or "copy-source" in result.baselines
