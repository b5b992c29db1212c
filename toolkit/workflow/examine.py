"""A look at data before anything is trained on it."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.adapters import locate_model, open_tokenizer
from toolkit.data import DoctorReport, TokenReport, examine_file, examine_tokens, prepare_rows
from toolkit.names import Problem


def examine(
    data: Sequence[str],
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    model: str | None = None,
    max_length: int | None = None,
    problem: Problem = Problem.SINGLE_LABEL,
    encoding: str | None = None,
) -> tuple[DoctorReport, TokenReport | None]:
    """Look at a data file, without a model or through a model's tokenizer.

    Args:
        data: files or other sources.
        text_column, label_column: where they are not called ``text`` and ``label``.
        model: a model's name.
        max_length: tokens beyond which a text is cut; None takes what the model was made for.
        problem: what the labels are.
        encoding: of text files; None finds it.
    """
    columns = {name: column for name, column in (("text", text_column), ("label", label_column)) if column is not None}
    report = examine_file(list(data), columns=columns, problem=problem, encoding=encoding)
    if model is None:
        return report, None
    tokenizer, length = open_tokenizer(locate_model(model), max_length=max_length)
    rows = prepare_rows(list(data), columns=columns, problem=problem, encoding=encoding)
    return report, examine_tokens(rows["text"], tokenizer, length)
