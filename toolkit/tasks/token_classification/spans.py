"""Spans of characters with a label, as files have them beside a text."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from toolkit.data.normalise import LONGEST_CHARACTERS, clean_label

FORM = '[{"start": 0, "end": 5, "label": "PER"}]'
_KEYS = ("start", "end", "label")


class Span(NamedTuple):
    """Characters ``start`` to ``end`` (which is not among them) with a label."""

    start: int
    end: int
    label: str


class SpanError(ValueError):
    """A cell is no list of spans of its text; the message says why."""


def read_spans(cell: str | None, text: str) -> list[Span]:
    """Return the spans of a cell, in their order in the text, without the blanks around them.

    Args:
        cell: a JSON list of objects with ``start``, ``end`` and ``label``, or of lists ``[start, end, label]``; a
            missing one has no spans.
        text: that the spans count in, as the file has it.

    Raises:
        SpanError: the cell has another form, or a span is empty, not inside the text, or across another.
    """
    spans = sorted(_trimmed(_parse(item), text) for item in _items(cell))
    for first, second in pairwise(spans):
        if second.start < first.end:
            raise SpanError("a span lies across another")
    return spans


def normalised(spans: Sequence[Span], text: str) -> list[Span]:
    """Return spans of a text as spans of its `clean_text`.

    Raises:
        SpanError: a span is cut off with the end of a long text, or is a part of a character.
    """
    if any(span.end > LONGEST_CHARACTERS for span in spans):
        raise SpanError(f"a span lies behind the first {LONGEST_CHARACTERS:,} characters")
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return list(spans)

    def moved(position: int) -> int:
        return len(unicodedata.normalize("NFC", text[:position]))

    kept = [Span(moved(span.start), moved(span.end), span.label) for span in spans]
    if any(span.start >= span.end for span in kept):
        raise SpanError("a span is a part of a character")
    return kept


def _items(cell: str | None) -> list[Any]:
    if cell is None or not cell.strip():
        return []
    try:
        items = json.loads(cell)
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise SpanError(f"spans are no list like {FORM}")
    return items


def _parse(item: Any) -> Span:
    values = [item.get(key) for key in _KEYS] if isinstance(item, dict) else item
    if not isinstance(values, list) or len(values) != len(_KEYS):
        raise SpanError(f"a span has another form than {FORM}")
    start, end, label = values
    if not (_is_integer(start) and _is_integer(end) and isinstance(label, str) and clean_label(label)):
        raise SpanError(f"a span has another form than {FORM}")
    return Span(int(start), int(end), clean_label(label))


def _is_integer(value: Any) -> bool:
    # The readers of JSON keep numbers as the file spells them.
    return (
        isinstance(value, int | str) and not isinstance(value, bool) and str(value).isascii() and str(value).isdigit()
    )


def _trimmed(span: Span, text: str) -> Span:
    if not span.start < span.end <= len(text):
        raise SpanError("a span is empty or not inside its text")
    inside = text[span.start : span.end]
    start = span.start + len(inside) - len(inside.lstrip())
    end = span.start + len(inside.rstrip())
    if start >= end:
        raise SpanError("a span is empty or not inside its text")
    return Span(start, end, span.label)
