"""The example of a card: a real text of the test split, and what the card's own lines printed for it."""

from __future__ import annotations

import io
import re
import runpy
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from toolkit.adapters.quiet import quiet_library
from toolkit.hub.card.usage import brings_code, snippet
from toolkit.names import Family, Method, Task
from toolkit.progress import warn

SHORT = 200
"""Characters of a text that is short enough to be shown."""

_BEFORE_THE_REST, _AROUND_A_MASK = 8, 16
"""Words of a text that a language model goes on with, and that stand around a masked one."""

_WORD = re.compile(r"\w{3,}")


def make_example(
    metrics: Mapping[str, Any],
    recipe: Mapping[str, Any],
    columns: Mapping[str, Sequence[Any]],
    *,
    folder: Path,
    model_config: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """An example for the card, made with the saved model; None where no test row is fit to be shown.

    It belongs under ``example`` in metrics.json: ``inputs`` (the text, or two), ``reference`` (None where there is
    none), ``code`` (what was run, with `toolkit.hub.card.usage.FOLDER` for the model) and ``output`` (what it
    printed; None where it could not run). Of a model that is only asked, ``prediction`` and
    ``probability`` are what the run gave.

    Args:
        metrics: the content of ``metrics.json``.
        recipe: the resolved recipe.
        columns: of the predictions: ``text`` and what else there is.
        folder: of the saved model.
        model_config: its ``config.json``.
    """
    found = _first_short(columns, metrics)
    if found is None:
        return None
    row, inputs = found
    reference = columns["reference"][row] if "reference" in columns else None
    own_code = brings_code(recipe, model_config)
    code = snippet(metrics, recipe, own_code=own_code, inputs=inputs)
    example = {"inputs": inputs, "reference": reference, "code": code, "output": None}
    if recipe.get("method") == Method.ZERO_SHOT:
        return example | {name: columns[name][row] for name in ("prediction", "probability")}
    runnable = snippet(metrics, recipe, own_code=own_code, inputs=inputs, model=str(folder.resolve()))
    return example | {"output": execute_snippet(runnable)}


def execute_snippet(code: str) -> str | None:
    """What lines of Python print; None, with a warning, where they fail.

    They are our own lines: what comes from data stands in them as literals. They run in this process, which has
    everything loaded (a new one takes seconds to get there), and open the model with the library's functions alone.
    A model of ours is opened by the code that was copied into its folder's files, without looking for others: so
    nothing is asked, and nothing is written to the library's cache of code.
    """
    printed, ignored = io.StringIO(), io.StringIO()
    code = code.replace(", trust_remote_code=True)", ", trust_remote_code=False)")
    with tempfile.TemporaryDirectory() as scratch:
        script = Path(scratch) / "snippet.py"
        script.write_text(code, encoding="utf-8")
        try:
            with quiet_library(), redirect_stdout(printed), redirect_stderr(ignored):
                runpy.run_path(str(script))
        except Exception as error:  # whatever it is, the run is done and its card says nothing of an output
            warn(f"the lines of the card could not be run, so it shows no output: {' '.join(str(error).split())[:200]}")
            return None
    return printed.getvalue().rstrip("\n")


def _first_short(columns: Mapping[str, Sequence[Any]], metrics: Mapping[str, Any]) -> tuple[int, dict[str, str]] | None:
    """The first row that can be shown, whatever the model makes of it."""
    pairs = columns.get("text_pair")
    for row, text in enumerate(columns["text"]):
        inputs = _inputs(text, None if pairs is None else pairs[row], metrics)
        if inputs is not None and all(map(_can_be_shown, inputs.values())):
            return row, inputs
    return None


def _inputs(text: str, pair: str | None, metrics: Mapping[str, Any]) -> dict[str, str] | None:
    """What the model is given of a row."""
    if metrics["task"] == Task.FILL_MASK:
        part = _beginning(text, _AROUND_A_MASK)
        words = list(_WORD.finditer(part))
        if not words:
            return None
        middle = words[len(words) // 2]
        return {"text": f"{part[: middle.start()]}<mask>{part[middle.end() :]}"}
    if metrics["task"] == Task.TEXT_GENERATION and metrics["family"] == Family.DECODER:
        return {"text": _beginning(text, _BEFORE_THE_REST)}
    return {"text": text} if pair is None else {"text": text, "text_pair": pair}


def _beginning(text: str, n_words: int) -> str:
    return " ".join(text.split()[:n_words])


def _can_be_shown(text: str) -> bool:
    """Short, on one line, not blank, and of characters that a file can hold."""
    return bool(text.strip()) and text.isprintable() and len(text) <= SHORT
