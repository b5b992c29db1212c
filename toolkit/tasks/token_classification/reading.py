"""From a table to sentences: lists of words with tags, or texts with spans."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from toolkit.data.columns import pick_columns
from toolkit.data.normalise import clean_label, clean_text
from toolkit.data.readers_conll import LINES
from toolkit.data.tables import Table
from toolkit.errors import DataError, Fault
from toolkit.files import json_value
from toolkit.tasks.token_classification.entities import Entity, tags_of
from toolkit.tasks.token_classification.schemes import IOB2, OUTSIDE, Kind, find_scheme
from toolkit.tasks.token_classification.sentences import Sentence, Sentences
from toolkit.tasks.token_classification.spans import Span, SpanError, normalised, read_spans
from toolkit.tasks.token_classification.words import cut_words, join_words

WORDS, SPANS = ("tokens", "tags"), ("text", "spans")
"""The two forms of tagged sentences: an input column, and that of its references."""

_DASH = "-"


class Faults:
    """Rows of a table with something wrong, by what it is."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._rows: dict[str, list[int]] = {}

    def add(self, message: str, row: int) -> None:
        """Note a row."""
        self._rows.setdefault(message, []).append(row)

    def raise_if_any(self) -> None:
        """Raise all of them at once.

        Raises:
            DataError: there is one.
        """
        found: list[Fault] = [
            fault for message, rows in self._rows.items() for fault in self._table.faults(message, rows)
        ]
        if found:
            raise DataError(*found)


def form_of(table: Table, columns: Mapping[str, str], *, tagged: bool = True) -> tuple[str, str]:
    """Return the form that the rows of a table have: as the columns are named, else as they are there.

    Args:
        table: the data.
        columns: the data's name of a column by the task's name.
        tagged: whether a form needs its references; else a text is enough.
    """

    def has(name: str) -> bool:
        return columns.get(name, name) in table.columns

    if "spans" in columns or (not tagged and "text" in columns and has("text")) or (has("spans") and not has("tags")):
        return SPANS
    is_named = tagged and not columns.keys().isdisjoint(WORDS)
    return WORDS if is_named or has("tokens") or not has("text") else SPANS


def pick_tagged(table: Table, columns: Mapping[str, str], *, tagged: bool = True) -> Table:
    """Return the columns of one of the two forms, and ``id`` if it is there.

    Args:
        table: the data.
        columns: the data's name of a column by the task's name.
        tagged: whether tags or spans must be there; else they are taken if they are.

    Raises:
        DataError: a column is missing, or holds neither text nor lists.
    """
    columns = _named_as_lists(table, columns)
    source, reference = form_of(table, columns, tagged=tagged)
    lists = {columns.get(name, name) for name in (*WORDS, "spans")}
    texts = {name: content for name, content in table.not_text.items() if name not in lists or content == "bytes"}
    needed, optional = ([source, reference], ["id", LINES]) if tagged else ([source], ["id", LINES, reference])
    return pick_columns(replace(table, not_text=texts), columns=columns, needed=needed, optional=optional)


def _named_as_lists(table: Table, columns: Mapping[str, str]) -> Mapping[str, str]:
    """Return names of columns in which ``text`` and ``spans`` are ``tokens`` and ``tags`` where the data has lists.

    ``--text-column`` names the input and ``--label-column`` its reference, whatever their form.
    """
    text, words = columns.get("text", "text"), columns.get("tokens", "tokens")
    if "text" in columns and _holds_lists(table, text):
        words = text
    elif "spans" not in columns or text in table.columns or words not in table.columns:
        return columns
    others = {name: column for name, column in columns.items() if name not in SPANS}
    return others | {"tokens": words} | ({"tags": columns["spans"]} if "spans" in columns else {})


def _holds_lists(table: Table, column: str) -> bool:
    if column in table.not_text or column not in table.columns:
        return table.not_text.get(column) == "lists"
    first = next((cell for cell in table.columns[column] if cell and cell.strip()), "")
    return first.startswith("[") and _items(first) is not None


def read_sentences(table: Table) -> Sentences:
    """Return the rows of a table that `pick_tagged` gave.

    Raises:
        DataError: cells that are missing or no lists, words and tags of unlike number, an empty word or tag, or spans
            that are no spans of their text; with their lines.
    """
    faults = Faults(table)
    given = WORDS[0] in table.columns
    rows = _with_words(table, faults) if given else _with_spans(table, faults)
    faults.raise_if_any()
    return Sentences(table, np.arange(table.n_rows), rows, given)


def _with_words(table: Table, faults: Faults) -> list[Sentence]:
    names = [name for name in WORDS if name in table.columns]
    sentences = []
    for row, cells in enumerate(zip(*(table.columns[name] for name in names), strict=True)):
        lists = {name: _items(cell) for name, cell in zip(names, cells, strict=True)}
        words = [clean_text(word) for word in lists[WORDS[0]] or ()]
        tags = [clean_label(tag) for tag in lists[WORDS[1]] or ()] if WORDS[1] in lists else None
        no_lists = [name for name, items in lists.items() if items is None]
        for name in no_lists:
            faults.add(f"column {name!r} is a text and not a list, such as {json.dumps(['a', 'b'])},", row)
        for message in () if no_lists else _faults_of(words, tags):
            faults.add(message, row)
        sentences.append(Sentence(*join_words(words), tags))
    return _with_outside(sentences)


def _with_outside(sentences: list[Sentence]) -> list[Sentence]:
    """Return sentences in which ``-`` stands for ``O`` where no word has ``O`` and the other tags have positions.

    The named entities of Naver's challenge of 2018 are written so.
    """
    tags = {tag for sentence in sentences for tag in sentence.tags or ()}
    others = tags - {_DASH}
    if tags == others or OUTSIDE in others or (others and find_scheme([sorted(others)]).kind is Kind.PLAIN):
        return sentences
    return [
        row._replace(tags=[OUTSIDE if tag == _DASH else tag for tag in row.tags or ()] if row.tags else row.tags)
        for row in sentences
    ]


def _faults_of(words: Sequence[str], tags: Sequence[str] | None) -> Iterator[str]:
    """Yield what is wrong with the words of a sentence and their tags, where these are known."""
    if "" in words:
        yield "an empty word"
    if tags is None:
        return
    if words and not tags:
        yield "words without tags"
    elif len(words) != len(tags):
        yield "words and tags of unlike number"
    if "" in tags:
        yield "an empty tag, or a class number without a name such as -1,"


def _items(cell: str | None) -> list[str] | None:
    """Return the items of a JSON list, none of a missing cell; None: it is no list of texts and numbers."""
    if cell is None or not cell.strip():
        return []
    try:
        items: Any = json_value(cell, parse_int=str, parse_float=str)
    except ValueError:
        return None
    if not isinstance(items, list) or not all(item is None or isinstance(item, str) for item in items):
        return None
    return [item or "" for item in items]


def _with_spans(table: Table, faults: Faults) -> list[Sentence]:
    texts: Sequence[str | None] = table.columns[SPANS[0]]
    cells = table.columns.get(SPANS[1])
    sentences = []
    for row, text in enumerate(texts):
        spans: list[Span] = []
        try:
            if cells is not None and (text or cells[row]):
                spans = normalised(read_spans(cells[row], text or ""), text or "")
        except SpanError as error:
            faults.add(str(error), row)
        sentences.append(_tagged(clean_text(text), spans, known=cells is not None))
    return sentences


def _tagged(text: str, spans: Sequence[Span], *, known: bool) -> Sentence:
    words = cut_words(text, [edge for span in spans for edge in span[:2]])
    if not known:
        return Sentence(text, words, None)
    starts = {start: index for index, (start, _) in enumerate(words)}
    ends = {end: index + 1 for index, (_, end) in enumerate(words)}
    entities = [Entity(starts[span.start], ends[span.end], span.label) for span in spans]
    return Sentence(text, words, tags_of(entities, len(words), IOB2))
