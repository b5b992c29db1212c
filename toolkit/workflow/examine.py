"""A look at data before anything is trained on it."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.adapters import locate_model, open_tokenizer
from toolkit.data import DoctorReport, TokenReport, examine_file, examine_tokens, prepare_rows
from toolkit.data.labels import label_kind
from toolkit.names import Problem
from toolkit.trials.subject import Subject, find_subject


def examine(
    data: Sequence[str],
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    label_column: str | None = None,
    model: str | None = None,
    max_length: int | None = None,
    problem: Problem = Problem.SINGLE_LABEL,
    encoding: str | None = None,
) -> tuple[DoctorReport, TokenReport | None]:
    """Look at a data file, without a model or through a model's tokenizer.

    Args:
        data: files or other sources.
        text_column, label_column: where they are not called ``text`` and ``label``, or as in the run.
        text_pair_column: the column of the second text, where rows are pairs.
        model: a model's name, or a run folder.
        max_length: tokens beyond which a text is cut; None takes what the model was made for.
        problem: what the labels are.
        encoding: of text files; None finds it.
    """
    subject = Subject("") if model is None else find_subject(model)
    columns = subject.columns(text=text_column, text_pair=text_pair_column, label=label_column)
    if label_column is not None:
        columns.pop("labels", None)
    report = examine_file(list(data), columns=columns, problem=problem, encoding=encoding)
    if model is None:
        return report, None
    tokenizer, length = open_tokenizer(locate_model(subject.model), max_length=max_length)
    rows = prepare_rows(list(data), columns=columns, kind=label_kind(problem), encoding=encoding)
    pairs = rows["text_pair"] if "text_pair" in rows.column_names else None
    return report, examine_tokens(rows["text"], tokenizer, length, pairs=pairs)
