"""What is known of a file before a recipe is written for it: its columns for the task, and the doctor's figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from toolkit.data.column_looks import look_at_columns
from toolkit.data.column_names import ColumnName
from toolkit.data.columns import pick_labelled_columns
from toolkit.data.doctor import examine
from toolkit.data.doctor_report import SplitReport
from toolkit.data.guess_columns import Guess
from toolkit.data.labels import label_kind
from toolkit.data.sources import Source, read_splits
from toolkit.data.tables import Table
from toolkit.data.wording import counted
from toolkit.errors import DataError
from toolkit.names import Problem, Split
from toolkit.tasks.room import TaskRoom

_LABELS = ("label", "labels")


@dataclass(frozen=True, eq=False)
class FileFacts:
    """A file as a task reads it.

    Attributes:
        guess: the columns, by the task's own names.
        problem: what the labels are; the default one for tasks without labels.
        report: the doctor's figures of the rows that are divided or learnt from.
        splits: the splits that the source brings.
    """

    guess: Guess
    problem: Problem
    report: SplitReport
    splits: tuple[str, ...]

    def sentence(self) -> str:
        """Return the rows in words, and which of them are empty, repeated or without a label."""
        report = self.report
        parts = [
            counted(report.rows, "row"),
            f"{report.empty_rows:,} without a text" if report.empty_rows else "none without a text",
            f"{report.exact_duplicates or 'none'} repeated letter for letter",
        ]
        parts += [f"{counted(report.unlabelled_rows, 'row')} without a label"] if report.unlabelled_rows else []
        parts += [counted(len(report.classes), "class", "classes")] if report.classes else []
        return ", ".join(parts)


def look_at_file(
    room: TaskRoom,
    source: Source,
    *,
    given: Mapping[str, ColumnName],
    problem: Problem | None,
    labels: Sequence[str] = (),
    encoding: str | None = None,
) -> FileFacts:
    """Read a file, guess the task's columns, and examine them.

    Args:
        room: of the task.
        source: the file, or another source.
        given: the columns that the user has named, as in `toolkit.data.guess_columns.given_for`.
        problem: what the labels are; None: as the columns say.
        labels: their names in their order, if they are known.
        encoding: of text files; None finds it.

    Raises:
        DataError: the file cannot be read, has no rows, or its columns leave open which ones the task reads.
        HubError: a hub or packaged data set that cannot be found.
    """
    splits = read_splits(source, encoding=encoding)
    table = splits.get(Split.TRAIN, next(iter(splits.values())))
    if not table.n_rows:
        raise DataError("there are no rows", where=table.name)
    try:
        guess = room.guess(look_at_columns(table), given)
    except DataError as error:
        raise DataError(*(replace(fault, where=fault.where or table.name) for fault in error.faults)) from error
    several = "labels" in guess.columns
    kind = problem or guess.problem or (Problem.MULTI_LABEL if several else Problem.SINGLE_LABEL)
    return FileFacts(guess, kind, _examined(table, guess.columns, kind, labels), tuple(splits))


def _examined(table: Table, columns: Mapping[str, ColumnName], problem: Problem, labels: Sequence[str]) -> SplitReport:
    """Return the doctor's report; lists are examined as the text that they are written as."""
    texts = [column for name, column in columns.items() if name not in _LABELS]
    named: dict[str, ColumnName] = dict(zip(("text", "text_pair"), (texts[0], texts[-1])[: len(texts)], strict=False))
    named |= {name: columns[name] for name in _LABELS if name in columns}
    kind = label_kind(problem).named(labels)
    needed = [
        *(name for name in ("text", "text_pair") if name in named),
        *(["label"] if named.keys() & {*_LABELS} else []),
    ]
    as_text = {name: what for name, what in table.not_text.items() if what == "bytes" or name not in texts}
    picked = pick_labelled_columns(replace(table, not_text=as_text), named, needed=needed, kind=kind)
    return examine({"all": picked}, problem=problem, labels=labels).splits["all"]
