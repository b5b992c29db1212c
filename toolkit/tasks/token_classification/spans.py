"""Spans of characters with a label, as files have them beside a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from toolkit.data.normalise import LONGEST_CHARACTERS, clean_label
from toolkit.files import json_value

FORM = '[{"start": 0, "end": 5, "label": "PER"}]'
_NAMES = (("start", "start_offset", "begin"), ("end", "end_offset"), ("label", "entity_group", "entity", "type", "tag"))
"""The names that files have for the parts of a span, the toolkit's own first."""


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
        cell: a JSON list of objects with ``start``, ``end`` and ``label``, or of lists ``[start, end, label]``; or an
            object of lists, as ``datasets`` keeps such a list.
        text: that the spans count in, as the file has it.

    Raises:
        SpanError: the cell is missing or has another form, or a span is empty, not inside the text, or across another.
    """
    spans = sorted(_trimmed(_parse(item), text) for item in _items(cell))
    for first, second in pairwise(spans):
        if second.start < first.end:
            raise SpanError("a span lies across another")
    return spans


def normalised(spans: Sequence[Span], text: str) -> list[Span]:
    """Return spans of a text as spans of its `clean_text`.

    Raises:
        SpanError: a span is cut off with the end of a long text, or begins or ends inside a character.
    """
    if any(span.end > LONGEST_CHARACTERS for span in spans):
        raise SpanError(f"a span lies behind the first {LONGEST_CHARACTERS:,} characters")
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return list(spans)
    whole = unicodedata.normalize("NFC", text)

    def moved(position: int) -> int:
        before, behind = (unicodedata.normalize("NFC", part) for part in (text[:position], text[position:]))
        if before + behind != whole:
            raise SpanError("a span begins or ends inside a character")
        return len(before)

    return [Span(moved(span.start), moved(span.end), span.label) for span in spans]


def _items(cell: str | None) -> list[Any]:
    if cell is None or not cell.strip():
        raise SpanError("no spans, not even [], which stands for a text without entities,")
    try:
        items = json_value(cell)
    except ValueError:
        items = None
    if isinstance(items, dict):
        items = _rows_of(items)
    if not isinstance(items, list):
        raise SpanError(f"spans are no list like {FORM}")
    return items


def _rows_of(columns: dict[str, Any]) -> list[list[Any]] | None:
    """Return the spans of an object of lists; None if it is none of equally long ones."""
    lists = _values(columns)
    if not all(isinstance(each, list) for each in lists) or len({len(each) for each in lists}) > 1:
        return None
    return [list(span) for span in zip(*lists, strict=True)]


def _values(named: dict[str, Any]) -> list[Any]:
    """Return the start, the end and the label, under whichever of their names."""
    return [next((named[name] for name in names if name in named), None) for names in _NAMES]


def _parse(item: Any) -> Span:
    values = _values(item) if isinstance(item, dict) else item
    if not isinstance(values, list) or len(values) != len(_NAMES):
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
