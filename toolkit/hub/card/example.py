"""The example of a card: a short text of the test split, and the output of the card's own lines."""

from __future__ import annotations

import io
import runpy
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from toolkit.adapters.quiet import quiet_library
from toolkit.hub.card.usage import brings_code, is_asked, snippet
from toolkit.progress import warn
from toolkit.recipe import Recipe
from toolkit.run_result import Example, RunResult
from toolkit.tasks import room_of

SHORT = 200
"""Characters of a text that is short enough to be shown."""


def make_example(
    result: RunResult,
    recipe: Recipe,
    columns: Mapping[str, Sequence[Any]],
    *,
    folder: Path,
    model_config: Mapping[str, Any] | None,
) -> Example | None:
    """Make the example with the saved model; return None where no test row is fit to be shown.

    Its code names the model `toolkit.hub.card.usage.FOLDER`. The example of an untrained model is not run: it has
    the run's own answer.

    Args:
        result: of the run, without its example.
        recipe: of the run.
        columns: of the predictions: ``text`` and what else there is.
        folder: of the saved model.
        model_config: its ``config.json``.
    """
    found = _first_short(columns, result)
    if found is None:
        return None
    row, inputs = found
    reference = columns["reference"][row] if "reference" in columns else None
    own_code = brings_code(recipe, model_config)
    code = snippet(result, recipe, own_code=own_code, inputs=inputs)
    if is_asked(recipe):
        answer = {name: columns[name][row] for name in ("prediction", "probability") if name in columns}
        return Example(inputs=inputs, reference=reference, code=code, **answer)
    if result.is_adapter:  # only the hub has a name for its base model that the lines could use
        return Example(inputs=inputs, reference=reference, code=code)
    runnable = snippet(result, recipe, own_code=own_code, inputs=inputs, model=str(folder.resolve()))
    return Example(inputs=inputs, reference=reference, code=code, output=execute_snippet(runnable))


def execute_snippet(code: str) -> str | None:
    """Run lines of Python and return what they print; None, with a warning, where they fail.

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


def _first_short(columns: Mapping[str, Sequence[Any]], result: RunResult) -> tuple[int, dict[str, str]] | None:
    """Return index and inputs of the first row that can be shown, whatever the model's answer is."""
    pairs, pages = columns.get("text_pair"), room_of(result.task).pages
    for row, text in enumerate(columns["text"]):
        part = pages.example_input(text, result)
        pair = {} if pairs is None or pairs[row] is None else {"text_pair": pairs[row]}
        if part is not None and all(map(_can_be_shown, (part, *pair.values()))):
            return row, {"text": part, **pair}
    return None


def _can_be_shown(text: str) -> bool:
    """Return whether a text is short, on one line, not blank, and of characters that a file can hold."""
    return bool(text.strip()) and text.isprintable() and len(text) <= SHORT
