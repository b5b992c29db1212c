"""The names of several labels in one cell, in the spellings of JSON, of Python, of NumPy, and with a separator."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from toolkit.data.labels.spelling import class_name
from toolkit.data.normalise import SEPARATORS, clean_label
from toolkit.files import json_value

_CALL = re.compile(r"(?:frozenset|set|list|tuple|array|tensor)\((.*?)(?:,\s*dtype=[\w.]+)?\)", re.DOTALL)
_SCALAR = re.compile(r"\bnp\.\w+\(((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^()'\"]+))\)")
_ITEM = re.compile(
    r"""(?:(?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<bare>-?[0-9.][0-9.eE+-]*|True|False|None|nan|NaN|null))
    \s*(?::\s*(?P<flag>[\w.]+)\s*)?""",
    re.VERBOSE,
)
_BETWEEN = re.compile(r"\s*,\s*|\s+")
_REMNANT = re.compile(r"""^\s*[\[({]+\s*['"]|['"]\s*[\])}]+\s*$|^\[|\]$""")
_FRACTION = re.compile(r"-?[0-9]*\.[0-9]*[1-9][0-9]*")
_FLAGS = {"1": 1, "1.0": 1, "1.": 1, "true": 1, "0": 0, "0.0": 0, "0.": 0, "false": 0}
_MISSING = frozenset({"None", "nan", "NaN", "null"})


def names_in(cell: str | None, *, separator: str) -> list[str]:
    """Return the names in a cell, each in the form of `class_name`; a missing or blank cell has none.

    Args:
        cell: a list in JSON or in Python's or NumPy's spelling, or names with a separator.
        separator: the separator of names that are no list; see `label_separator`.

    Raises:
        ValueError: the cell looks like a list, and is not one of names.
    """
    text = clean_label(cell)
    listed = _listed(text)
    names = _unquoted(text.split(separator)) if listed is None else listed
    cleaned = [name for name in map(class_name, names) if name]
    if listed is None and any(map(_REMNANT.search, cleaned)):
        raise ValueError(f"{text[:40]!r} looks like part of a list")
    if listed is not None and any(map(_FRACTION.fullmatch, cleaned)):
        raise ValueError(f"{text[:40]!r} has numbers with fractions, which are no names")
    return cleaned


def label_separator(cells: Iterable[str | None]) -> str:
    """Return the separator of a whole column: the first of `SEPARATORS` that is in a cell that is no list.

    All cells have the same separator. So ``arts, culture;sport`` makes the comma part of a name in all other rows too.
    """
    found = {
        separator
        for cell in cells
        if cell and not _looks_listed(cell.strip())
        for separator in SEPARATORS
        if separator in cell
    }
    return next((separator for separator in SEPARATORS if separator in found), SEPARATORS[0])


def vector_in(cell: str | None) -> list[int] | None:
    """Return the numbers of a cell that has two or more of them, all 0 or 1; None for any other cell."""
    text = _without_call(clean_label(cell))
    if text[:1] in ("[", "(") and text[-1:] in ("]", ")"):
        text = text[1:-1]
    parts = [part.strip("'\"").lower() for part in re.split(r"[\s,;|]+", text.strip()) if part]
    if len(parts) < 2 or not all(part in _FLAGS for part in parts):
        return None
    return [_FLAGS[part] for part in parts]


def flag_in(cell: str | None) -> int | None:
    """Return the 0 or 1 that a cell holds, also as a truth value; None for any other cell."""
    return _FLAGS.get(clean_label(cell).lower())


def _unquoted(names: list[str]) -> list[str]:
    """Return names without the quotes around them, if all of them have some."""
    stripped = [name.strip() for name in names if name.strip()]
    quoted = all(len(name) > 1 and name[0] == name[-1] and name[0] in "'\"" for name in stripped)
    return [name[1:-1] for name in stripped] if quoted else names


def _without_call(text: str) -> str:
    call = _CALL.fullmatch(text)
    return text if call is None else call[1].strip() or "[]"


def _looks_listed(text: str) -> bool:
    inner = text[1:-1].strip()
    if text.startswith("[") and text.endswith("]"):
        return True
    if _CALL.fullmatch(text):
        return True
    pair = text[:1] + text[-1:]
    # Words in parentheses, such as (none), are a name.
    is_python = not inner or inner[0] in "'\"" or inner.startswith("np.") or _ITEM.match(inner) is not None
    return len(text) > 1 and pair in ("()", "{}") and is_python


def _listed(text: str) -> list[str] | None:
    """Return the items of a list in any spelling; None for a text that is no list."""
    if not _looks_listed(text):
        return None
    text = _without_call(text)
    try:
        items = json_value(text, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    except ValueError:
        return _python_items(_SCALAR.sub(r"\1", text)[1:-1].strip())
    if isinstance(items, dict):
        return [name for name, flag in items.items() if _flag(str(flag))]
    if not isinstance(items, list) or not all(item is None or isinstance(item, str | bool) for item in items):
        raise ValueError(f"{text[:40]!r} is not a list of names")
    return ["" if item is None else str(item) for item in items]


def _python_items(text: str) -> list[str]:
    """Return the items between the brackets of a list, a tuple, a set, an array, or a dict of 0 and 1."""
    items, position = [], 0
    while position < len(text):
        match = _ITEM.match(text, position)
        if match is None:
            raise ValueError(f"{text[position : position + 40]!r} is not a list of names")
        if match["flag"] is None or _flag(match["flag"]):
            items.append(_value(match))
        position = match.end()
        between = _BETWEEN.match(text, position)
        # NumPy writes white space between items, which the pattern of an item takes along.
        if between is not None:
            position = between.end()
        elif position < len(text) and not text[position - 1].isspace():
            raise ValueError(f"{text[:40]!r} has no comma between its items")
    return items


def _flag(word: str) -> int:
    if word.lower() not in _FLAGS:
        raise ValueError(f"{word[:40]!r} is neither 0 nor 1")
    return _FLAGS[word.lower()]


def _value(match: re.Match[str]) -> str:
    if match["quoted"] is None:
        return "" if match["bare"] in _MISSING else match["bare"].removesuffix(".")
    try:
        name = str(ast.literal_eval(match["quoted"]))
        name.encode("utf-8")  # half a surrogate pair is no name
        return name
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{match['quoted'][:40]!r} is not a text in quotes") from error
