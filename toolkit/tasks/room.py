"""The interface of a task's room: whatever depends on the task is asked here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from datasets import Dataset

from toolkit.adapters import (
    Head,
    LocatedModel,
    OpenedModel,
    learn_tokenizer,
    locate_model,
    open_for_prediction,
    open_for_training,
    open_from_scratch,
)
from toolkit.adapters.layouts import READS, kept_word
from toolkit.data.column_looks import ColumnLook
from toolkit.data.column_names import ColumnName
from toolkit.data.doctor_report import SplitReport
from toolkit.data.guess_columns import Guess, cannot_guess, guess_columns
from toolkit.errors import RecipeError
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import Family, Problem, TaskSpec, default_metrics
from toolkit.recipe import Recipe, TokenizerSection
from toolkit.run_result import Degenerate, Written
from toolkit.tasks.interfaces import Answerer, Answers, Asked, Chosen, FittedHead, MeasuredBaseline, Result, TaskData
from toolkit.tasks.judge import Judge
from toolkit.tasks.kept_answers import Columns, KeptAnswers
from toolkit.tasks.pages import TaskPages
from toolkit.training.objective import Objective


class TaskRoom(ABC):
    """Everything that the toolkit knows of one task.

    Attributes:
        spec: what recipes know of it.
        head: the outputs that a model needs for it.
        class_endings: how the names of the library's classes for it end.
        pages: its words and pictures in report, card, demo and terminal.
        compares: whether `toolkit choose` can compare models for it.
        text_columns: columns of prepared rows that hold texts.
        reads_longer: whether of two unnamed columns of texts the longer ones are read, and the others written.
    """

    spec: ClassVar[TaskSpec]
    head: ClassVar[Head]
    class_endings: ClassVar[tuple[str, ...]]
    pages: ClassVar[TaskPages]
    compares: ClassVar[bool] = True
    text_columns: ClassVar[tuple[str, ...]] = ("text", "text_pair", "source", "inputs", "target")
    reads_longer: ClassVar[bool] = False

    # A recipe for a file

    def guess(self, looks: Sequence[ColumnLook], given: Mapping[str, ColumnName]) -> Guess:
        """Guess which columns of a file the task reads.

        Args:
            looks: what they look like.
            given: those that the user has named, as in `toolkit.data.guess_columns.given_for`.

        Raises:
            DataError: it is not plain, with what was found.
        """
        found = guess_columns(looks, self.spec.columns, given=given, longer_first=self.reads_longer)
        if found is None:
            raise cannot_guess(self.spec.task, looks, wanted=" or ".join(map(" and ".join, self.spec.columns)))
        return found

    def metrics_for(self, report: SplitReport, problem: Problem) -> tuple[list[str], str | None]:
        """Return the metrics that suit rows, the one that stands for the result first, and why; None: the usual ones.

        Args:
            report: of the rows.
            problem: what their labels are.
        """
        return list(default_metrics(self.spec.task, problem)), None

    # Rows

    @abstractmethod
    def prepare(self, recipe: Recipe) -> TaskData:
        """Read, check and divide the rows of a recipe.

        Raises:
            DataError: a broken file, a missing column, too few rows.
            HubError: a data set that cannot be found.
            RecipeError: an unknown encoding, subset or split.
        """

    def describe(self, data: TaskData) -> str:
        """Return how many rows there are, in words."""
        classes = f", {len(data.labels)} classes" if data.labels else ""
        return f"{data.source}: {len(data.train)} rows to learn from, {len(data.test)} to test on{classes}"

    def count_labels(self, rows: Dataset, data: TaskData) -> dict[str, Any]:
        """Return what metrics.json says of the labels of a split; nothing where there are none."""
        return {}

    def published(self, rows: Dataset, data: TaskData) -> Dataset:
        """Return the rows of a split as others read them: the task's own columns, labels by their names.

        Args:
            rows: of a split.
            data: all rows.
        """
        return rows

    @abstractmethod
    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return the columns that ``--text-column`` and ``--label-column`` stand for.

        Args:
            family: how the model is built.
            reads: the column of its input, where the model says so itself.
        """

    @abstractmethod
    def read_rows(
        self,
        source: list[str],
        model: Answerer,
        *,
        columns: Mapping[str, ColumnName],
        encoding: str | None,
    ) -> Dataset:
        """Read rows with references to measure a model on.

        Args:
            source: files or other sources.
            model: that will be measured.
            columns: the task's names and the data's.
            encoding: of text files; None finds it.

        Raises:
            DataError: a broken file, a missing column, a missing reference, or no reference that the model knows.
        """

    @abstractmethod
    def read_inputs(
        self, inputs: Sequence[str], model: Answerer, *, columns: Mapping[str, ColumnName], encoding: str | None
    ) -> Dataset:
        """Read rows to predict; the arguments are those of `toolkit.data.inputs.read_inputs`, and the model."""

    # Models

    def open(self, located: LocatedModel) -> OpenedModel:
        """Open a model with the head that it was trained with.

        Raises:
            RecipeError: it has no trained head for the task.
            IntegrityError: files are missing or damaged.
        """
        return open_for_prediction(located, self.head)

    def open_untrained(self, recipe: Recipe, located: LocatedModel) -> OpenedModel:
        """Open a pretrained model that is to write without training, told how it is asked.

        Raises:
            RecipeError: the task's answers are no texts, or the model cannot read such rows.
        """
        raise RecipeError(f"{self.spec.task} writes no texts", where="task")

    def open_for_training(self, recipe: Recipe, data: TaskData, *, tokenizer_folder: Path) -> OpenedModel:
        """Open the recipe's model with a new head, or make our own from a random start.

        Args:
            recipe: checked.
            data: its rows.
            tokenizer_folder: keeps a tokenizer that is learnt, so that a resumed run has the very same.
        """
        problem = data.problem or Problem.SINGLE_LABEL
        if recipe.model.config is None:
            return open_for_training(
                locate_model(recipe.model.label),
                self.head,
                labels=data.labels,
                method=recipe.way,
                problem=problem,
                max_length=recipe.data.max_length,
                quantization=recipe.model.quantization,
            )
        texts = [name for name in self.text_columns if name in data.train.column_names]
        section = recipe.tokenizer or TokenizerSection()
        return open_from_scratch(
            recipe.model.config,
            learn_tokenizer(section, data.train, texts, kept_in=tokenizer_folder),
            self.head,
            labels=data.labels,
            problem=problem,
            max_length=recipe.data.max_length,
            generation=recipe.evaluation.generation,
            seed=recipe.seed,
        )

    def answerer(self, located: LocatedModel, untrained: Recipe | None, labels: tuple[str, ...]) -> Answerer:
        """Open a model to ask it.

        Args:
            located: its files.
            untrained: the recipe of a run that asked a pretrained model as it is; None for a trained model.
            labels: that such a run chose from.
        """
        if untrained is not None:
            raise RecipeError(f"{self.spec.task} has no {untrained.method}", where="method")
        opened = self.open(located)
        return Answerer(
            opened.family,
            opened.labels,
            opened.problem,
            lambda rows, metrics: self.answer(opened, rows, metrics),
            reads=kept_word(located.folder, READS),
        )

    # Learning

    @abstractmethod
    def objective(self, recipe: Recipe, data: TaskData, opened: OpenedModel) -> Objective:
        """Return what a training learns.

        Raises:
            RecipeError: ``class_weights`` names a class that is not there.
        """

    def fit_head(self, recipe: Recipe, data: TaskData) -> FittedHead:
        """Fit a head to the frozen features of the recipe's model.

        Raises:
            RecipeError: the task has no such head.
        """
        raise RecipeError(f"features does not exist for {self.spec.task}", where="method")

    def ask(self, recipe: Recipe, data: TaskData, located: LocatedModel, *, on_open: Callable[[], None]) -> Asked:
        """Ask the recipe's model about the test rows as it is.

        Args:
            recipe: checked.
            data: its rows; training rows are at most examples in a prompt.
            located: the model.
            on_open: called once the model is open.

        Raises:
            RecipeError: the task cannot be asked like this.
        """
        raise RecipeError(f"zero-shot does not exist for {self.spec.task}", where="method")

    # Measuring

    @abstractmethod
    def answer(self, opened: OpenedModel, rows: Dataset, metrics: Sequence[str]) -> Answers:
        """Let a model answer rows, in their order.

        Args:
            opened: with its trained head.
            rows: prepared.
            metrics: that will be measured; they may decide what has to be asked. None of them: what `predict` gives.
        """

    def decide(self, recipe: Recipe, answers: Answers) -> Chosen:
        """Choose by a model's answers to the validation rows what shall follow from its probabilities.

        Args:
            recipe: which says what is asked for.
            answers: with references, and with the usual decision.

        Raises:
            RecipeError: the task has no such decision.
        """
        raise RecipeError(f"{self.spec.task} has no thresholds", where="evaluation")

    @abstractmethod
    def measure(self, answers: Answers, metrics: Sequence[str]) -> Result:
        """Measure answers against the references that they have.

        Raises:
            RecipeError: the name of a metric is unknown.
        """

    @abstractmethod
    def baselines(self, data: TaskData, metrics: Sequence[str]) -> dict[str, MeasuredBaseline]:
        """Measure what costs nothing, from the same training rows and on the same test rows."""

    def compared_columns(self, answers: Answers) -> dict[str, list[Any]]:
        """Return answers as columns that `kept_answers` reads, with what a model would have said that abstains."""
        return answers.columns()

    @abstractmethod
    def kept_answers(self, columns: Columns, *, labels: Sequence[str], problem: Problem | None) -> KeptAnswers:
        """Return answers with their references, so that they can be compared with others to the same rows.

        Args:
            columns: of ``predictions.parquet``. ``[rows]`` each
            labels: of the model.
            problem: what the labels are.
        """

    def degenerate(
        self, answers: Answers, result: Result, baselines: Mapping[str, Mapping[str, MetricValue]]
    ) -> Degenerate | None:
        """Return why a model's answers to the test rows show nothing learnt; None where they show something.

        Args:
            answers: of the model.
            result: what was measured.
            baselines: metrics of each on the same rows.
        """
        return None

    @abstractmethod
    def judge(self, rows: Dataset, data: TaskData, *, metric: str | None = None) -> Judge:
        """Return the judge of some labelled rows, by which candidates are compared.

        Args:
            rows: of the data, in the form that `prepare` gives.
            data: as it was divided.
            metric: one of `deciding_metrics`; None: the first of them.
        """

    def deciding_metrics(self, problem: Problem) -> tuple[str, ...]:
        """Return the metrics by which candidates can be compared, the first the usual one; none: they cannot be.

        Args:
            problem: what the labels are.
        """
        return ()

    def usual_metric(self, data: TaskData) -> tuple[str, float | None]:
        """Return the metric that decides where none is named, and how uneven the classes are where that is why.

        Args:
            data: as it was divided.
        """
        return self.deciding_metrics(data.problem or Problem.SINGLE_LABEL)[0], None

    @abstractmethod
    def slice_metric(self, answers: Answers, metrics: Sequence[str]) -> str:
        """Return the metric by which parts of the test rows can be compared."""

    def reads_in_parts(self, family: Family) -> bool:
        """Return whether long texts are read in several parts, so that nothing is cut."""
        return False

    def samples(self, columns: Mapping[str, list[Any]], problem: Problem | None) -> list[dict[str, Any]]:
        """Return rows to look at from the columns of ``predictions.parquet``.

        Args:
            columns: by name.
            problem: what the labels are.
        """
        return []

    def written(self, recipe: Recipe, data: TaskData, result: Result) -> tuple[Written, ...]:
        """Return test rows with what was written for them, of a model that writes.

        Args:
            recipe: checked.
            data: its rows.
            result: what was measured on the test rows.
        """
        return ()

    # Proof

    @abstractmethod
    def golden_rows(
        self, opened: OpenedModel, rows: Dataset, *, answers: Answers | None = None, most: int
    ) -> list[dict[str, Any]]:
        """Choose test rows to keep a model's answers to, without the answers.

        Args:
            opened: with its trained head.
            rows: the test rows.
            answers: to all of them, to find those that are hard to decide; None where they are not known.
            most: how many to choose.
        """

    @abstractmethod
    def golden_answers(self, opened: OpenedModel, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return golden rows with a model's answers; the form is that of `toolkit.evaluation.proof.parity`."""

    def golden_facts(self, opened: OpenedModel) -> dict[str, Any]:
        """Return what ``golden.json`` says of the model beside its rows: ``problem`` and ``generation``."""
        return {"problem": None, "generation": None}
