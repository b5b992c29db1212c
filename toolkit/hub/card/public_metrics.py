"""The figures of a run as they may be shown: without the folders of the machine that they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from toolkit.hub.card.names import BESIDE, is_full_path

_NAMING = ("model", "data")


def public_metrics(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``metrics.json``, with the names of files and folders where their full paths were.

    Args:
        metrics: as it stands in the run folder; its figures stay as they are.
    """
    named = {key: metrics[key] for key in _NAMING if key in metrics}
    paths = {part for text in _texts(named) for part in text.split(BESIDE) if is_full_path(part)}
    return {**metrics, **_shortened(named, sorted(paths, key=len, reverse=True))}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _shortened(value: Any, paths: list[str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _shortened(inner, paths) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner, paths) for inner in value]
    if isinstance(value, str):
        for path in paths:
            value = value.replace(path, PurePosixPath(path.replace("\\", "/")).name)
    return value
