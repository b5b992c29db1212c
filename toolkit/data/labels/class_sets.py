"""Labels that name any number of classes each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from toolkit.data.coded_text import CodedText
from toolkit.data.column_names import ColumnName, plain_names
from toolkit.data.labels.classes import Classes
from toolkit.data.labels.flag_columns import gathered
from toolkit.data.labels.name_lists import flag_in, label_separator, names_in, vector_in
from toolkit.data.labels.spelling import Spelling
from toolkit.data.normalise import NO_LABELS, SEPARATORS, is_blank, names_of
from toolkit.data.splits import set_strata
from toolkit.data.tables import Table
from toolkit.data.text_column import TextColumn
from toolkit.data.wording import listed
from toolkit.errors import Fault
from toolkit.names import Problem


@dataclass(frozen=True)
class ClassSet(Classes):
    """Several classes a text, or none of them.

    Args:
        separator: the character between names in cells that are no lists.
        vectors: whether the cells are vectors of 0 and 1, a place a label.
        places: the names of the places of such vectors; empty where they are not known.
        spelling: of the names.
    """

    separator: str = SEPARATORS[0]
    vectors: bool = False
    places: tuple[str, ...] = ()
    spelling: Spelling = field(default_factory=Spelling)

    problem = Problem.MULTI_LABEL
    noun = "labels"
    column = "labels"
    expected = "a list of names"
    misread = 'the labels are no list of names (write ["a", "b"], or a;b)'
    variety = "telling labels apart takes rows with different ones"
    empty = NO_LABELS
    balance = "look at f1 beside f1_micro"

    def gathered(self, table: Table, columns: Mapping[str, ColumnName]) -> tuple[Table, dict[str, str]]:
        """Return the table with one column of lists of names, by default called ``labels``, else ``label``.

        Raises:
            DataError: a list of columns names one that is not there, or that holds something else than 0 and 1.
        """
        usual = "label" if "label" in table.columns and "labels" not in table.columns else "labels"
        wanted = columns.get("label") or columns.get("labels") or usual
        if isinstance(wanted, list):
            return gathered(table, wanted), {**plain_names(columns), "label": "labels"}
        return table, {**plain_names(columns), "label": wanted}

    def accepts(self, content: str) -> bool:
        """Return whether the column holds lists, or objects with 0 or 1 for each name."""
        return content in ("lists", "objects")

    def fitted(self, cells: Iterable[str | None], *, merge: bool = False) -> ClassSet:
        """Return the kind with the separator and the vectors that these cells have, and one spelling of each name."""
        counts = Counter(cells)
        kind = replace(self, separator=label_separator(counts), vectors=self._are_vectors(list(counts)))
        if not merge:
            return kind
        names: Counter[str] = Counter()
        for cell, n_rows in counts.items():
            names.update(dict.fromkeys(kind._names(cell, strict=False), n_rows))
        return replace(kind, spelling=self.spelling.merged(names))

    def named(self, names: Sequence[str]) -> ClassSet:
        """Return the kind with the names of the places of vectors."""
        return replace(self, places=tuple(names))

    def known(self, outputs: Sequence[str], *, merge: bool = False) -> ClassSet:
        """Return the kind with a model's outputs as the places of vectors, and with their spelling."""
        return replace(self, places=tuple(outputs), spelling=Spelling.of(outputs, merge=merge))

    def clean(self, cell: str | None) -> str:
        """Return the names in a cell, sorted, as a JSON list; a blank cell has none.

        Raises:
            ValueError: if the cell looks like a list, and is not one of names; if it is no vector where others are.
        """
        return json.dumps(sorted(self._names(cell)), ensure_ascii=False)

    def column_faults(self, table: Table, column: str) -> list[Fault]:
        """Return the fault of one column of 0 and 1 where a list of them is meant, with the columns that are there."""
        parts = [part.strip() for part in column.split(",")]
        if column not in table.columns:
            meant = len(parts) > 1 and all(part in table.columns for part in parts)
            found = f"no column {column!r}; write data.columns.labels: [{', '.join(parts)}]{_AGAIN}"
            return [Fault(found, table.name)] if meant else []
        learnt_so = {"0", "1"}.issubset(self.places)  # the names of a model's outputs
        if learnt_so or not _are_flags(table.columns[column]):
            return []
        flags = [name for name, cells in table.columns.items() if _are_flags(cells)]
        fix = (
            f"write data.columns.labels: [{', '.join(flags)}]{_AGAIN}, or data.columns.label: {column} to learn this "
            "one alone"
        )
        return [Fault(f"column {column!r} holds 0 and 1, which name nothing; {fix}", table.name)]

    def faults(self, table: Table) -> list[Fault]:
        """Return the faults of labels that are vectors of 0 and 1 instead of names, with their rows."""
        return self._vector_faults(table) if self.vectors else []

    def _vector_faults(self, table: Table) -> list[Fault]:
        vectors = {cell: vector_in(cell) for cell in set(table.columns["label"])}
        lengths = Counter(len(vector) for vector in vectors.values() if vector)
        expected = len(self.places) or lengths.most_common(1)[0][0]
        wrong = [
            row
            for row, cell in enumerate(table.columns["label"])
            if len(vectors[cell] or ()) != expected and not is_blank(cell or "")
        ]
        if wrong:
            message = f"the labels are vectors of 0 and 1, and not of {expected} places"
            return table.faults(message, wrong)
        if self.places:
            return []
        names = ", ".join(["first", "second", "third", *map(str, range(4, expected + 1))][:expected])
        rows = [row for row, cell in enumerate(table.columns["label"]) if vectors[cell]]
        fix = f"write data.labels: [{names}] with the names of their places (or --labels)"
        return [
            Fault(f"{fault.message}; {fix}", fault.where)
            for fault in table.faults("the labels are vectors of 0 and 1, which name nothing,", rows)
        ]

    def _are_vectors(self, cells: Sequence[str | None]) -> bool:
        """Return whether cells are vectors of 0 and 1.

        A list of names has no name twice, while every vector longer than two has a number twice.
        """
        filled = [cell for cell in cells if not is_blank(cell or "")]
        vectors = [vector_in(cell) for cell in filled]
        if any(vector is not None and len(set(vector)) < len(vector) for vector in vectors):
            return True
        if not self.places or not filled or not {"0", "1"}.isdisjoint(self.places):
            return False
        return all(len(vector or ()) == len(self.places) for vector in vectors)

    def _names(self, cell: str | None, *, strict: bool = True) -> set[str]:
        """Return the names in a cell; without `strict` none of a cell that has none."""
        try:
            if not self.vectors:
                return set(map(self.spelling.name, names_in(cell, separator=self.separator)))
            if is_blank(cell or ""):
                return set()
            return {name for name, flag in zip(self.places, vector_in(cell) or (), strict=True) if flag}
        except ValueError:
            if strict:
                raise
            return set()

    def strata(self, labels: Sequence[str]) -> Sequence[str]:
        """Return the set of classes of each row; rare sets are one stratum."""
        return set_strata(labels)

    def names(self, label: str) -> list[str]:
        """Return the classes of the set."""
        return names_of(label)

    def label_columns(self, labels: Sequence[str], index: Mapping[str, int]) -> dict[str, Any]:
        """Return ``label``, 1.0 or 0.0 for each output; ``reference``, the names joined; and ``label_names``.

        The names have the order of the outputs; names without an output follow them.
        """
        import pyarrow

        coded = CodedText.of(labels)
        sets = [sorted(names_of(value), key=lambda name: index.get(name, len(index))) for value in coded.values]
        vectors = np.zeros((len(sets), len(index)), dtype=np.float32)
        for row, names in enumerate(sets):
            vectors[row, [index[name] for name in names if name in index]] = 1.0
        lists = pyarrow.FixedSizeListArray.from_arrays(pyarrow.array(vectors[coded.codes].ravel()), len(index))
        return {
            "label": lists.cast(pyarrow.list_(pyarrow.float32())),
            "reference": CodedText([", ".join(names) for names in sets], coded.codes).as_strings(),
            "label_names": pyarrow.array(sets, pyarrow.list_(pyarrow.string())).take(pyarrow.array(coded.codes)),
        }

    def reference_columns(self, labels: TextColumn[str | None]) -> dict[str, Any]:
        """Return ``reference``, the names joined, and ``label_names``."""
        sets = [None if label is None else names_of(label) for label in labels]
        return {"reference": [None if names is None else ", ".join(names) for names in sets], "label_names": sets}

    def plain(self, label: str) -> str:
        """Return the names joined by plus signs."""
        return " + ".join(names_of(label)) or "none"

    def quoted(self, label: str) -> str:
        """Return the names in quotes."""
        return listed(names_of(label)) or "none"


def _are_flags(cells: Sequence[str | None]) -> bool:
    """Return whether a column holds 0 and 1 and nothing else but blank cells."""
    filled = {cell for cell in cells if not is_blank(cell or "")}
    return 0 < len(filled) <= MOST_FLAGS and all(flag_in(cell) is not None for cell in filled)


_AGAIN = " (or --label-column for each)"

MOST_FLAGS = 8
"""Spellings of 0 and 1 that one column may have."""
