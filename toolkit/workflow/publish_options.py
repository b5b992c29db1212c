"""What is said of a model and what is said of rows, where only one of them is published."""

from __future__ import annotations

from collections.abc import Mapping

from toolkit.errors import RecipeError


def refuse_options_of_the_other(
    *, dataset: bool, of_models: Mapping[str, object], of_rows: Mapping[str, object], rows_by: str
) -> None:
    """Refuse options of models where rows are published, and of rows where a model is.

    Args:
        dataset: whether rows are published.
        of_models: such options by their names; those with a value that is neither None nor False are given.
        of_rows: the same of rows.
        rows_by: how the caller asks for rows, such as ``--dataset``.

    Raises:
        RecipeError: one is given that nothing would read.
    """
    given = [name for name, value in (of_models if dataset else of_rows).items() if value not in (None, False)]
    if given and dataset:
        raise RecipeError(f"{' and '.join(given)} are of models, and {rows_by} publishes rows; leave them out")
    if given:
        raise RecipeError(f"this is the licence of rows, which are published with {rows_by}", where=given[0])
