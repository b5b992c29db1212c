"""Sentences to measure a model on, or to predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from datasets import Dataset

from toolkit.data.columns import pick_columns
from toolkit.data.inputs import input_table
from toolkit.data.rows import row_ids
from toolkit.data.sources import Source, read_table
from toolkit.data.tables import Table
from toolkit.data.wording import listed
from toolkit.errors import DataError
from toolkit.progress import warn
from toolkit.tasks.interfaces import Answerer
from toolkit.tasks.token_classification.entities import entities_of, tags_of
from toolkit.tasks.token_classification.prepare import about_illegal, refuse_foreign
from toolkit.tasks.token_classification.reading import pick_tagged, read_sentences
from toolkit.tasks.token_classification.schemes import OUTSIDE, Kind, Scheme, find_scheme
from toolkit.tasks.token_classification.sentences import Sentences


@dataclass(frozen=True, eq=False, kw_only=True)
class Tagger(Answerer):
    """A model of tags.

    Attributes:
        scheme: of its tags.
    """

    scheme: Scheme


def read_tagged(source: Source, model: Tagger, *, columns: Mapping[str, str], encoding: str | None = None) -> Dataset:
    """Read sentences with tags or spans to measure a model on; all rows are kept, in their order.

    Tags of another scheme than the model's are read by their own rules, and spelt as the model's.

    Args:
        source: as in `read_table`.
        model: that will be measured.
        columns: the task's names of columns and the data's.
        encoding: of text files; None finds it.

    Raises:
        DataError: what `read_sentences` refuses; a tag without a position where the model's have one, or no tag that
            the model knows.
    """
    sentences = read_sentences(pick_tagged(read_table(source, encoding=encoding), columns))
    scheme = find_scheme(sentences.tags())
    if Kind.PLAIN in (scheme.kind, model.scheme.kind):
        scheme = model.scheme
    refuse_foreign([sentences], scheme)
    for line in about_illegal(sentences, scheme):
        warn(line)
    if scheme != model.scheme:
        sentences = _spelt(sentences, scheme, model.scheme)
    found = set(chain.from_iterable(sentences.tags())) - {OUTSIDE}
    known = [label for label in model.labels if label != OUTSIDE]
    if found and found.isdisjoint(known):
        message = f"the tags ({listed(sorted(found))}) are none of the model's ({listed(known)}); use the same names"
        raise DataError(message, where=sentences.table.name)
    return sentences.to_dataset(row_ids(sentences.table))


def _spelt(sentences: Sentences, scheme: Scheme, wanted: Scheme) -> Sentences:
    """Return sentences with the same entities, by the tags of another scheme."""
    rows = [
        row._replace(tags=tags_of(entities_of(row.tags or [], scheme), len(row.words), wanted))
        for row in sentences.rows
    ]
    changed = [index for index, (old, new) in enumerate(zip(sentences.rows, rows, strict=True)) if old.tags != new.tags]
    for fault in sentences.table.faults(f"tags of {scheme}, spelt as the model spells {wanted},", changed):
        warn(str(fault))
    return replace(sentences, rows=rows)


def read_inputs(inputs: Sequence[str], *, columns: Mapping[str, str], encoding: str | None = None) -> Dataset:
    """Read sentences to predict.

    Args:
        inputs: each an argument with a data suffix (a file), ``-`` (lines from stdin) or a text.
        columns: for files, the task's names of columns and the data's.
        encoding: of text files and of stdin; None finds it.

    Raises:
        RecipeError: files and texts are mixed.
        DataError: a file or stdin cannot be read, or there is no text at all.
    """
    table, is_file = input_table(inputs, encoding=encoding)
    picked = pick_tagged(table, columns, tagged=False) if is_file else pick_columns(table, columns={}, needed=["text"])
    sentences = read_sentences(_without_references(picked))
    blank = sentences.blank()
    for fault in sentences.table.faults("blank text, predicted all the same,", blank):
        warn(str(fault))
    return sentences.to_dataset(row_ids(sentences.table))


def _without_references(table: Table) -> Table:
    """Return a table without its tags and spans: those of rows to predict may be anything."""
    kept = {name: column for name, column in table.columns.items() if name not in ("tags", "spans")}
    return Table(kept, table.parts)
