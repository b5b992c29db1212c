"""Commands to type after a run."""

from __future__ import annotations

import shlex

from toolkit.names import Method
from toolkit.run_result import RunResult
from toolkit.tasks import room_of


def next_lines(result: RunResult, *, folder: str) -> list[str]:
    """Return commands that can be copied, and where to look.

    Args:
        result: of the run.
        folder: of the run.
    """
    commands = commands_of(result, folder=folder)
    return [f"  {line}" for line in [*commands, f"look at {folder}/report.html; the model is in {folder}/model"]]


def commands_of(result: RunResult, *, folder: str) -> list[str]:
    """Return commands that can be copied; the arguments are those of `next_lines`."""
    quoted, pages = shlex.quote(folder), room_of(result.task).pages
    inputs = "your-pairs.csv" if result.data.pairs else f'"{pages.input_words(result)}"'
    commands = [
        f"toolkit predict {quoted} {inputs}",
        f"toolkit evaluate {quoted} --data your-file.csv",
        *pages.further_commands(folder),
    ]
    if result.way is not Method.ZERO_SHOT:
        commands.append(f"toolkit push {quoted} your-name/your-model")
    return commands
