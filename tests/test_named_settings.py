"""Every option, command, recipe key and extra that the source names in a text for people exists."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import toolkit
from toolkit.cli.main import app
from toolkit.recipe import json_schema

ROOT = Path(toolkit.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]+")
COMMAND = re.compile(r"(?:`|^|next: |with: |: )toolkit ([a-z][a-z-]+)(?: (list|show|copy|check|schema)\b)?")
KEY = re.compile(r"(?<![\w./-])(data|model|training|evaluation|hub|features|zero_shot|tokenizer)\.([a-z_]+)(?![\w/(])")
EXTRA = re.compile(r"transfer-toolkit\[([a-z, ]+)\]")
OTHERS = {"--upgrade", "--constraint", "--no-deps", "--force-reinstall", "--local-dir"}  # of pip and hf
NO_KEYS = (
    "json",
    "safetensors",
    "ggml",
    "gguf",
    "parquet",
    "pkl",
    "model",
    "onnx",
    "generate",
)  # of files, and a method


def _texts() -> Iterator[tuple[str, str]]:
    """Yield all texts of the source but docstrings, those with values in them with a gap for each."""
    for file in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
        }
        inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in ast.walk(tree):
            place = f"{file.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.JoinedStr):
                yield place, "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings | inner:
                yield place, node.value


TEXTS = list(_texts())


def _commands() -> dict[str, Any]:
    command: Any = typer.main.get_command(app)
    inner = {
        f"{name} {sub}": each
        for name, verb in command.commands.items()
        for sub, each in getattr(verb, "commands", {}).items()
    }
    return {**command.commands, **inner}


def _named(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Match[str]]]:
    return ((place, found) for place, text in TEXTS for found in pattern.finditer(text))


def test_options():
    known = {
        option
        for each in _commands().values()
        for parameter in each.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    known |= {"--help", "--version", "--debug", "--wide", "--install-completion"} | OTHERS
    found = [(place, match[0]) for place, match in _named(OPTION)]
    assert len(found) > 100
    assert [each for each in found if each[1] not in known] == []


def test_commands():
    found = [(place, " ".join(filter(None, match.groups()))) for place, match in _named(COMMAND)]
    assert len(found) > 20
    assert [each for each in found if each[1] not in _commands()] == []


OTHER_KEYS = ("hub/card/", "workflow/peers/autotrain.py")
"""Where keys of a card and of AutoTrain look like those of recipes."""


def _keys(schema: dict[str, Any], section: str) -> set[str]:
    part = schema["properties"][section]
    for option in (part, *part.get("anyOf", ()), *part.get("oneOf", ())):
        option = schema["$defs"][option["$ref"].rpartition("/")[2]] if "$ref" in option else option
        if "properties" in option:
            return set(option["properties"])
    raise AssertionError(section)


def test_recipe_keys():
    schema = json_schema()
    found = [
        (place, match[1], match[2])
        for place, match in _named(KEY)
        if match[2] not in NO_KEYS and not match[2].endswith("_id") and not place.startswith(OTHER_KEYS)
    ]
    assert len(found) > 40
    assert [each for each in found if each[2] not in _keys(schema, each[1])] == []


def test_extras():
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = [(place, name.strip()) for place, match in _named(EXTRA) for name in match[1].split(",")]
    assert found
    assert [each for each in found if each[1] not in project["optional-dependencies"]] == []


@pytest.mark.parametrize("name", ["--text-column", "data.max_length", "toolkit fine-tune"])
def test_the_walk_sees_what_it_should(name: str):
    assert any(name in text for _, text in TEXTS)
