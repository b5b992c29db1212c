"""The room of text classification: one class, several labels, or a number for a text or a pair of texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from datasets import Dataset
from transformers import EvalPrediction

from toolkit.adapters import SEQUENCE_HEAD, LocatedModel, OpenedModel
from toolkit.data import ClassificationData, prepare_classification, prepare_rows
from toolkit.data.column_looks import ColumnLook
from toolkit.data.column_names import ColumnName
from toolkit.data.doctor_report import SplitReport
from toolkit.data.encode import PaddingCollator, encode
from toolkit.data.guess_columns import Guess
from toolkit.data.inputs import read_inputs
from toolkit.data.labels import LabelKind, label_kind
from toolkit.data.labels.classes import IMBALANCED, Classes, about_spelling, rows_of, strangers
from toolkit.errors import DataError
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import SPECS, Family, Problem, Task
from toolkit.progress import warn
from toolkit.recipe import Recipe
from toolkit.run_result import Degenerate
from toolkit.tasks.interfaces import Answerer, Answers, Asked, Chosen, FittedHead, MeasuredBaseline, Result, TaskData
from toolkit.tasks.judge import Judge
from toolkit.tasks.kept_answers import Columns, KeptAnswers
from toolkit.tasks.room import TaskRoom
from toolkit.tasks.text_classification import features, golden, zero_shot
from toolkit.tasks.text_classification.baselines import measure_baselines
from toolkit.tasks.text_classification.decide import check_decision
from toolkit.tasks.text_classification.guess import guess_labelled
from toolkit.tasks.text_classification.judge import judge_labels, usual_metric
from toolkit.tasks.text_classification.kept import KEPT
from toolkit.tasks.text_classification.kinds import kind_of
from toolkit.tasks.text_classification.pages import ClassificationPages
from toolkit.tasks.text_classification.predict import predict
from toolkit.training.objective import Objective


class TextClassification(TaskRoom):
    """Text classification; what the labels are is a `toolkit.tasks.text_classification.kinds.LabelKind`."""

    spec = SPECS[Task.TEXT_CLASSIFICATION]
    head = SEQUENCE_HEAD
    class_endings = ("ForSequenceClassification",)
    pages = ClassificationPages()

    def guess(self, looks: Sequence[ColumnLook], given: Mapping[str, ColumnName]) -> Guess:
        """Guess the columns of a text, perhaps of a second one, and of one label, several or a number."""
        return guess_labelled(looks, given)

    def metrics_for(self, report: SplitReport, problem: Problem) -> tuple[list[str], str | None]:
        """Return the usual metrics, and F1 first where the classes have very different sizes."""
        metrics, why = super().metrics_for(report, problem)
        if problem is Problem.SINGLE_LABEL and (report.imbalance or 0) >= IMBALANCED:
            metrics.sort(key=lambda name: name != "f1")
            why = f"The largest class has {report.imbalance:g} times the rows of the smallest: accuracy would mislead."
        return metrics, why

    def prepare(self, recipe: Recipe) -> ClassificationData:
        """Read, check, normalise and divide labelled texts."""
        data = prepare_classification(recipe.data, problem=recipe.problem)
        check_decision(recipe, data)
        return data

    def count_labels(self, rows: Dataset, data: TaskData) -> dict[str, Any]:
        """Count the rows of each label, or describe the scores."""
        return kind_of(data.problem).count_labels(rows, data.labels)

    def published(self, rows: Dataset, data: TaskData) -> Dataset:
        """Return the rows of a split with their labels by name."""
        return kind_of(data.problem).published(rows, data.labels)

    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return ``text`` and ``label``, for every family."""
        return ("text", "label")

    def read_rows(
        self, source: list[str], model: Answerer, *, columns: Mapping[str, ColumnName], encoding: str | None
    ) -> Dataset:
        """Read labelled rows; refuse them if the model knows none of their classes."""
        rows = prepare_rows(source, columns=columns, encoding=encoding, require_label=True, kind=_label_kind(model))
        _check_labels(rows, model, source=", ".join(source))
        return rows

    def read_inputs(
        self, inputs: Sequence[str], model: Answerer, *, columns: Mapping[str, ColumnName], encoding: str | None
    ) -> Dataset:
        """Read files or texts; labels go along where there are any."""
        return read_inputs(inputs, columns=columns, encoding=encoding, kind=_label_kind(model))

    def answerer(self, located: LocatedModel, untrained: Recipe | None, labels: tuple[str, ...]) -> Answerer:
        """Open a trained classifier, or a pretrained model that is asked as it is."""
        if untrained is not None:
            return zero_shot.asked_answerer(untrained, labels, located)
        return super().answerer(located, untrained, labels)

    def objective(self, recipe: Recipe, data: TaskData, opened: OpenedModel) -> Objective:
        """Learn labels from padded rows."""
        labelled, kind = cast(ClassificationData, data), kind_of(data.problem)
        collator = PaddingCollator(int(opened.tokenizer.pad_token_id))

        def compute(prediction: EvalPrediction) -> dict[str, float | None]:
            logits, labels = np.asarray(prediction.predictions), np.asarray(prediction.label_ids)
            return kind.metrics_of_logits(logits, labels, recipe.metrics)

        validation = None if data.validation is None else kind.known_rows(data.validation)
        return Objective(
            train_rows=encode(data.train, opened.tokenizer, max_length=opened.max_length),
            validation_rows=_shortest_first(validation, opened) if validation is not None and len(validation) else None,
            row_ids=list(data.train["id"]),
            packed=False,
            collator=lambda _: collator,
            loss=kind.loss(recipe, labelled),
            compute_metrics=compute,
        )

    def fit_head(self, recipe: Recipe, data: TaskData) -> FittedHead:
        """Fit logistic regression, ridge regression or a small network to frozen features."""
        return features.fit(recipe, data)

    def ask(self, recipe: Recipe, data: TaskData, located: LocatedModel, *, on_open: Callable[[], None]) -> Asked:
        """Ask for the label that the model finds likely, similar, implied or fitting a gap."""
        return zero_shot.ask_about_test(recipe, data, located, on_open=on_open)

    def answer(self, opened: OpenedModel, rows: Dataset, metrics: Sequence[str]) -> Answers:
        """Predict the labels of rows."""
        return predict(opened, rows)

    def decide(self, recipe: Recipe, answers: Answers) -> Chosen:
        """Choose when to abstain, or the thresholds of two classes or several labels."""
        return kind_of(cast(Any, answers).problem).decide(recipe, answers)

    def measure(self, answers: Answers, metrics: Sequence[str]) -> Result:
        """Measure predicted labels."""
        return kind_of(cast(Any, answers).problem).evaluate(answers, metrics)

    def baselines(self, data: TaskData, metrics: Sequence[str]) -> dict[str, MeasuredBaseline]:
        """Measure a constant answer, and a linear model on TF-IDF."""
        return measure_baselines(cast(ClassificationData, data), metrics=metrics)

    def compared_columns(self, answers: Answers) -> dict[str, list[Any]]:
        """Return the columns of answers, none of which is withheld."""
        found = cast(Any, answers)
        return answers.columns() | kind_of(found.problem).columns_of(found.predicted, getattr(found, "labels", ()))

    def kept_answers(self, columns: Columns, *, labels: Sequence[str], problem: Problem | None) -> KeptAnswers:
        """Return classes, sets of labels or numbers."""
        return KEPT[problem or Problem.SINGLE_LABEL](columns, labels)

    def degenerate(
        self, answers: Answers, result: Result, baselines: Mapping[str, Mapping[str, MetricValue]]
    ) -> Degenerate | None:
        """Return whether all answers are the same, or are not shown to be better than a constant one."""
        return kind_of(cast(Any, answers).problem).degenerate(answers, result.metrics, baselines)

    def judge(self, rows: Dataset, data: TaskData, *, metric: str | None = None) -> Judge:
        """Return the judge of classes, sets of labels or numbers."""
        return judge_labels(rows, cast(ClassificationData, data), metric=metric)

    def deciding_metrics(self, problem: Problem) -> tuple[str, ...]:
        """Return the metrics of the kind of label."""
        return self.spec.metrics_of(problem)

    def usual_metric(self, data: TaskData) -> tuple[str, float | None]:
        """Return accuracy, or macro F1 where classes are of very unlike sizes; of other labels their first metric."""
        return usual_metric(cast(ClassificationData, data))

    def slice_metric(self, answers: Answers, metrics: Sequence[str]) -> str:
        """Return a metric that is no average over labels."""
        return kind_of(cast(Any, answers).problem).slice_metric

    def samples(self, columns: Mapping[str, list[Any]], problem: Problem | None) -> list[dict[str, Any]]:
        """Return the most confident mistakes, or of numbers the largest errors."""
        # Runs of older versions do not say: they had one class a text.
        return kind_of(problem or Problem.SINGLE_LABEL).samples(columns)

    def golden_rows(
        self, opened: OpenedModel, rows: Dataset, *, answers: Any = None, most: int
    ) -> list[dict[str, Any]]:
        """Choose rows of all labels and lengths, and those that are hard to decide."""
        return golden.golden_rows(opened, rows, answers=answers, most=most)

    def golden_answers(self, opened: OpenedModel, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return rows with labels and probabilities, or numbers."""
        return golden.golden_answers(opened, rows)

    def golden_facts(self, opened: OpenedModel) -> dict[str, Any]:
        """Return what the labels are; nothing is generated."""
        return {"problem": opened.problem.value, "generation": None}


def _shortest_first(rows: Dataset, opened: OpenedModel) -> Dataset:
    encoded = encode(rows, opened.tokenizer, max_length=opened.max_length)
    return encoded.select(np.argsort(encoded["length"], kind="stable"))


def _label_kind(model: Answerer) -> LabelKind:
    """Return the kind of a model's labels, with its spelling."""
    return label_kind(model.problem).known(model.labels, merge=model.merge_labels)


def _check_labels(rows: Dataset, model: Answerer, *, source: str) -> None:
    """Refuse rows of which the model can get hardly any right: their labels have other names than its own."""
    kind = label_kind(model.problem)
    if not isinstance(kind, Classes):
        return
    several = "label_names" in rows.column_names
    counts = Counter(map(tuple, rows["label_names"]) if several else ((name,) for name in rows["reference"]))
    by_name = rows_of(counts)
    for line in about_spelling(by_name, outputs=model.labels, fix="spell them as the model does"):
        warn(line)
    fault = strangers(counts, model.labels, theirs="the model's")
    if fault is not None:
        raise DataError(fault, where=source)


ROOM = TextClassification()
