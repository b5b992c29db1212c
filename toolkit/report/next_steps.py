"""What to type after a run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from toolkit.names import Family, Method, Task
from toolkit.report.label_facts import reads_pairs

_TEXTS = {
    Task.TRANSLATION: "your own sentence",
    Task.FILL_MASK: "your own text with a <mask>",
}


def next_lines(metrics: Mapping[str, Any], *, folder: str) -> list[str]:
    """Commands that can be copied, and where to look.

    Args:
        metrics: the content of ``metrics.json``.
        folder: the run folder.
    """
    quoted = shlex.quote(folder)
    asked = "your-pairs.csv" if reads_pairs(metrics) else f'"{_text(metrics)}"'
    lines = [
        f"  toolkit predict {quoted} {asked}",
        f"  toolkit evaluate {quoted} --data your-file.csv",
    ]
    if metrics["task"] == Task.FILL_MASK:
        model = shlex.quote(f"model.name={folder}/model")
        lines.append(f"  toolkit fine-tune finetune-pretrained {model}")
    if metrics["method"] != Method.ZERO_SHOT:
        lines.append(f"  toolkit push {quoted} your-name/your-model")
    return [*lines, f"  look at {folder}/report.html; the model is in {folder}/model"]


def _text(metrics: Mapping[str, Any]) -> str:
    """A text of the kind that the model takes."""
    if metrics["task"] == Task.TEXT_GENERATION:
        return "your own question" if metrics["family"] == Family.ENCODER_DECODER else "the beginning of a text"
    return next((text for task, text in _TEXTS.items() if metrics["task"] == task), "your own text")
