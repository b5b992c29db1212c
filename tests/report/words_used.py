"""The sentences that pages and slides say, found in templates and code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import toolkit

PACKAGE = Path(toolkit.__file__).parent
_IN_TEMPLATES = re.compile(r"""\b_\(\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')""")
_SAYING = {"say", "markup"}


def words_used() -> set[str]:
    """Return every sentence that is said by its own words; those of tables, such as the names of metrics, are others."""
    return {*_of_templates(), *_of_code()}


def _of_templates() -> set[str]:
    texts = [file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.jinja")]
    return {one or other for text in texts for one, other in _IN_TEMPLATES.findall(text)}


def _of_code() -> set[str]:
    found: set[str] = set()
    for file in [*PACKAGE.glob("report/**/*.py"), *PACKAGE.glob("tell/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in _SAYING and node.args:
                found |= {
                    each.value
                    for each in ast.walk(node.args[0])
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
            if (
                isinstance(node, ast.Call)
                and _name(node.func) == "count"
                and len(node.args) == 2
                and isinstance(node.args[1], ast.Constant)
            ):
                found.add("{n} " + str(node.args[1].value))
    return found


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
