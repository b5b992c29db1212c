"""A finished run, or any model, put to use: measured on new rows, or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from toolkit.adapters import LocatedModel, family_of, in_use, locate_model, open_config
from toolkit.adapters.decision import USUAL
from toolkit.adapters.layouts import READS, kept_word
from toolkit.adapters.open import open_tokenizer
from toolkit.data.column_names import ColumnName
from toolkit.data.columns import pick_columns
from toolkit.data.cut_texts import counting_cuts
from toolkit.data.inputs import is_file
from toolkit.data.sources import read_table
from toolkit.data.value_columns import values_of_rows
from toolkit.errors import RecipeError, ResourceError
from toolkit.evaluation.inference.predictions import check_output_suffix
from toolkit.evaluation.inference.rows import Row
from toolkit.names import Split, default_metrics
from toolkit.progress import warn
from toolkit.run_result import DataSource, EvaluationResult, SplitResult
from toolkit.tasks import room_of, task_of
from toolkit.tasks.interfaces import Answerer, Answers, decided
from toolkit.tasks.pages import TaskPages
from toolkit.tasks.room import TaskRoom
from toolkit.tasks.seen_rows import measure_unseen
from toolkit.tasks.slices import measure_slices
from toolkit.trials.learnt_rows import read_learnt_rows
from toolkit.trials.subject import Subject, columns_to_read, find_subject
from toolkit.workflow.little_memory import fewer_rows, memory_told


@dataclass(frozen=True)
class Predicted:
    """Answers to rows without references.

    Attributes:
        answers: of the model.
        pages: of its task, which show them.
    """

    answers: Answers
    pages: TaskPages

    def __len__(self) -> int:
        return len(self.answers.ids)

    def rows(self) -> list[Row]:
        """Return one dict a row."""
        return self.answers.rows()

    def lines(self) -> list[str]:
        """Return a table for the terminal."""
        return self.pages.prediction_lines(self.answers.rows())


@memory_told(fewer_rows)
def evaluate(
    model: str,
    data: Sequence[str],
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    label_column: ColumnName | None = None,
    encoding: str | None = None,
    slices: Sequence[str] = (),
    output: Path | None = None,
    raw: bool = False,
) -> EvaluationResult:
    """Measure a run's or a model's predictions on labelled rows.

    Args:
        model: a run folder, or a model's name.
        data: files or other sources.
        text_column, label_column: where the data has other names than the run's recipe, or than ``text`` and ``label``;
            a list names the columns of 0 and 1 of several labels.
        text_pair_column: the column of the second text, where the model reads pairs and no recipe says so.
        encoding: of text files; None finds it.
        slices: columns by whose values it is measured too, besides those of the run's recipe that the data have.
        output: where each prediction goes, if anywhere; its suffix chooses the format.
        raw: leave formulas in csv as they are.

    Returns:
        The result, with the split ``test`` alone.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    check_output(output, inputs=data)
    subject = find_subject(model)
    if subject.task is None:
        labels = dict(enumerate(label_column)) if isinstance(label_column, list) else {"label": label_column}
        given = {"text": text_column, "text_pair": text_pair_column}
        check_data(data, given | {str(name): column for name, column in labels.items()}, encoding=encoding)
    located = locate_model(subject.model)
    room = room_of(subject.task or task_of(located))
    reads = kept_word(located.folder, READS) if subject.untrained is None else subject.untrained.reads
    names = room.input_columns(family_of(open_config(located)), reads)
    if label_column is not None and len(names) == 1:
        raise RecipeError(f"{room.spec.task} has no column beside the text; leave it out", where="--label-column")
    if isinstance(label_column, list) and "labels" not in room.spec.column_names:
        raise RecipeError(f"{room.spec.task} has no labels in several columns; name one", where="--label-column")
    pair = _pair_column(room, text_pair_column)
    _refuse_one_of_several(names, text_column)
    given_columns = {names[-1]: label_column, names[0]: text_column}  # a text alone has no label
    columns = columns_to_read(subject, located, **given_columns, **pair)
    asked = _answerer(room, subject, located)
    rows = room.read_rows(list(data), asked, columns=columns, encoding=encoding)
    values = values_of_rows(list(data), slices, n_rows=len(rows), encoding=encoding, wanted=subject.slices)
    metrics = subject.metrics or default_metrics(room.spec.task, asked.problem)
    with in_use(located), counting_cuts() as cuts:
        answers = asked.answer(rows, metrics)
    cuts.tell()
    result = room.measure(answers, metrics)
    tokenizer, longest = open_tokenizer(located, max_length=None)
    parts = measure_slices(
        room,
        answers,
        tokenizer=tokenizer,
        max_length=None if room.reads_in_parts(asked.family) else longest,
        metrics=metrics,
        values=values,
    )
    seen = measure_unseen(room, answers, rows, learnt=read_learnt_rows(model), metrics=metrics)
    if output is not None:
        answers.write(output, raw=raw)
    for line in result.warnings:
        warn(line)
    return EvaluationResult(
        task=room.spec.task,
        family=asked.family,
        model=model,
        problem=asked.problem if room.spec.problems else None,
        labels=tuple(asked.labels),
        splits={Split.TEST.value: SplitResult.of(result.to_json(), slices=parts, seen=seen)},
        data=DataSource(source=", ".join(data), cut=cuts.to_json()),
    )


@memory_told(fewer_rows)
def predict(
    model: str,
    inputs: Sequence[str],
    *,
    text_column: str | None = None,
    text_pair_column: str | None = None,
    encoding: str | None = None,
    output: Path | None = None,
    raw: bool = False,
) -> Predicted:
    """Predict files, texts, or lines of stdin.

    Args:
        model: a run folder, or a model's name.
        inputs: an argument with a data suffix is a file, ``-`` reads lines from stdin, all else is a text.
        text_column: where the file has another name than the run's recipe, or than ``text``.
        text_pair_column: the column of the second text, where the model reads pairs and no recipe says so.
        encoding: of text files and of stdin; None finds it.
        output: where predictions go, if anywhere; its suffix chooses the format.
        raw: leave formulas in csv as they are.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    check_output(output, inputs=inputs)
    subject = find_subject(model)
    files = [name for name in inputs if is_file(name)]
    if subject.task is None and files:
        check_data(files, {"text": text_column, "text_pair": text_pair_column}, encoding=encoding)
    located = locate_model(subject.model)
    room = room_of(subject.task or task_of(located))
    asked = _answerer(room, subject, located)
    names = room.input_columns(asked.family, asked.reads)
    _refuse_one_of_several(names, text_column)
    column = names[0]
    columns = columns_to_read(subject, located, **{column: text_column}, **_pair_column(room, text_pair_column))
    rows = room.read_inputs(inputs, asked, columns=columns, encoding=encoding)
    with in_use(located), counting_cuts() as cuts:
        answers = asked.answer(rows, ())
    cuts.tell()
    if output is not None:
        answers.write(output, raw=raw)
    return Predicted(answers, room.pages)


def _answerer(room: TaskRoom, subject: Subject, located: LocatedModel) -> Answerer:
    """Open a model to ask it, with the run's way to spell labels, and its decision where no model keeps it."""
    asked = room.answerer(located, subject.untrained, subject.labels)
    asked = replace(asked, merge_labels=subject.merge_labels)
    if subject.decision == USUAL:
        return asked
    answer = asked.answer
    return replace(asked, answer=lambda rows, metrics: decided(answer(rows, metrics), subject.decision))


def _refuse_one_of_several(names: Sequence[str], text_column: str | None) -> None:
    """Refuse the name of one column for a model whose prompt reads several.

    Args:
        names: of the columns that the model reads, the right answer last.
        text_column: that was given, if any.
    """
    if text_column is not None and len(names) > 2:
        named = " and ".join(names[:-1])
        raise RecipeError(f"this model reads the columns {named}; name them so in the file", where="--text-column")


def _pair_column(room: TaskRoom, column: str | None) -> dict[str, str | None]:
    """Return the column of second texts, for a task that reads pairs.

    Raises:
        RecipeError: a column is given, and the task reads none.
    """
    if "text_pair" in room.spec.column_names:
        return {"text_pair": column}
    if column is not None:
        raise RecipeError(f"{room.spec.task} reads no pairs of texts; leave it out", where="--text-pair-column")
    return {}


def check_output(output: Path | None, *, inputs: Sequence[str]) -> None:
    """Refuse before any work an output file that could not be written, or that would replace what is read."""
    if output is None:
        return
    check_output_suffix(output)
    if output.resolve() in {Path(name).resolve() for name in inputs}:
        raise RecipeError("this would replace the file that is read; choose another --output", where=str(output))
    if output.is_dir() or not output.parent.is_dir():
        found = "this is a folder" if output.is_dir() else f"there is no folder {str(output.parent)!r}"
        raise ResourceError(f"{found}; choose another --output", where=str(output))


def check_data(sources: Sequence[str], given: Mapping[str, str | None], *, encoding: str | None) -> None:
    """Refuse data that cannot be read, or lacks a column that was named, before a model is looked for."""
    columns = {name: column for name, column in given.items() if column is not None}
    pick_columns(read_table(list(sources), encoding=encoding), columns=columns, needed=list(columns))
