"""The story: recipe → data → model → training → evaluation → run folder → ledger.

`fine_tune` is the whole of it; the other verbs take a part. Each stage gives back a frozen dataclass, and
this module alone knows their order.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from transformers import set_seed

from toolkit.adapters import (
    LocatedModel,
    locate_model,
    open_for_prediction,
    open_for_training,
    open_tokenizer,
)
from toolkit.data import (
    ClassificationData,
    DoctorReport,
    TokenReport,
    examine_file,
    examine_tokens,
    prepare_classification,
    prepare_rows,
)
from toolkit.data.inputs import read_inputs
from toolkit.data.notes import listed
from toolkit.errors import DataError, RecipeError, ResourceError
from toolkit.evaluation import (
    Evaluation,
    Predictions,
    check_output_suffix,
    evaluate_predictions,
)
from toolkit.evaluation.compare import measure_baselines
from toolkit.evaluation.predict import predict as predict_rows
from toolkit.files import write_json_atomically, write_text_atomically
from toolkit.hub.card import render_card
from toolkit.names import DEFAULT_METRICS, Split, Task
from toolkit.progress import say, warn
from toolkit.recipe import Recipe, recipe_digest, recipe_yaml
from toolkit.report.page import render_page
from toolkit.training import train
from toolkit.training.save import save_model
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
    data = prepare_classification(recipe.data)
    say(f"{data.source}: {len(data.train)} rows to learn from, {len(data.test)} to test on, {len(data.labels)} classes")
    for line in data.warnings:
        warn(line)
    identity = RunIdentity(digest, data.digest)
    with claim_run(folder, identity, restart=restart) as run:
        if run.finished:
            say("this run is finished; --restart would start over")
            return read_run(folder)
        with record_trial(recipe, identity, name=name, folder=folder, ledger=ledger) as trial:
            metrics = _carry_out(recipe, data, locate_model(recipe.model.name), work=run.work)
            trial.done(run.work, metrics)
            run.publish()
    return FinishedRun(folder, metrics)


def _carry_out(recipe: Recipe, data: ClassificationData, located: LocatedModel, *, work: Path) -> dict[str, Any]:
    """Train, save, measure what was saved beside the baselines, and write it all down."""
    set_seed(recipe.seed)
    opened = open_for_training(located, labels=data.labels, method=recipe.method, max_length=recipe.data.max_length)
    trained = train(recipe, data, opened, work)
    model_folder = save_model(trained.model, opened, work)
    say("measuring the saved model on the test rows")
    started = time.monotonic()
    predictions = predict_rows(open_for_prediction(LocatedModel(recipe.model.name, model_folder)), data.test)
    evaluation = evaluate_predictions(predictions, metrics=recipe.metrics)
    metrics = outcome(
        recipe,
        data,
        opened,
        trained=trained,
        test=evaluation,
        baselines=measure_baselines(data.train, data.test, n_labels=len(data.labels), metrics=recipe.metrics),
        model_folder=model_folder,
        evaluate_seconds=time.monotonic() - started,
    )
    _write_down(recipe, metrics, predictions, evaluation, work=work)
    return metrics


def _write_down(
    recipe: Recipe,
    metrics: Mapping[str, Any],
    predictions: Predictions,
    evaluation: Evaluation,
    *,
    work: Path,
) -> None:
    text = recipe_yaml(recipe)
    write_text_atomically(work / RECIPE_FILE, text)
    write_json_atomically(work / METRICS_FILE, metrics)
    predictions.write(work / PREDICTIONS_FILE)
    page = render_page(
        metrics,
        recipe_yaml=text,
        mistakes=[asdict(mistake) for mistake in evaluation.mistakes],
        losses=training_losses(work),
    )
    write_text_atomically(work / "report.html", page)
    write_text_atomically(work / "README.md", render_card(metrics, recipe_yaml=text))


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
    task = Task.TEXT_CLASSIFICATION
    _check_output(output, inputs=data)
    subject = find_subject(model)
    columns = subject.columns(text=text_column, label=label_column)
    rows = prepare_rows(list(data), columns=columns, encoding=encoding, require_label=True)
    opened = open_for_prediction(locate_model(subject.model))
    _check_labels(rows["reference"], opened.labels, source=", ".join(data))
    predictions = predict_rows(opened, rows)
    if output is not None:
        predictions.write(output)
    evaluation = evaluate_predictions(predictions, metrics=subject.metrics or DEFAULT_METRICS[task])
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
) -> Predictions:
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
    rows = read_inputs(inputs, columns=subject.columns(text=text_column), encoding=encoding)
    predictions = predict_rows(open_for_prediction(locate_model(subject.model)), rows)
    if output is not None:
        predictions.write(output)
    return predictions


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
