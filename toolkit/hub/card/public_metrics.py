"""A result without the folders of the machine that it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from toolkit.hub.card.names import BESIDE, is_full_path
from toolkit.run_result import RunResult


def public_metrics(result: RunResult) -> RunResult:
    """Replace full paths in the names of model and data by their last parts; figures stay as they are.

    Args:
        result: of the run.
    """
    data = result.data
    named = [result.model, data.source, *data.warnings]
    found = {part for text in named for part in text.split(BESIDE) if is_full_path(part)}
    paths = sorted(found, key=len, reverse=True)
    warnings = tuple(_shortened(line, paths) for line in data.warnings)
    public = replace(data, source=_shortened(data.source, paths), warnings=warnings)
    return replace(result, model=_shortened(result.model, paths), data=public)


def _shortened(text: str, paths: Sequence[str]) -> str:
    for path in paths:
        text = text.replace(path, PurePosixPath(path.replace("\\", "/")).name)
    return text
