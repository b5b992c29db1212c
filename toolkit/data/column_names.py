"""The data's names of columns, by the task's names: one each, or of several labels a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

ColumnName: TypeAlias = str | list[str]
"""The name of a column; a list names the columns of 0 and 1 of several labels."""


def plain_names(columns: Mapping[str, ColumnName]) -> dict[str, str]:
    """Return the names that are no lists."""
    return {name: column for name, column in columns.items() if isinstance(column, str)}
