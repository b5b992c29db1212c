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
    """Return every sentence that is said by its own words; names, such as those of metrics, are not among them."""
    return {*_of_templates(), *_of_code()}


def _of_templates() -> set[str]:
    texts = [file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.jinja")]
    return {one or other for text in texts for one, other in _IN_TEMPLATES.findall(text)}


def _of_code() -> set[str]:
    files = [file for part in ("report", "tell") for file in (PACKAGE / part).rglob("*.py")]
    calls = [
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and node.args
    ]
    said = {text for call in calls if _name(call.func) in _SAYING for text in _texts(call.args[0])}
    counted = {text for call in calls if _name(call.func) == "count" for text in _texts(call.args[-1])}
    return said | {f"{{n}} {noun}" for noun in counted}


def _texts(node: ast.expr) -> set[str]:
    """Return the texts of an expression, which may choose between two."""
    return {each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)}


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
