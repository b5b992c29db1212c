"""Labels that name any number of classes each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from toolkit.data.coded_text import CodedText
from toolkit.data.labels.classes import Classes
from toolkit.data.normalise import NO_LABELS, SEPARATORS, clean_label_set, label_separator, names_of
from toolkit.data.splits import set_strata
from toolkit.data.tables import Table
from toolkit.data.text_column import TextColumn
from toolkit.data.wording import listed
from toolkit.errors import Fault
from toolkit.names import Problem

_VECTOR = re.compile(r'\[\s*"?[01]"?\s*(,\s*"?[01]"?\s*)+\]')


@dataclass(frozen=True)
class ClassSet(Classes):
    """Several classes a text, or none of them.

    Args:
        separator: the character between names in cells that are no lists.
    """

    separator: str = SEPARATORS[0]

    problem = Problem.MULTI_LABEL
    noun = "labels"
    expected = "a list of names"
    misread = 'the labels are no list of names (write ["a", "b"], or a;b)'
    variety = "telling labels apart takes rows with different ones"
    empty = NO_LABELS
    balance = "look at f1 beside f1_micro"

    def name_columns(self, columns: Mapping[str, str]) -> Mapping[str, str]:
        """Return the names with that of the labels as ``label``; the label column is ``labels`` by default."""
        return {**columns, "label": columns.get("label") or columns.get("labels") or "labels"}

    def accepts(self, content: str) -> bool:
        """Return whether the column holds lists."""
        return content == "lists"

    def fitted(self, cells: Iterable[str | None]) -> ClassSet:
        """Return the kind with the separator that these cells have between names."""
        return replace(self, separator=label_separator(cells))

    def clean(self, cell: str | None) -> str:
        """Return the names in a cell, sorted, as a JSON list; a blank cell has none.

        Raises:
            ValueError: if the cell begins and ends as a list, and is not one of names.
        """
        return clean_label_set(cell, separator=self.separator)

    def fault(self, table: Table) -> Fault | None:
        """Return the fault of labels that are vectors of 0 and 1 instead of names."""
        cells = [cell.strip() for cell in table.columns.get("label", []) if cell]
        is_vector = bool(cells) and all(map(_VECTOR.fullmatch, cells)) and len({cell.count(",") for cell in cells}) == 1
        # A list of names has no name twice, while every vector longer than two has a number twice.
        if not is_vector or all(cell.count("0") < 2 and cell.count("1") < 2 for cell in cells):
            return None
        return Fault("the labels are lists of 0 and 1; write the names of those that are 1", table.name)

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
