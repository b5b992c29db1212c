"""Names that the hub knows of licences, languages and tasks; the names are in ``card_known.yaml``."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from toolkit.errors import explain

_LANGUAGE = re.compile(r"(?P<code>[a-z]{2,3})(-[A-Za-z0-9]{2,8})*")
_NO_LANGUAGE = frozenset({"code", "multilingual"})


def licence_fault(licence: Any) -> str | None:
    """Return what is wrong with a licence, in one line, or None."""
    return _fault(licence, "licences", "the licence {!r} is none of the hub's ids")


def task_fault(task: Any) -> str | None:
    """Return what is wrong with a ``pipeline_tag``, in one line, or None."""
    return _fault(task, "pipeline_tags", "{!r} is no task of the hub")


def language_fault(language: Any) -> str | None:
    """Return what is wrong with the code of a language, in one line, or None.

    Of the codes of two letters (ISO 639-1) each one is known; of those of three (ISO 639-3) the shape is checked.
    """
    shape = _LANGUAGE.fullmatch(language) if isinstance(language, str) else None
    known = shape is not None and (len(shape["code"]) == 3 or shape["code"] in names("languages"))
    if known or language in _NO_LANGUAGE:
        return None
    return f"{language!r} is no code of a language; ISO 639 has codes such as en, ko, de"


@cache
def names(kind: str) -> tuple[str, ...]:
    """Return all names that the hub knows of a kind: ``licences``, ``languages`` or ``pipeline_tags``."""
    known = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return tuple(known[kind].split())


def _fault(name: Any, kind: str, found: str) -> str | None:
    if isinstance(name, str) and name in names(kind):
        return None
    return explain(found.format(name), allowed=names(kind), name=str(name).lower())
