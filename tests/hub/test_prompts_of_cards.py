"""The lines of card and demo put a row into its prompt as training does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from toolkit.hub.card.usage import snippet
from toolkit.names import Family, Task
from toolkit.recipe import Recipe, build_recipe
from toolkit.run_result import RunResult
from toolkit.tasks import room_of
from toolkit.tasks.pages import GAP

ROW = {"context": '{question} "', "question": "한국어"}


def recipe(prompt: str, **columns: str) -> Recipe:
    """Return a recipe with a prompt."""
    data = {"source": "rows.jsonl", "columns": columns, "prompt": prompt}
    return build_recipe({"task": "text-generation", "model": {"name": "m"}, "method": "full", "data": data})


def result_of(metrics: dict[str, Any], family: Family) -> RunResult:
    """Return a result of a model that answers."""
    return replace(RunResult.from_json(metrics), task=Task.TEXT_GENERATION, family=family)


def value_of(line: str, **known: Any) -> str:
    """Return what a line that sets ``text`` gives."""
    names = dict(known)
    exec(line, names)
    return str(names["text"])


@pytest.mark.parametrize("family", [Family.DECODER, Family.ENCODER_DECODER])
def test_columns_are_put_together(family: Family, metrics: dict[str, Any]) -> None:
    made, result = recipe("{context} : {question} !"), result_of(metrics, family)
    lines = snippet(result, made, own_code=False).splitlines()
    assert f'row = {{"context": "{GAP}", "question": "{GAP}"}}' in lines
    (text,) = (line for line in lines if line.startswith("text = "))
    assert value_of(text, row=ROW) == '{question} " : 한국어 !'
    row, text, *_ = room_of(result.task).pages.demo(result, made).lines
    assert row == "row = {row}"
    assert value_of(text, row=ROW) == '{question} " : 한국어 !'


def test_a_demo_puts_a_source_into_its_prompt(metrics: dict[str, Any]) -> None:
    made, result = recipe("sum up: {source}", source="body"), result_of(metrics, Family.DECODER)
    text, *_ = room_of(result.task).pages.demo(result, made).lines
    assert value_of(text, text="a {source}") == "sum up: a {source}"
