"""The story: recipe → data → model → training → evaluation → run folder → ledger.

`fine_tune` is the whole of it; the other verbs take a part. Each stage gives back a frozen dataclass, and
this module alone knows their order.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from transformers import PreTrainedTokenizerBase, set_seed

from toolkit.adapters import (
    LocatedModel,
    OpenedModel,
    locate_model,
    open_config,
    open_for_prediction,
    open_for_training,
    open_from_scratch,
    open_tokenizer,
)
from toolkit.adapters.heads import task_of
from toolkit.data import (
    ClassificationData,
    DoctorReport,
    TextData,
    TokenReport,
    examine_file,
    examine_tokens,
    prepare_classification,
    prepare_rows,
    prepare_texts,
)
from toolkit.data.columns import pick_columns
from toolkit.data.inputs import read_inputs
from toolkit.data.notes import listed
from toolkit.data.rows import prepare_text_rows
from toolkit.data.sources import DATA_SUFFIXES, read_table
from toolkit.data.vocabulary import train_tokenizer
from toolkit.errors import DataError, RecipeError, ResourceError
from toolkit.evaluation import (
    Evaluation,
    MetricValue,
    Predictions,
    check_output_suffix,
    evaluate_predictions,
)
from toolkit.evaluation.compare import measure_baselines
from toolkit.evaluation.compare_texts import measure_text_baselines
from toolkit.evaluation.generate import write_texts
from toolkit.evaluation.predict import predict as predict_rows
from toolkit.evaluation.text_predictions import TextPredictions
from toolkit.evaluation.text_result import TextEvaluation
from toolkit.evaluation.texts import ScoredTexts, evaluate_on_texts
from toolkit.files import write_json_atomically, write_text_atomically
from toolkit.hub.card import render_card
from toolkit.names import DEFAULT_METRICS, Family, Split, Task
from toolkit.progress import say, warn
from toolkit.recipe import Recipe, TokenizerSection, recipe_digest, recipe_yaml
from toolkit.report.page import render_page
from toolkit.training import train
from toolkit.training.save import MODEL_FOLDER, save_model
from toolkit.trials.finished import (
    METRICS_FILE,
    PREDICTIONS_FILE,
    RECIPE_FILE,
    FinishedRun,
    SeedSpread,
    read_run,
    spread,
    training_losses,
)
from toolkit.trials.outcome import outcome, split_result
from toolkit.trials.recording import record_trial
from toolkit.trials.run_folder import RunIdentity, claim_run
from toolkit.trials.subject import find_subject

LONGEST_TEXT = 10**6  # tokens of a tokenizer whose model is still to be made
DEFAULT_RUNS = Path("runs")
DEFAULT_LEDGER = DEFAULT_RUNS / "trials.jsonl"


def fine_tune(
    recipe: Recipe,
    *,
    name: str,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    restart: bool = False,
) -> FinishedRun:
    """Carry out a recipe; go on with an unfinished run, show a finished one.

    Args:
        recipe: checked.
        name: of the recipe, for the default folder and the ledger.
        output_dir: the run folder; None takes ``runs/<name>-<digest>``.
        ledger: every trial that gets as far as its model is added here, failures included.
        restart: throw away what is there.

    Raises:
        ToolkitError: of the kind that says what went wrong.
        Interrupted: after a checkpoint, when a signal asked for it.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RecipeError("a run is one process in this version; start it without torchrun or accelerate launch")
    digest = recipe_digest(recipe)
    folder = output_dir or DEFAULT_RUNS / f"{name}-{digest[:8]}"
    data = _prepare(recipe)
    classes = f", {len(data.labels)} classes" if isinstance(data, ClassificationData) else ""
    say(f"{data.source}: {len(data.train)} rows to learn from, {len(data.test)} to test on{classes}")
    for line in data.warnings:
        warn(line)
    identity = RunIdentity(digest, data.digest)
    with claim_run(folder, identity, restart=restart) as run:
        if run.finished:
            say("this run is finished; --restart would start over")
            return read_run(folder)
        with record_trial(recipe, identity, name=name, folder=folder, ledger=ledger) as trial:
            metrics = _carry_out(recipe, data, work=run.work)
            trial.done(run.work, metrics)
            run.publish()
    return FinishedRun(folder, metrics)


def _prepare(recipe: Recipe) -> ClassificationData | TextData:
    if recipe.task is Task.TEXT_CLASSIFICATION:
        return prepare_classification(recipe.data)
    return prepare_texts(recipe.data, columns=recipe.text_columns)


def _carry_out(recipe: Recipe, data: ClassificationData | TextData, *, work: Path) -> dict[str, Any]:
    """Train, save, measure what was saved beside the baselines, and write it all down."""
    set_seed(recipe.seed)
    opened = _open(recipe, data)
    trained = train(recipe, data, opened, work)
    model_folder = save_model(trained.model, opened, work)
    say("measuring the saved model on the test rows")
    started = time.monotonic()
    saved = open_for_prediction(LocatedModel(recipe.model.label, model_folder), task=recipe.task)
    measured = _measure(recipe, data, saved)
    metrics = outcome(
        recipe,
        data,
        opened,
        trained=trained,
        test=measured.evaluation,
        baselines=measured.baselines,
        model_folder=model_folder,
        evaluate_seconds=time.monotonic() - started,
    )
    _write_down(recipe, metrics, measured, work=work)
    return metrics


def _open(recipe: Recipe, data: ClassificationData | TextData) -> OpenedModel:
    """The pretrained model with the head that the task needs, or our own from a random start."""
    labels = data.labels if isinstance(data, ClassificationData) else ()
    longest = recipe.data.max_length
    if recipe.model.config is None:
        located = locate_model(recipe.model.label)
        return open_for_training(located, labels=labels, method=recipe.method, max_length=longest)
    tokenizer = _tokenizer(recipe, data)
    return open_from_scratch(
        recipe.model.config,
        tokenizer,
        task=recipe.task,
        labels=labels,
        max_length=longest,
        generation=recipe.evaluation.generation,
    )


def _tokenizer(recipe: Recipe, data: ClassificationData | TextData) -> PreTrainedTokenizerBase:
    """A tokenizer learnt from every text of the training rows."""
    wanted = recipe.tokenizer or TokenizerSection()
    columns = [name for name in ("text", "text_pair", "source", "target") if name in data.train.column_names]
    tokenizer = train_tokenizer(
        [text for name in columns for text in data.train[name]],
        kind=wanted.train,
        vocab_size=wanted.vocab_size,
        lowercase=wanted.lowercase,
        max_length=LONGEST_TEXT,
    )
    if len(tokenizer) < wanted.vocab_size:
        warn(f"the texts gave {len(tokenizer):,} tokens, fewer than the {wanted.vocab_size:,} of tokenizer.vocab_size")
    return tokenizer


@dataclass(frozen=True)
class _Measured:
    """A saved model on the test rows."""

    predictions: Predictions | TextPredictions | ScoredTexts
    evaluation: Evaluation | TextEvaluation
    baselines: dict[str, dict[str, MetricValue]]
    samples: list[dict[str, Any]]  # rows to look at


def _measure(recipe: Recipe, data: ClassificationData | TextData, saved: OpenedModel) -> _Measured:
    metrics = recipe.metrics
    if isinstance(data, TextData):
        written, of_texts = evaluate_on_texts(saved, data.test, metrics=metrics)
        samples = [asdict(sample) for sample in of_texts.samples]
        return _Measured(written, of_texts, measure_text_baselines(data, metrics=metrics), samples)
    predictions = predict_rows(saved, data.test)
    evaluation = evaluate_predictions(predictions, metrics=metrics)
    baselines = measure_baselines(data.train, data.test, n_labels=len(data.labels), metrics=metrics)
    return _Measured(predictions, evaluation, baselines, [asdict(mistake) for mistake in evaluation.mistakes])


def _write_down(recipe: Recipe, metrics: Mapping[str, Any], measured: _Measured, *, work: Path) -> None:
    text = recipe_yaml(recipe)
    write_text_atomically(work / RECIPE_FILE, text)
    write_json_atomically(work / METRICS_FILE, metrics)
    measured.predictions.write(work / PREDICTIONS_FILE)
    page = render_page(metrics, recipe_yaml=text, samples=measured.samples, losses=training_losses(work))
    write_text_atomically(work / "report.html", page)
    model_config = json.loads((work / MODEL_FOLDER / "config.json").read_text(encoding="utf-8"))
    write_text_atomically(work / "README.md", render_card(metrics, recipe_yaml=text, model_config=model_config))


def fine_tune_over_seeds(
    recipe: Recipe,
    seeds: Sequence[int],
    *,
    name: str,
    output_dir: Path | None = None,
    ledger: Path = DEFAULT_LEDGER,
    restart: bool = False,
) -> SeedSpread:
    """Carry out a recipe once for each seed; all share the split, so only training differs.

    Args:
        recipe: checked; its own seed is replaced.
        seeds: two or more make a spread.
        name, output_dir, ledger, restart: as for `fine_tune`; `output_dir` holds the runs.
    """
    folder = output_dir or DEFAULT_RUNS / f"{name}-{recipe_digest(recipe)[:8]}-seeds"
    runs = [
        fine_tune(
            recipe.model_copy(update={"seed": seed}),
            name=name,
            output_dir=folder / f"seed-{seed}",
            ledger=ledger,
            restart=restart,
        )
        for seed in seeds
    ]
    summary = spread(seeds, runs)
    write_json_atomically(folder / "seeds.json", summary)
    return SeedSpread(folder, summary)


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
    _check_output(output, inputs=data)
    subject = find_subject(model)
    if subject.task is None:
        _check_data(data, {"text": text_column, "label": label_column}, encoding=encoding)
    located = locate_model(subject.model)
    task = subject.task or task_of(open_config(located))
    opened = open_for_prediction(located, task=task)
    given = dict(zip(_columns_of(opened, task), (text_column, label_column), strict=False))
    columns = subject.columns(**given)
    metrics = subject.metrics or DEFAULT_METRICS[task]
    evaluation: Evaluation | TextEvaluation
    predictions: Predictions | TextPredictions | ScoredTexts
    if task is Task.TEXT_CLASSIFICATION:
        rows = prepare_rows(list(data), columns=columns, encoding=encoding, require_label=True)
        _check_labels(rows["reference"], opened.labels, source=", ".join(data))
        predictions = predict_rows(opened, rows)
        evaluation = evaluate_predictions(predictions, metrics=metrics)
    else:
        wanted = _wanted(opened)
        rows = prepare_text_rows(
            list(data), wanted=wanted, columns=columns, encoding=encoding, require_reference=len(wanted) > 1
        )
        predictions, evaluation = evaluate_on_texts(opened, rows, metrics=metrics)
    if output is not None:
        predictions.write(output)
    for line in evaluation.warnings:
        warn(line)
    return {
        "schema": 1,
        "task": task.value,
        "family": opened.family.value,
        "model": model,
        "labels": list(opened.labels),
        "splits": {Split.TEST.value: split_result(evaluation)},
        "data": {"source": ", ".join(data)},
    }


def predict(
    model: str,
    inputs: Sequence[str],
    *,
    text_column: str | None = None,
    encoding: str | None = None,
    output: Path | None = None,
) -> Predictions | TextPredictions:
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
    _check_output(output, inputs=inputs)
    subject = find_subject(model)
    files = [name for name in inputs if Path(name).suffix.lower() in DATA_SUFFIXES]
    if subject.task is None and files:
        _check_data(files, {"text": text_column}, encoding=encoding)
    located = locate_model(subject.model)
    task = subject.task or task_of(open_config(located))
    opened = open_for_prediction(located, task=task)
    columns = subject.columns(**{_columns_of(opened, task)[0]: text_column})
    predictions: Predictions | TextPredictions
    if task is Task.TEXT_CLASSIFICATION:
        predictions = predict_rows(opened, read_inputs(inputs, columns=columns, encoding=encoding))
    else:
        rows = read_inputs(inputs, columns=columns, encoding=encoding, wanted=_wanted(opened))
        predictions, _ = write_texts(opened, rows)
    if output is not None:
        predictions.write(output)
    return predictions


def _wanted(opened: OpenedModel) -> tuple[str, ...]:
    """The columns that a model of texts reads, by the toolkit's own names."""
    return ("source", "target") if opened.family is Family.ENCODER_DECODER else ("text",)


def _columns_of(opened: OpenedModel, task: Task) -> tuple[str, ...]:
    """The columns that ``--text-column`` and ``--label-column`` stand for, by the toolkit's own names."""
    return ("text", "label") if task is Task.TEXT_CLASSIFICATION else _wanted(opened)


def _check_output(output: Path | None, *, inputs: Sequence[str]) -> None:
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


def examine(
    data: Sequence[str],
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    model: str | None = None,
    max_length: int | None = None,
    encoding: str | None = None,
) -> tuple[DoctorReport, TokenReport | None]:
    """Look at a data file, without a model or through a model's tokenizer.

    Args:
        data: files or other sources.
        text_column, label_column: where they are not called ``text`` and ``label``.
        model: a model's name.
        max_length: tokens beyond which a text is cut; None takes what the model was made for.
        encoding: of text files; None finds it.
    """
    columns = {name: column for name, column in (("text", text_column), ("label", label_column)) if column is not None}
    report = examine_file(list(data), columns=columns, encoding=encoding)
    if model is None:
        return report, None
    tokenizer, length = open_tokenizer(locate_model(model), max_length=max_length)
    rows = prepare_rows(list(data), columns=columns, encoding=encoding)
    return report, examine_tokens(rows["text"], tokenizer, length)
