"""The columns of labelled texts, guessed from a file: one text or two, and one label, several or a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.data.column_looks import ColumnLook, Content
from toolkit.data.column_names import ColumnName
from toolkit.data.guess_columns import Columns, Guess, cannot_guess
from toolkit.data.normalise import SEPARATORS
from toolkit.names import SPECS, Problem, Task

_FEW_NUMBERS = 3
"""Different whole numbers up to which they hardly are scores."""

_WANTED = "text, perhaps text_pair, and label or labels"


def guess_labelled(looks: Sequence[ColumnLook], given: Mapping[str, ColumnName]) -> Guess:
    """Guess the columns of labelled texts.

    Args:
        looks: what the columns look like.
        given: those that the user has named, by ``text``, ``text_pair`` and ``label``.

    Raises:
        DataError: it is not plain which they are, or one that was named is not there.
    """
    columns = Columns(looks, given)
    reads_text = (not given.keys() & {"text", "text_pair"} and columns.take_pair()) or columns.take("text")
    if "text_pair" in given:
        columns.take("text_pair")
    labels = _labels(columns)
    if not reads_text or labels is None:
        raise cannot_guess(Task.TEXT_CLASSIFICATION, looks, wanted=_WANTED)
    own, column = labels
    columns.taken = {name: taken for name, taken in columns.taken.items() if name != "label"} | {own: column}
    look = columns.looks.get(column) if isinstance(column, str) else None
    problem = Problem.REGRESSION if look is not None and look.has_fractions else None
    order = [name for names in SPECS[Task.TEXT_CLASSIFICATION].columns for name in names]
    columns.taken = dict(sorted(columns.taken.items(), key=lambda entry: order.index(entry[0])))
    return columns.guess(problem=problem, why={own: _why(own, look)})


def _labels(columns: Columns) -> tuple[str, ColumnName] | None:
    """Return the columns of labels under ``label`` or ``labels``; None if it is not plain which they are."""
    flags: list[str] = [look.name for look in columns.free() if look.content is Content.FLAGS]
    told = columns.take("label", told_by_content=False) or columns.take("labels", told_by_content=False)
    if not told and len(flags) > 1:
        return "labels", flags
    if not told and not columns.take("label"):
        several = [look.name for look in columns.free() if look.content is Content.LISTS]
        return ("labels", several[0]) if len(several) == 1 else None
    column = columns.taken.pop("label", None) or columns.taken.pop("labels")
    if isinstance(column, list):
        return "labels", column
    look = columns.looks[column]
    is_set = look.content is Content.LISTS or any(_has_names(value) for value in look.values)
    return ("labels" if is_set else "label"), column


def _has_names(value: str) -> bool:
    """Return whether a cell holds several names; a comma alone may be a part of one."""
    return any(separator in value for separator in SEPARATORS if separator != ",")


def _why(own: str, look: ColumnLook | None) -> str:
    if own == "labels":
        return "A text may have several labels."
    if look is not None and look.has_fractions:
        return "The labels are numbers with fractions: scores, whose size is learnt."
    if look is not None and look.content is Content.NUMBERS and len(look.values) > _FEW_NUMBERS:
        return (
            "Whole numbers are taken for classes; if they are scores, write problem_type: regression beside model.name."
        )
    return ""
