"""Rows with several inputs, such as a context and a question, which a prompt puts together.

In a prepared table their column is ``inputs``: a JSON object of texts by the names of their gaps in the prompt.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from toolkit.data.normalise import clean_text, is_blank
from toolkit.data.tables import Table
from toolkit.errors import RecipeError, explain
from toolkit.recipe.prompts import filled

INPUTS = "inputs"
"""The column of rows with several inputs."""

TARGET = "target"

MOST_CHARACTERS_A_TOKEN = 32
"""Average over a text, at most; text beyond it cannot fit and is not tokenized."""


def inputs_among(columns: Sequence[str | None]) -> tuple[str, ...]:
    """Return the columns that are put together: those before ``target``, unless that is one of its usual companions.

    Args:
        columns: the task's own names of the columns to read.
    """
    *before, last = columns
    is_usual = len(before) < 2 and before in ([], ["source"], ["messages"])
    return () if last != TARGET or is_usual else tuple(str(name) for name in before)


def join_inputs(table: Table, names: Sequence[str]) -> Table:
    """Return a table whose inputs are one column, `INPUTS`; a row in which all of them are blank is blank.

    Args:
        table: with these columns, under the names of the gaps.
        names: of the gaps.
    """
    columns = zip(*(table.columns[name] for name in names), strict=True)
    cells = [_cell(dict(zip(names, map(clean_text, of_row), strict=True))) for of_row in columns]
    others = {name: column for name, column in table.columns.items() if name not in names}
    return replace(table, columns={INPUTS: cells, **others})


def inputs_in(cell: str) -> dict[str, str]:
    """Return the texts of a cell of `INPUTS` by the names of their gaps."""
    found: dict[str, str] = json.loads(cell or "{}")
    return found


def shown_inputs(cell: str) -> str:
    """Return the texts of a cell of `INPUTS` for people, a line each."""
    return "\n".join(text for text in inputs_in(cell).values() if text)


def asked(prompt: str | None, inputs: Mapping[str, str]) -> str:
    """Return a prompt with its inputs; without a prompt they stand beneath each other."""
    return "\n".join(inputs.values()) if prompt is None else filled(prompt, inputs)


def fitted(texts: Mapping[str, str], size: Callable[[Mapping[str, str]], int], room: int) -> dict[str, str] | None:
    """Cut texts at their ends, the longest one first, so that a prompt fits; the template is not cut.

    Args:
        texts: by the name of their gap.
        size: returns the number of tokens of the prompt with some texts.
        room: limit of that number.

    Returns:
        The texts, or None if not even the template fits.
    """
    kept = dict(texts)
    if size(kept) <= room:
        return kept
    for name in sorted(texts, key=lambda name: -len(texts[name])):
        text = texts[name][: room * MOST_CHARACTERS_A_TOKEN]

        def size_with(n_characters: int, name: str = name, text: str = text) -> int:
            return size({**kept, name: text[:n_characters]})

        n_kept = bisect_right(range(len(text) + 1), room, key=size_with) - 1
        kept[name] = text[: max(n_kept, 0)]
        if n_kept >= 0:
            return kept
    return None


def fitted_inputs(inputs: Mapping[str, str], size: Callable[[Mapping[str, str]], int], room: int) -> dict[str, str]:
    """Return inputs that fit into a prompt; arguments as of `fitted`.

    Raises:
        RecipeError: not even the prompt fits.
    """
    kept = fitted(inputs, size, room)
    if kept is None:
        n_alone = size(dict.fromkeys(inputs, ""))
        found = f"the prompt has {n_alone} tokens without its inputs, and there is room for {room}"
        raise RecipeError(explain(found, fix="make it shorter, or raise data.max_length"), where="data.prompt")
    return kept


def _cell(inputs: Mapping[str, str]) -> str:
    return "" if all(map(is_blank, inputs.values())) else json.dumps(inputs, ensure_ascii=False)
