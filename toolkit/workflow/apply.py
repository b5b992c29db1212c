"""A finished run, or any model, put to use: measured on new rows, or asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.adapters import LocatedModel, family_of, locate_model, open_config, open_for_prediction
from toolkit.adapters.adapter_folder import is_adapter
from toolkit.adapters.heads import task_of
from toolkit.data import prepare_rows
from toolkit.data.columns import pick_columns
from toolkit.data.inputs import read_inputs
from toolkit.data.rows import prepare_text_rows
from toolkit.data.sources import DATA_SUFFIXES, read_table
from toolkit.data.wording import listed
from toolkit.errors import DataError, RecipeError, ResourceError
from toolkit.evaluation.inference.generate import write_texts
from toolkit.evaluation.inference.predict import LabelPredictions
from toolkit.evaluation.inference.predictions import check_output_suffix
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.names import Family, Problem, Split, Task, default_metrics
from toolkit.progress import warn
from toolkit.tasks.measured import Measured, evaluate_labels, measure_on
from toolkit.trials.outcome import split_result
from toolkit.trials.subject import find_subject
from toolkit.workflow.classifier import classifier_of


def evaluate(
    model: str,
    data: Sequence[str],
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    encoding: str | None = None,
    output: Path | None = None,
) -> dict[str, Any]:
    """Measure a run's or a model's predictions on labelled rows.

    Args:
        model: a run folder, or a model's name.
        data: files or other sources.
        text_column, label_column: where the data has other names than the run's recipe, or than ``text`` and ``label``.
        encoding: of text files; None finds it.
        output: where each prediction goes, if anywhere; its suffix chooses the format.

    Returns:
        In the shape of ``metrics.json``, with the split ``test``.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    check_output(output, inputs=data)
    subject = find_subject(model)
    if subject.task is None:
        _check_data(data, {"text": text_column, "label": label_column}, encoding=encoding)
    located = locate_model(subject.model)
    task = subject.task or _task_of(located)
    names = _columns_of(located, task)
    if label_column is not None and len(names) == 1:
        raise RecipeError(f"{task} has no column beside the text; leave it out", where="--label-column")
    columns = subject.columns(**dict(zip(names, (text_column, label_column), strict=False)))
    problem: Problem | None
    if task is Task.TEXT_CLASSIFICATION:
        classifier = classifier_of(subject, located)
        family, labels, problem = classifier.family, classifier.labels, classifier.problem
        rows = prepare_rows(list(data), columns=columns, encoding=encoding, require_label=True, problem=problem)
        if problem is Problem.SINGLE_LABEL:
            _check_labels(rows["reference"], labels, source=", ".join(data))
        predictions = classifier.predict(rows)
        metrics = subject.metrics or default_metrics(task, problem)
        measured = Measured(predictions, evaluate_labels(predictions, metrics=metrics))
    else:
        opened = open_for_prediction(located, task=task)
        family, labels, problem = opened.family, (), None
        rows = prepare_text_rows(
            list(data), wanted=names, columns=columns, encoding=encoding, require_reference=len(names) > 1
        )
        measured = measure_on(rows, opened, task=task, metrics=subject.metrics or default_metrics(task))
    if output is not None:
        measured.predictions.write(output)
    for line in measured.evaluation.warnings:
        warn(line)
    return {
        "schema": 1,
        "task": task.value,
        "family": family.value,
        "model": model,
        **({} if problem is None else {"problem": problem.value}),
        "labels": list(labels),
        "splits": {Split.TEST.value: split_result(measured.evaluation)},
        "data": {"source": ", ".join(data)},
    }


def predict(
    model: str,
    inputs: Sequence[str],
    *,
    text_column: str | None = None,
    encoding: str | None = None,
    output: Path | None = None,
) -> LabelPredictions | TextPredictions:
    """Predict files, texts, or lines of stdin.

    Args:
        model: a run folder, or a model's name.
        inputs: an argument with a data suffix is a file, ``-`` reads lines from stdin, all else is a text.
        text_column: where the file has another name than the run's recipe, or than ``text``.
        encoding: of text files and of stdin; None finds it.
        output: where predictions go, if anywhere; its suffix chooses the format.

    Raises:
        ToolkitError: of the kind that says what went wrong.
    """
    check_output(output, inputs=inputs)
    subject = find_subject(model)
    files = [name for name in inputs if Path(name).suffix.lower() in DATA_SUFFIXES]
    if subject.task is None and files:
        _check_data(files, {"text": text_column}, encoding=encoding)
    located = locate_model(subject.model)
    task = subject.task or _task_of(located)
    names = _columns_of(located, task)
    columns = subject.columns(**{names[0]: text_column})
    predictions: LabelPredictions | TextPredictions
    if task is Task.TEXT_CLASSIFICATION:
        classifier = classifier_of(subject, located)
        rows = read_inputs(inputs, columns=columns, encoding=encoding, problem=classifier.problem)
        predictions = classifier.predict(rows)
    else:
        opened = open_for_prediction(located, task=task)
        rows = read_inputs(inputs, columns=columns, encoding=encoding, wanted=names)
        predictions, _ = write_texts(opened, rows)
    if output is not None:
        predictions.write(output)
    return predictions


def _task_of(located: LocatedModel) -> Task:
    """What a model that no run made is for; adapters without a configuration are classifiers."""
    if is_adapter(located.folder):
        return Task.TEXT_CLASSIFICATION
    return task_of(open_config(located))


def _columns_of(located: LocatedModel, task: Task) -> tuple[str, ...]:
    """The columns that ``--text-column`` and ``--label-column`` stand for, by the toolkit's own names."""
    if task is Task.TEXT_CLASSIFICATION:
        return ("text", "label")
    return ("source", "target") if family_of(open_config(located)) is Family.ENCODER_DECODER else ("text",)


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


def _check_data(sources: Sequence[str], given: Mapping[str, str | None], *, encoding: str | None) -> None:
    """Refuse data that cannot be read, or lacks a column that was named, before a model is looked for."""
    columns = {name: column for name, column in given.items() if column is not None}
    pick_columns(read_table(list(sources), encoding=encoding), columns=columns, needed=list(columns))


def _check_labels(references: Sequence[str], labels: Sequence[str], *, source: str) -> None:
    """Refuse rows of which the model can get none right: their labels have other names than its own."""
    found = sorted(set(references))
    if not set(found).intersection(labels):
        raise DataError(
            f"the labels ({listed(found)}) are none of the model's ({listed(labels)}); use the same names",
            where=source,
        )
