"""The verbs as people call them: those of other tools lead to ours, and ``toolkit`` alone shows where to start."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from typer.core import TyperGroup

from toolkit.errors import RecipeError, nearest
from toolkit.names import Task

START = ("doctor", "choose", "fine-tune", "predict", "push")
"""The verbs to start with, in the order in which they are needed."""

_SAID = {
    "fine-tune": "train finetune fit sft learn tune pretrain run start resume continue",
    "evaluate": "eval test score measure benchmark validate metrics",
    "predict": "infer inference classify generate chat ask answer label complete use",
    "extract": "embed embedding embeddings features encode vectorize",
    "reproduce": "replicate rerun repeat redo again",
    "compare": "diff versus vs test-significance paired",
    "push": "publish upload share deploy release",
    "doctor": "inspect check analyze analyse data lint diagnose",
    "choose": "select recommend search pick",
    "export": "convert onnx merge",
    "recipes list": "list ls models templates examples",
    "recipes new": "new init create draft",
    "recipes copy": "copy",
    "recipes import": "import migrate",
    "trials list": "runs history log logs results experiments ledger",
    "--version": "version",
}
_OURS = {word: ours for ours, words in _SAID.items() for word in words.split()}

_TASKS = {
    **{task.value: task for task in Task},
    **dict.fromkeys(("sentiment", "sentiment-analysis", "classification"), Task.TEXT_CLASSIFICATION),
    **dict.fromkeys(("ner", "pos", "tag", "tagging"), Task.TOKEN_CLASSIFICATION),
    **dict.fromkeys(("translate", "mt", "nmt"), Task.TRANSLATION),
    **dict.fromkeys(("summarize", "summarise", "summary"), Task.SUMMARIZATION),
    **dict.fromkeys(("lm", "clm", "causal-lm", "text2text", "chatbot"), Task.TEXT_GENERATION),
    **dict.fromkeys(("mlm", "masked-lm"), Task.FILL_MASK),
}


def as_written(name: str) -> str:
    """Return the name of a verb or of an option as it is written here: ``--output_dir`` is ``--output-dir``."""
    return name.replace("_", "-")


class Verbs(TyperGroup):
    """The verbs, and an answer in one line to what is none of them."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the verb of a command line.

        Raises:
            RecipeError: it is none, but it is known what is meant.
        """
        name = as_written(args[0])
        if self.get_command(ctx, name) is None:
            meant = _meant(name.lower(), args[1:], known=list(self.commands))
            if meant is not None:
                raise RecipeError(f"{args[0]!r} is {meant}")
        return super().resolve_command(ctx, args)


def _meant(name: str, rest: Sequence[str], *, known: Sequence[str]) -> str | None:
    """Return what a word is that is no verb, and what to write; None if that is not known."""
    if name in ("help", "usage", "commands", "man"):
        verb = next((word for word in rest[:1] if word in known), "")
        return f"no verb; help is shown by: toolkit {verb}{' ' if verb else ''}--help"
    if name in _TASKS:
        task = _TASKS[name]
        return (
            f"no verb but a task; let a model for it be chosen: toolkit choose --task {task} --data FILE, "
            "or take a recipe: toolkit recipes list"
        )
    if name in _OURS:
        return f"no verb here; write: {_command(_OURS[name], rest)}"
    if name.endswith((".yaml", ".yml")) or _is_recipe(name):
        return f"a recipe, not a verb; carry it out with: {_command('fine-tune', [name, *rest])}"
    if (word := nearest(name, [*known, *_OURS])) in _OURS:
        return f"no verb here; did you mean: {_command(_OURS[word], rest)}"
    return None


def _command(ours: str, rest: Sequence[str]) -> str:
    if ours.startswith("-") or not rest:
        return f"toolkit {ours}"
    return f"toolkit {ours} {shlex.join(rest)}"


def _is_recipe(name: str) -> bool:
    from toolkit.cli.completion import recipe_names

    return name in recipe_names(name)


def start_lines(group: TyperGroup) -> list[str]:
    """Return what ``toolkit`` alone shows: the verbs to start with, and where the others are."""
    from toolkit.wording import table

    summaries = [(group.commands[verb].help or "").partition("\n\n")[0] for verb in START]
    rows = [(f"toolkit {verb}", " ".join(summary.split())) for verb, summary in zip(START, summaries, strict=True)]
    return [
        " ".join((group.help or "").split()),
        "",
        *table(rows, header=("to start with", "")),
        "",
        "A first run on packaged data:",
        "  toolkit fine-tune movie-sentiment",
        "All verbs: toolkit --help. Recipes: toolkit recipes list. Completion: toolkit --install-completion.",
    ]
