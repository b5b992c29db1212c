"""The Python files that a model's configuration names, with all that they import from beside themselves."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit.errors import Fault, IntegrityError
from toolkit.files import read_json

_NAMING = ("config.json", "tokenizer_config.json", "processor_config.json", "preprocessor_config.json")


def code_files(folder: Path) -> list[str]:
    """Return the names of the files in a model's folder that its ``auto_map`` needs.

    Raises:
        IntegrityError: a file that is named or imported is not there, is no Python, or is in another repository.
    """
    found: list[str] = []
    faults: list[Fault] = []
    waiting = [(module, naming) for naming in _NAMING for module in _named(folder / naming)]
    while waiting:
        module, named_by = waiting.pop()
        file = folder / f"{module}.py"
        if file.name in found:
            continue
        if not module.isidentifier() or not file.is_file():
            faults.append(Fault(f"{named_by} names the code {module!r}, which is not beside it", where=str(folder)))
            continue
        found.append(file.name)
        try:
            waiting += [(imported, file.name) for imported in _imported(file)]
        except (SyntaxError, ValueError) as error:
            faults.append(Fault(f"this is no Python: {error}", where=str(file)))
    if faults:
        raise IntegrityError(*dict.fromkeys(faults))
    return sorted(found)


def _named(config: Path) -> Iterator[str]:
    """Yield the modules of an ``auto_map``: ``module.Class``, of tokenizers a list of two with None among them."""
    if not config.is_file():
        return
    try:
        auto_map = read_json(config).get("auto_map") or {}
    except (ValueError, AttributeError) as error:
        raise IntegrityError("this is no JSON object", where=str(config)) from error
    references: list[Any] = list(auto_map.values()) if isinstance(auto_map, dict) else [auto_map]
    for reference in references:
        for one in reference if isinstance(reference, list) else [reference]:
            if one is not None:
                yield str(one).rpartition(".")[0]


def _imported(file: Path) -> Iterator[str]:
    """Yield the modules beside a file that it imports: ``from .module import name``."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            yield node.module.partition(".")[0]
