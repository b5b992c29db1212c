"""`toolkit.doctor`: a look at rows before anything is trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

from toolkit.errors import RecipeError
from toolkit.names import Problem, Split
from toolkit.verbs.given import Given, Rows, one_of
from toolkit.verbs.results import Examined
from toolkit.verbs.work import working


@working()
def doctor(
    data: Rows = None,
    *,
    train: Rows = None,
    validation: Rows = None,
    test: Rows = None,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    label_column: str | list[str] | None = None,
    labels: Sequence[str] = (),
    merge_labels: bool = False,
    model: str | None = None,
    max_length: int | None = None,
    problem: str | None = None,
    encoding: str | None = None,
    output: str | PathLike[str] | None = None,
) -> Examined:
    """Look at data before training on it: classes, lengths, duplicates, conflicting labels, empty rows.

    With a model also what its tokenizer loses, labels that other rows contradict, near duplicates and outliers.

    Args:
        data: rows, a file or another source; or a dict of these by split.
        train, validation, test: rows of splits, instead of `data`; they are compared with each other.
        text_column, text_pair_column, label_column: where the rows have other names than the task.
        labels: their names in their order, if they are known.
        merge_labels: take labels that differ in case, white space or width only for one.
        model: also read the rows with this model.
        max_length: tokens beyond which a text is cut; needs `model`.
        problem: the kind of label by the library's name; None: one class, or several where several columns are named.
        encoding: of text files; None finds it.
        output: a csv of all rows to correct, the doubtful ones first; needs `model`.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    from toolkit.verbs.apply import path_of
    from toolkit.workflow.examine import examine

    given = Given()
    named = {Split.TRAIN: train, Split.VALIDATION: validation, Split.TEST: test}
    splits = {str(split): rows for split, rows in named.items() if rows is not None}
    if (data is None) == (not splits):
        raise RecipeError("give data for one set of rows, or train, validation and test for splits")
    section = given.section(data) if data is not None else {name: given.source(rows) for name, rows in splits.items()}
    sources = {
        "all" if name == "source" else name: given.sources(section[name])
        for name in ("source", *map(str, Split))
        if section.get(name) is not None
    }
    found = examine(
        sources,
        text_column=text_column,
        text_pair_column=text_pair_column,
        label_column=label_column,
        labels=labels,
        merge_labels=merge_labels,
        model=model,
        max_length=max_length,
        problem=None if problem is None else one_of(Problem, problem, where="problem"),
        encoding=encoding,
        output=path_of(output),
    )
    return Examined(found)
