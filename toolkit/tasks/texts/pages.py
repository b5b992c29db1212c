"""Pages of tasks whose output is text."""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.evaluation.inference.generate import LONGEST_OUTPUT
from toolkit.names import Family, Method, Problem
from toolkit.recipe import Recipe
from toolkit.recipe.prompts import parts_of
from toolkit.run_result import RunResult, Written
from toolkit.tasks.pages import GAP, Call, Demo, NoBaseline, TaskPages
from toolkit.tasks.texts.rows_shown import few
from toolkit.wording import shortened, table

SOURCE = '"{source}"'
"""The gap of a prompt, as Python writes it."""

_BASELINES = {
    "first-sentences": "First sentences of the source",
    "copy-source": "Copy of the source",
    "nearest-neighbour": "Target of the nearest source",
    "character-5-gram": "5-gram of characters",
}

ANSWER = """text = {text}
inputs = tokenizer(text, truncation=True, return_tensors="pt")
outputs = model.generate(**inputs{limit})
print(tokenizer.decode(outputs[0], skip_special_tokens=True))"""
"""Lines that ask an encoder-decoder; ``{limit}`` is the longest answer."""

CHAT = """text = {text}
messages = [{"role": "user", "content": text}]
inputs = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=True, return_tensors="pt")
outputs = model.generate(**inputs)
print(tokenizer.decode(outputs[0][inputs["input_ids"].shape[1]:], skip_special_tokens=True))"""
"""Lines that ask a decoder that learnt to answer."""

WRITES_ONLY = NoBaseline(
    "writes_only", "the free baselines write texts and give no probabilities", compared="bleu or chrf"
)
"""Why perplexity has no baseline where texts are written."""


class TextsPages(TaskPages):
    """Pages of models that write, or score, a text."""

    curve_note = (
        "Validation: cross entropy in nats a token, without label smoothing and dropout, with which the training loss "
        "is counted."
    )

    def baseline_names(self, problem: Problem | None) -> Mapping[str, str]:
        """Return the names of copies, nearest neighbours and a model that counts characters."""
        return _BASELINES

    def sample_lines(self, samples: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return a few of the worst rows and a few of the others, three lines each."""
        worst, others = few(samples, [sample["worst"] for sample in samples])
        groups = (("Among its worst:", worst), ("Drawn at random:", others))
        return [line for title, rows in groups if rows for line in ("", title, *_written_lines(rows))]

    def prediction_lines(self, rows: Sequence[Mapping[str, Any]]) -> list[str]:
        """Return rows with their new texts, which stand in the last column and are never shortened."""
        scored = all("probability" in row for row in rows)
        cells = [
            (
                str(row["id"]),
                *((f"{row['probability']:.2g}",) if scored else ()),
                shortened(str(row["text"])),
                " ".join(str(row["prediction"]).split()),
            )
            for row in rows
        ]
        return table(cells, header=("id", *(("probability",) if scored else ()), "text", "prediction"))

    def rows_of_card(self, result: RunResult) -> list[Written]:
        """Return a few of the worst rows, and a few of the others."""
        worst, others = few(result.written, [row.worst for row in result.written])
        return [*worst, *others]

    def misuse(self, result: RunResult) -> tuple[str, ...]:
        """Return facts: what a model writes can be false."""
        return ("not_facts",)

    def reference(self, result: RunResult) -> str:
        """Return the key of a right text."""
        return "how.reference_text"

    @abstractmethod
    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that ask the model; the first sets ``text``, the last prints the answer."""

    def demo(self, result: RunResult, recipe: Recipe) -> Demo:
        """Return the lines of the call as a function of ``text``, or of the row of a prompt with several columns."""
        _, *lines, last = self.call(result, recipe).lines.splitlines()
        if recipe.inputs:
            lines.insert(0, "row = {row}")
        elif recipe.data.prompt is not None:
            lines.insert(0, f"text = {_prompted(recipe.data.prompt)}".replace("{text}", "text"))
        answer = last.removeprefix("print(").removesuffix(")")
        return Demo((*lines, f"return {answer}"), 'gr.Textbox(label="answer")')


class AnswersPages(TextsPages):
    """Pages of models that answer sources, and do nothing else."""

    def no_baseline(self, result: RunResult) -> NoBaseline:
        """Return that the baselines write and give no probabilities."""
        return WRITES_ONLY

    def unmeasured(self, result: RunResult) -> frozenset[str]:
        """Return the judgement of people."""
        return frozenset({"people"})

    def call(self, result: RunResult, recipe: Recipe) -> Call:
        """Return the lines that ask the model."""
        return answering(result, recipe)


def answering(result: RunResult, recipe: Recipe) -> Call:
    """Return the lines that ask a model which answers: an encoder-decoder, or a decoder by its chat template.

    Pretrained models say in their folders how long an answer may be, and have sources put into the recipe's prompt.
    """
    if recipe.way is Method.SCRATCH:
        return Call(with_limit(ANSWER, recipe))
    lines = CHAT if result.family is Family.DECODER else ANSWER.replace("{limit}", "")
    lines = with_stops(lines, recipe)
    prompt = recipe.data.prompt
    if prompt is None:
        return Call(lines)
    if not recipe.inputs:
        return Call(lines.replace("{text}", _prompted(prompt), 1))
    row = ", ".join(f"{_literal(name)}: {_literal(GAP)}" for name in recipe.inputs)
    return Call(f"row = {{{row}}}\n{lines.replace('{text}', _put_together(prompt), 1)}")


def _prompted(prompt: str) -> str:
    """Return an expression that puts ``{text}`` into a prompt."""
    return f"{_literal(prompt)}.replace({SOURCE}, {{text}})"


def _put_together(prompt: str) -> str:
    """Return an expression that puts the columns of ``row`` into a prompt; braces in them are plain text."""
    parts = enumerate(parts_of(prompt))
    return " + ".join(f"row[{_literal(part)}]" if place % 2 else _literal(part) for place, part in parts if part)


def _literal(text: str) -> str:
    """Write a text as Python does; what JSON writes is Python too."""
    return json.dumps(text, ensure_ascii=False)


def with_limit(lines: str, recipe: Recipe, *, at_most: int = LONGEST_OUTPUT) -> str:
    """Fill in how long an answer may get, where the model's folder does not say.

    Args:
        lines: with a gap ``{limit}``.
        recipe: of the run.
        at_most: tokens of an answer.
    """
    lines = with_stops(lines, recipe)
    if recipe.evaluation.generation.get("max_new_tokens"):
        return lines.replace("{limit}", "")
    return lines.replace("{limit}", f", max_new_tokens={min(at_most, recipe.data.max_length or at_most)}")


def with_stops(lines: str, recipe: Recipe) -> str:
    """Give ``generate`` the tokenizer, without which the library cannot tell where a text stops.

    Args:
        lines: that ask a model.
        recipe: of the run.
    """
    stops = recipe.evaluation.generation.get("stop_strings")
    return (
        re.sub(r"(model\.generate\(.*)\)$", r"\1, tokenizer=tokenizer)", lines, flags=re.MULTILINE) if stops else lines
    )


def _written_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        score = "" if row["chrf"] is None else f", chrF {row['chrf']:.1f}"
        lines += [f"  {shortened(row['text'])}", f"    wrote{score}: {shortened(row['prediction'])}"]
        if row["reference"] is not None:
            lines.append(f"    reference: {shortened(row['reference'])}")
    return lines
