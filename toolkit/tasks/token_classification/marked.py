"""Texts with their entities marked: parts and colours for a page, one line for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

NOTHING = "none"

_GOLDEN_ANGLE = 137.5  # of a circle; colours that follow each other are far apart, however many there are


def parts_of(text: str, entities: Sequence[Mapping[str, Any]]) -> list[tuple[str, str | None]]:
    """Return a text in parts, each with the label of its entity, or None.

    Args:
        text: perhaps cut at its end.
        entities: ``start``, ``end`` and ``label`` of each, in their order and apart.
    """
    parts: list[tuple[str, str | None]] = []
    position = 0
    for entity in entities:
        parts += [(text[position : entity["start"]], None), (text[entity["start"] : entity["end"]], entity["label"])]
        position = entity["end"]
    return [part for part in (*parts, (text[position:], None)) if part[0]]


def hues_of(labels: Sequence[str]) -> dict[str, int]:
    """Return a hue, in degrees, for each label."""
    return {label: round(210 + index * _GOLDEN_ANGLE) % 360 for index, label in enumerate(labels)}


def spelt(entities: Sequence[Mapping[str, Any]]) -> str:
    """Return entities as ``Ann (PER), Rome (LOC)``."""
    return ", ".join(f"{each['text']} ({each['label']})" for each in entities) or NOTHING
