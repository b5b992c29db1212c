"""Data sets of Arrow tables in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow
    from datasets import Dataset


def in_memory_dataset(table: pyarrow.Table) -> Dataset:
    """Return an Arrow table as a data set; nothing is copied.

    `Dataset.from_dict` would look at every cell in Python, which takes ten times as long. The fingerprint is random,
    because the library would pickle and hash the whole table to compute one.
    """
    from datasets import Dataset
    from datasets.fingerprint import generate_random_fingerprint

    return Dataset(table, fingerprint=generate_random_fingerprint())
