"""Sentences to measure a model on, or to predict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from toolkit.tasks.token_classification.predict import scheme_of
from toolkit.tasks.token_classification.prepare import about_illegal, refuse_foreign
from toolkit.tasks.token_classification.reading import pick_tagged, read_sentences
from toolkit.tasks.token_classification.schemes import OUTSIDE


def read_tagged(
    source: Source, labels: Sequence[str], *, columns: Mapping[str, str], encoding: str | None = None
) -> Dataset:
    """Read sentences with tags or spans to measure a model on; all rows are kept, in their order.

    Args:
        source: as in `read_table`.
        labels: of the model.
        columns: the task's names of columns and the data's.
        encoding: of text files; None finds it.

    Raises:
        DataError: what `read_sentences` refuses; tags of another scheme than the model's, or none that it knows.
    """
    table = read_table(source, encoding=encoding)
    sentences = read_sentences(pick_tagged(table, columns))
    found = set(chain.from_iterable(sentences.tags()))
    if found - {OUTSIDE} and not found.intersection(labels) - {OUTSIDE}:
        ours, theirs = listed(sorted(found - {OUTSIDE})), listed([label for label in labels if label != OUTSIDE])
        raise DataError(f"the tags ({ours}) are none of the model's ({theirs}); use the same names", where=table.name)
    scheme = scheme_of(labels)
    refuse_foreign([sentences], scheme)
    for line in about_illegal(sentences, scheme):
        warn(line)
    return sentences.to_dataset(row_ids(sentences.table))


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
