"""A model card checked before a byte of it is sent: what the hub would refuse, misread or show to everybody.

The hub has no check that works without it (``RepoCard.validate`` is a request), and takes what should not be there: any
text as a licence, NaN as a result, a folder of this machine as the base model.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import yaml

from toolkit.errors import Fault, explain
from toolkit.hub.card.known import language_fault, licence_fault, task_fault

RELATIONS = ("adapter", "merge", "quantized", "finetune")

# The same expression as the hub's own library has: what stands before the text of a card.
_FRONT_MATTER = re.compile(r"^(\s*---(?:\r\n|\r|\n))([\S\s]*?)((?:\r\n|\r|\n)---[ \t]*(\r\n|\n|$))")
_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
_DATA_SET = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
_MARKUP = re.compile(r"</?[a-z!][^>]*>?", re.IGNORECASE)
_OUR_MARKUP = re.compile(r"</?(details|summary)>|<!--[^>]*-->")
_OF_MACHINE = re.compile(r"(?<![\w/.])(/(home|Users)/[^\s/`'\"]+|/root)/|\b[A-Za-z]:\\Users\\")
_CODE = re.compile(
    r"^(?P<fence>`{3,}).*?^(?P=fence)`*[ \t]*$|(?<![`\\])(?P<span>`+)(?!`).+?(?<!`)(?P=span)(?!`)", re.M | re.S
)


def check_card(text: str) -> tuple[Fault, ...]:
    """Return all faults of a card, those of its metadata first; none for a sound card.

    Args:
        text: the card, with its front matter between ``---``.
    """
    found = _FRONT_MATTER.match(text)
    if found is None:
        return (Fault("has no front matter: metadata between two lines ---", "card"),)
    body = text[found.end() :]
    try:
        metadata = yaml.safe_load(found[2])
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        return (Fault(_broken(error), "card metadata"), *_body_faults(body))
    if not isinstance(metadata, dict):
        return (Fault("is no mapping of keys to values", "card metadata"), *_body_faults(body))
    return (*_metadata_faults(metadata), *_body_faults(body))


def _broken(error: Exception) -> str:
    problem = getattr(error, "problem", None) or str(error)
    line = getattr(getattr(error, "problem_mark", None), "line", None)
    place = "" if line is None else f"line {line + 1}: "
    # What numpy's numbers become in YAML is a call of Python's.
    hint = "; a value there is no plain text or number" if "python" in problem else ""
    return f"is not plain YAML: {place}{problem}{hint}"


def _metadata_faults(metadata: Mapping[str, Any]) -> Iterator[Fault]:
    for path, value in _leaves(metadata):
        fault = _leaf_fault(value)
        if fault:
            yield Fault(fault, f"card metadata {path}")
    for path, fault in _known_keys(metadata):
        yield Fault(fault, f"card metadata {path}")


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every key, and every value that is no list and no mapping, with its path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            below = f"{path}.{key}".strip(".")
            yield below, key
            yield from _leaves(inner, below)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(inner, f"{path}[{place}]")
    else:
        yield path, value


def _leaf_fault(value: Any) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"the number {value} is not finite; leave it out"
    if not isinstance(value, str):
        plain = value is None or isinstance(value, (bool, int, float, datetime.date))
        return None if plain else f"{value!r} is no text or number"
    if _is_local(value):
        return f"{value!r} is a path of this machine; name it by its hub id or leave it out"
    if _MARKUP.search(value):
        return f"{value!r} holds HTML; take it out"
    if "\n" in value or value.strip().startswith("---"):
        return f"{value!r} holds a line break or ---, which ends the metadata; take it out"
    return None


def _is_local(value: str) -> bool:
    absolute = PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute()
    return absolute or value.startswith(("./", "../", "~", ".\\", "..\\")) or bool(_OF_MACHINE.search(value))


def _known_keys(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the path and the fault of each key whose values are fixed."""
    fixed = {"license": licence_fault, "language": language_fault, "pipeline_tag": task_fault}
    fixed |= {"base_model": _model_fault, "base_model_relation": _relation_fault, "datasets": _data_fault}
    for key, fault_of in fixed.items():
        for value in _as_list(metadata.get(key)):
            fault = fault_of(value)
            if fault:
                yield key, fault
    yield from _result_faults(metadata)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _relation_fault(relation: Any) -> str | None:
    return None if relation in RELATIONS else explain(f"{relation!r} is no relation", allowed=RELATIONS)


def _model_fault(name: Any) -> str | None:
    if isinstance(name, str) and _HUB_ID.fullmatch(name):
        return None
    return f"{name!r} is no hub id org/name; only models of the hub are named here"


def _data_fault(name: Any) -> str | None:
    if isinstance(name, str) and _DATA_SET.fullmatch(name):
        return None
    return f"{name!r} is no data set of the hub"


def _result_faults(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Find what the hub's own library would drop silently: results without a task, a data set or a number."""
    for model in _as_list(metadata.get("model-index")):
        results = model.get("results") if isinstance(model, Mapping) else None
        if not isinstance(results, list) or not model.get("name"):
            yield "model-index", "each model has a name and a list of results"
            continue
        for result in results:
            yield from _entry_faults(result if isinstance(result, Mapping) else {})


def _entry_faults(result: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for part, needed in {"task": ("type",), "dataset": ("type", "name")}.items():
        held = result.get(part)
        lacking = [key for key in needed if not (isinstance(held, Mapping) and held.get(key))]
        if lacking:
            yield f"model-index.{part}", f"lacks {' and '.join(lacking)}"
    for metric in _as_list(result.get("metrics")):
        value = metric.get("value") if isinstance(metric, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            yield "model-index.metrics", f"the value {value!r} is no number; leave out what is not defined"


def _body_faults(body: str) -> Iterator[Fault]:
    """Yield faults of markup that is not ours, outside of code, and of folders of this machine anywhere."""
    prose = _OUR_MARKUP.sub("", _CODE.sub("", body))
    markup = _MARKUP.search(prose)
    if markup:
        yield Fault(f"holds the HTML {markup[0]!r}; write &lt; for <", "card text")
    path = _OF_MACHINE.search(body)
    if path:
        yield Fault(f"names a folder of this machine ({path[0]}…); take it out", "card text")
