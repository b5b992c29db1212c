"""A recipe that was written for a file, for a terminal and as JSON."""

from __future__ import annotations

from typing import Any

from toolkit.choose.draft.draft import Draft
from toolkit.recipe import recipe_digest


def draft_lines(draft: Draft) -> list[str]:
    """Return what was written, and what decided it."""
    recipe = draft.recipe
    columns = ", ".join(f"{name}: {_named(column)}" for name, column in recipe.data.columns.items())
    return [
        f"{draft.path}: {draft.facts.sentence()}",
        f"columns: {columns}",
        f"model: {recipe.model.label}, method: {recipe.method}; the comments say why",
    ]


def draft_json(draft: Draft) -> dict[str, Any]:
    """Return the same as plain values."""
    recipe, report = draft.recipe, draft.facts.report
    return {
        "recipe": str(draft.path),
        "digest": recipe_digest(recipe),
        "task": recipe.task.value,
        "model": recipe.model.label,
        "method": recipe.method,
        "columns": dict(recipe.data.columns),
        "rows": report.rows,
        "empty_rows": report.empty_rows,
        "exact_duplicates": report.exact_duplicates,
        "problem": draft.facts.problem.value if recipe.spec.problems else None,
        "yaml": draft.text,
    }


def _named(column: str | list[str]) -> str:
    return column if isinstance(column, str) else "[" + ", ".join(column) + "]"
