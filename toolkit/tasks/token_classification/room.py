"""The room of token classification: tags of words, and the entities that they mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from datasets import Dataset
from peft import TaskType
from transformers import AutoModelForTokenClassification

from toolkit.adapters import Head, LocatedModel, OpenedModel, locate_model, open_for_training
from toolkit.data.column_names import ColumnName, plain_names
from toolkit.errors import RecipeError
from toolkit.names import SPECS, Family, Problem, Task
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import Answerer, Answers, FittedHead, MeasuredBaseline, Result, TaskData
from toolkit.tasks.judge import Judge
from toolkit.tasks.kept_answers import Columns, KeptAnswers
from toolkit.tasks.room import TaskRoom
from toolkit.tasks.token_classification import features, golden, learning
from toolkit.tasks.token_classification.baselines import baseline_predictions
from toolkit.tasks.token_classification.entities import entities_of
from toolkit.tasks.token_classification.inputs import Tagger, read_inputs, read_tagged
from toolkit.tasks.token_classification.kept import KeptEntities
from toolkit.tasks.token_classification.learning import labelled_windows
from toolkit.tasks.token_classification.metrics import measure, sums_of
from toolkit.tasks.token_classification.pages import TaggingPages
from toolkit.tasks.token_classification.predict import predict, scheme_of, write_scheme
from toolkit.tasks.token_classification.predictions import TagPredictions
from toolkit.tasks.token_classification.prepare import TaggedData, prepare_tagged
from toolkit.tasks.token_classification.result import evaluate_tags, mistakes_in
from toolkit.tasks.token_classification.sentences import rows_in
from toolkit.training.objective import Objective


class TokenClassification(TaskRoom):
    """Tags of words, such as names of people and places."""

    spec = SPECS[Task.TOKEN_CLASSIFICATION]
    head = Head(
        Task.TOKEN_CLASSIFICATION,
        classes=dict.fromkeys(Family, AutoModelForTokenClassification),
        peft_types=dict.fromkeys(Family, TaskType.TOKEN_CLS),
        is_labelled=True,
    )
    class_endings = ("ForTokenClassification",)
    compares = False
    pages = TaggingPages()

    def prepare(self, recipe: Recipe) -> TaggedData:
        """Read, check, normalise and divide sentences with tags or spans."""
        return prepare_tagged(recipe.data)

    def describe(self, data: TaskData) -> str:
        """Return how many sentences there are, in words."""
        return f"{super().describe(data).removesuffix('classes')}tags ({cast(TaggedData, data).scheme})"

    def count_labels(self, rows: Dataset, data: TaskData) -> dict[str, Any]:
        """Count the words of each tag, in the order of the tags, and the entities of each label."""
        scheme = cast(TaggedData, data).scheme
        tags = [sentence.tags or [] for sentence in rows_in(rows)]
        words = Counter(tag for row in tags for tag in row)
        entities = Counter(entity.label for row in tags for entity in entities_of(row, scheme))
        return {"labels": {tag: words[tag] for tag in data.labels}, "entities": dict(sorted(entities.items()))}

    def published(self, rows: Dataset, data: TaskData) -> Dataset:
        """Return the rows of a split as lists of words and of their tags, beside the text that they stand in."""

        def words(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
            places = zip(batch["text"], batch["starts"], batch["ends"], strict=True)
            return {"tokens": [[text[a:b] for a, b in zip(starts, ends, strict=True)] for text, starts, ends in places]}

        found = rows.map(words, batched=True, load_from_cache_file=False)
        return found.select_columns(["id", "text", "tokens", "tags"])

    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return ``text`` and ``spans``; a column of lists of words, and of their tags, may be meant as well."""
        return ("text", "spans")

    def read_rows(
        self, source: list[str], model: Answerer, *, columns: Mapping[str, ColumnName], encoding: str | None
    ) -> Dataset:
        """Read sentences with tags or spans; refuse them if the model knows none of their tags."""
        return read_tagged(source, cast(Tagger, model), columns=plain_names(columns), encoding=encoding)

    def read_inputs(
        self, inputs: Sequence[str], model: Answerer, *, columns: Mapping[str, ColumnName], encoding: str | None
    ) -> Dataset:
        """Read files of texts or of words, or texts; tags go along where there are any."""
        return read_inputs(inputs, columns=plain_names(columns), encoding=encoding)

    def open_for_training(self, recipe: Recipe, data: TaskData, *, tokenizer_folder: Path) -> OpenedModel:
        """Open the recipe's model with a new head that knows the scheme of the tags."""
        opened = super().open_for_training(recipe, data, tokenizer_folder=tokenizer_folder)
        write_scheme(opened, cast(TaggedData, data).scheme)
        return opened

    def answerer(self, located: LocatedModel, untrained: Recipe | None, labels: tuple[str, ...]) -> Tagger:
        """Open a model to ask it; the scheme of its tags is known of it."""
        opened = self.open(located)

        def answer(rows: Dataset, metrics: Sequence[str]) -> TagPredictions:
            return self.answer(opened, rows, metrics)

        return Tagger(opened.family, opened.labels, opened.problem, answer, scheme=scheme_of(opened))

    def objective(self, recipe: Recipe, data: TaskData, opened: OpenedModel) -> Objective:
        """Learn the tags of tokens from padded windows."""
        return learning.objective(recipe, cast(TaggedData, data), opened)

    def fit_head(self, recipe: Recipe, data: TaskData) -> FittedHead:
        """Fit logistic regression to the states of frozen tokens."""
        tagged = cast(TaggedData, data)
        opened = open_for_training(
            locate_model(recipe.model.label),
            self.head,
            labels=data.labels,
            method=recipe.way,
            max_length=recipe.data.max_length,
        )
        write_scheme(opened, tagged.scheme)
        validation = None if tagged.validation is None else labelled_windows(tagged.validation, tagged, opened)
        return features.fit(recipe, opened, labelled_windows(tagged.train, tagged, opened), validation)

    def answer(self, opened: OpenedModel, rows: Dataset, metrics: Sequence[str]) -> TagPredictions:
        """Predict the tags and the entities of sentences."""
        return predict(opened, rows)

    def measure(self, answers: Answers, metrics: Sequence[str]) -> Result:
        """Measure entities and tags."""
        return evaluate_tags(cast(TagPredictions, answers), metrics)

    def baselines(self, data: TaskData, metrics: Sequence[str]) -> dict[str, MeasuredBaseline]:
        """Measure each word's most frequent tag, and a linear model of the shapes of words."""
        found = baseline_predictions(data.train, data.test, cast(TaggedData, data).scheme)
        return {
            name: MeasuredBaseline(measure(metrics, sums_of(predictions)), predictions.columns())
            for name, predictions in found.items()
        }

    def kept_answers(self, columns: Columns, *, labels: Sequence[str], problem: Problem | None) -> KeptAnswers:
        """Return entities and tags."""
        return KeptEntities(columns)

    def judge(self, rows: Dataset, data: TaskData, *, metric: str | None = None) -> Judge:
        """Refuse: models are not compared for this task.

        Raises:
            RecipeError: always.
        """
        raise RecipeError(f"models cannot be compared for {self.spec.task} in this version", where="task")

    def slice_metric(self, answers: Answers, metrics: Sequence[str]) -> str:
        """Return F1 of entities."""
        return "entity_f1"

    def reads_in_parts(self, family: Family) -> bool:
        """Return True: a long sentence is read in windows."""
        return True

    def samples(self, columns: Mapping[str, list[Any]], problem: Problem | None) -> list[dict[str, Any]]:
        """Return the sentences with the most wrong or missing entities."""
        return mistakes_in(columns)

    def golden_rows(
        self, opened: OpenedModel, rows: Dataset, *, answers: Answers | None = None, most: int
    ) -> list[dict[str, Any]]:
        """Choose texts of one window."""
        return golden.golden_rows(opened, rows, answers=cast(TagPredictions | None, answers), most=most)

    def golden_answers(self, opened: OpenedModel, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return rows with the tags of their tokens, and the probabilities of all tags."""
        return golden.golden_answers(opened, rows)


ROOM = TokenClassification()
