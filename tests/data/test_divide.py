"""Dividing works on rows of any content, not only on texts with a label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import pytest

from toolkit.data.columns import pick_columns
from toolkit.data.divide import cut_missing_splits, read_tables_of, without_blank_rows
from toolkit.data.fingerprints import Fingerprints, fingerprints
from toolkit.data.notes import about_overlaps
from toolkit.data.tables import Part, Table
from toolkit.errors import DataError
from toolkit.names import Split


@dataclass(frozen=True)
class Sentences:
    """Lists of tokens, divided by their number."""

    table: Table
    ids: list[int]
    tokens: list[list[str]]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def keys(self) -> Fingerprints:
        return fingerprints(map(" ".join, self.tokens))

    def take(self, positions: Sequence[int]) -> Sentences:
        return Sentences(self.table, [self.ids[i] for i in positions], [self.tokens[i] for i in positions])

    def strata(self) -> list[str]:
        return [str(len(tokens)) for tokens in self.tokens]

    def blank(self) -> list[int]:
        return [i for i, tokens in enumerate(self.tokens) if not tokens]


def sentences(n_rows: int, name: str = "a.conll") -> Sentences:
    tokens = [[f"{name}{i}"] * (i % 4) for i in range(n_rows)]
    return Sentences(Table({}, (Part(name, range(1, n_rows + 1)),)), list(range(n_rows)), tokens)


def test_rows_of_any_content_are_divided_by_their_strata(section):
    splits = cut_missing_splits({Split.TRAIN: sentences(80)}, section(source="a.conll", test_size=20))
    assert {split: len(rows) for split, rows in splits.items()} == {"train": 52, "validation": 8, "test": 20}
    for rows in splits.values():
        assert set(Counter(rows.strata()).values()) == {len(rows) // 4}
        assert rows.tokens == [[f"a.conll{i}"] * (i % 4) for i in rows.ids]
    notes: list[str] = []
    kept = without_blank_rows(splits, notes)
    assert (len(kept[Split.TRAIN]), len(kept[Split.TEST])) == (39, 20)
    assert [note.split(" in ")[0] for note in notes] == [
        "a.conll: blank text, left out of training,",
        "a.conll: blank text, kept",
        "a.conll: blank text, kept",
    ]


def test_overlaps_of_rows_of_any_content():
    splits = {Split.TRAIN: sentences(8), Split.TEST: sentences(5).take([1, 2])}
    (note,) = about_overlaps(splits)
    assert note.startswith("2 of 2 rows of the test split are in the train split too")


def test_tables_of_the_splits_with_the_columns_of_a_task(write, section):
    files = {"train": write("a.csv", "words,tags\nx,y\n"), "test": write("b.csv", "tokens,tags\nz,y\n")}
    pick = partial(pick_columns, columns={}, needed=("tokens", "tags"))
    with pytest.raises(DataError, match=r"^a\.csv: no column 'tokens'"):
        read_tables_of(section(**files), pick)
    tables = read_tables_of(section(**{**files, "train": "b.csv"}), pick)
    assert {split: table.columns for split, table in tables.items()} == {
        split: {"tokens": ["z"], "tags": ["y"]} for split in (Split.TRAIN, Split.TEST)
    }
