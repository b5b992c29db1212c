"""What the rooms share whose output is text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import LocatedModel, OpenedModel
from toolkit.adapters.batching import batching_of, collator_of
from toolkit.adapters.layouts import layout_for, prompt_of
from toolkit.data import TextData, prepare_text_rows, prepare_texts
from toolkit.data.column_names import ColumnName
from toolkit.data.inputs import read_inputs
from toolkit.data.messages import CHAT
from toolkit.evaluation.inference.generate import write_texts
from toolkit.evaluation.inference.likelihood import mean_loss
from toolkit.evaluation.inference.text_predictions import TextPredictions
from toolkit.names import Family, Method, Problem
from toolkit.progress import say
from toolkit.recipe import Recipe
from toolkit.recipe.schema import PAIR
from toolkit.run_result import Written
from toolkit.tasks.interfaces import Answerer, Answers, Asked, MeasuredBaseline, Result, TaskData
from toolkit.tasks.judge import Judge
from toolkit.tasks.kept_answers import Columns, KeptAnswers
from toolkit.tasks.room import TaskRoom
from toolkit.tasks.texts.answers import TextAnswers, answer_texts
from toolkit.tasks.texts.baselines import PAIRS, Writer, measure_text_baselines
from toolkit.tasks.texts.golden import generation_settings, golden_answers, golden_rows
from toolkit.tasks.texts.judge import LikelihoodJudge, judge_texts
from toolkit.tasks.texts.kept import KeptTexts
from toolkit.tasks.texts.result import choose_samples, evaluate_texts
from toolkit.tasks.texts.rows_shown import shortened_row, written_before
from toolkit.tasks.texts.settle import settle_writing, with_shots
from toolkit.tasks.texts.validate import LESS_IS_BETTER, LOSS, WrittenWhileTraining, also_written
from toolkit.training.losses import TokenLoss
from toolkit.training.objective import Objective


class TextsRoom(TaskRoom):
    """A task that learns from texts alone; the loss chooses its best weights, or what it writes.

    Attributes:
        prompts: what a decoder is asked by where nothing was trained, by language.
        writers: the baselines of pairs.
    """

    prompts: ClassVar[Mapping[str, str]] = {}
    writers: ClassVar[Mapping[str, Writer]] = PAIRS

    def input_columns(self, family: Family, reads: str | None = None) -> tuple[str, ...]:
        """Return ``source``, or the columns of the model's prompt, and ``target``."""
        return (*(reads or "source").split(","), "target")

    def prepare(self, recipe: Recipe) -> TextData:
        """Read, check, normalise and divide texts, or pairs of a source and its target."""
        return prepare_texts(recipe.data, columns=recipe.text_columns)

    def published(self, rows: Dataset, data: TaskData) -> Dataset:
        """Return the rows of a split; chats as lists of messages."""
        if CHAT not in rows.column_names:
            return rows

        def messages(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
            return {CHAT: [json.loads(chat) for chat in batch[CHAT]]}

        return rows.map(messages, batched=True, load_from_cache_file=False)

    def read_rows(
        self, source: list[str], model: Answerer, *, columns: Mapping[str, ColumnName], encoding: str | None
    ) -> Dataset:
        """Read texts, or sources that all have a target."""
        names = self.input_columns(model.family, model.reads)
        return prepare_text_rows(
            source, wanted=names, columns=columns, encoding=encoding, require_reference=len(names) > 1
        )

    def read_inputs(
        self, inputs: Sequence[str], model: Answerer, *, columns: Mapping[str, ColumnName], encoding: str | None
    ) -> Dataset:
        """Read files or texts."""
        return read_inputs(
            inputs, columns=columns, encoding=encoding, wanted=self.input_columns(model.family, model.reads)
        )

    def open_for_training(self, recipe: Recipe, data: TaskData, *, tokenizer_folder: Path) -> OpenedModel:
        """Open the recipe's model, as it shall read and write; or make our own from a random start."""
        opened = super().open_for_training(recipe, data, tokenizer_folder=tokenizer_folder)
        if recipe.model.config is None:
            settle_writing(opened, recipe, prompt=recipe.data.prompt, examples=data.train)
        return opened

    def ask(self, recipe: Recipe, data: TaskData, located: LocatedModel, *, on_open: Callable[[], None]) -> Asked:
        """Let the recipe's model write for the test rows as it is, perhaps after a few examples."""
        opened = self.open_untrained(recipe, located)
        on_open()
        answers = self._answer_after(opened, data.test, recipe.metrics, recipe, data)
        asked = {"prompt": prompt_of(opened.tokenizer), "shots": recipe.zero_shot.shots}
        return Asked(opened, answers, asked, ())

    def answerer(self, located: LocatedModel, untrained: Recipe | None, labels: tuple[str, ...]) -> Answerer:
        """Open a model to ask it; one that was never trained is asked as its run did."""
        if untrained is None:
            return super().answerer(located, untrained, labels)
        opened = self.open_untrained(untrained, located)
        data = self.prepare(untrained) if untrained.zero_shot.shots else None

        def answer(rows: Dataset, metrics: Sequence[str]) -> Answers:
            return self._answer_after(opened, rows, metrics, untrained, data)

        return Answerer(opened.family, (), opened.problem, answer, reads=untrained.reads)

    def _answer_after(
        self, opened: OpenedModel, rows: Dataset, metrics: Sequence[str], recipe: Recipe, data: TaskData | None
    ) -> Answers:
        """Answer rows after the examples that the recipe wants, if any."""
        if recipe.zero_shot.shots and data is not None:
            prompt = prompt_of(opened.tokenizer)
            rows = with_shots(rows, data.train, n_shots=recipe.zero_shot.shots, prompt=prompt)
        return self.answer(opened, rows, metrics)

    def open_untrained(self, recipe: Recipe, located: LocatedModel) -> OpenedModel:
        """Open a pretrained model, told how it is asked by the recipe, or else by the task's own prompt."""
        opened = self.open(located)
        usual = None if recipe.text_columns != PAIR else self.usual_prompt(opened, recipe.zero_shot.language)
        settle_writing(opened, recipe, prompt=recipe.data.prompt or usual, examples=None)
        return opened

    def usual_prompt(self, opened: OpenedModel, language: str) -> str | None:
        """Return what a pretrained model is asked by for the task; None: the source itself.

        Args:
            opened: the model; T5's configuration has prompts for tasks that it was trained for.
            language: of the prompt, ``en`` or ``ko``.
        """
        known = getattr(opened.model.config, "task_specific_params", None) or {}
        prefix = (known.get(self.spec.task) or {}).get("prefix")
        if isinstance(prefix, str):
            return f"{prefix}{{source}}"
        return self.prompts.get(language) if opened.family is Family.DECODER else None

    def objective(self, recipe: Recipe, data: TaskData, opened: OpenedModel) -> Objective:
        """Learn tokens from rows that lie behind each other where the model takes them so, else from padded ones."""
        layout, tokenizer = layout_for(opened, data.train.column_names), opened.tokenizer
        batching = batching_of(opened.model, opened.family)

        def encoded(rows: Dataset) -> Dataset:
            return layout.encode(rows, tokenizer, max_length=opened.max_length)

        train_rows = encoded(data.train)
        validation_rows = None if data.validation is None else _numbered(encoded(data.validation))

        def validate(model: torch.nn.Module) -> dict[str, float]:
            collate = collator_of(layout, tokenizer, batching)
            return {"loss": mean_loss(model, cast(Dataset, validation_rows), layout, collate, batching)}

        written = None
        if data.validation is not None and recipe.best_metric != LOSS:
            written = WrittenWhileTraining(opened, data.validation, recipe.best_metric)
        # A long text may have become several encoded rows, which then keep its id.
        row_ids = list((train_rows if "id" in train_rows.column_names else data.train)["id"])
        smoothing = recipe.training.for_trainer()["label_smoothing_factor"]
        return Objective(
            train_rows=train_rows,
            validation_rows=validation_rows,
            row_ids=row_ids,
            packed=batching.packs,
            collator=lambda batches: collator_of(layout, tokenizer, batching, seed=recipe.seed, batches=batches),
            loss=TokenLoss(label_smoothing=smoothing, shifts=layout.shifts),
            validate=validate if written is None else also_written(validate, written),
            less_is_better=LESS_IS_BETTER,
            facts={} if written is None else written.facts(),
        )

    def answer(self, opened: OpenedModel, rows: Dataset, metrics: Sequence[str]) -> Answers:
        """Write texts, or score given ones, as the metrics need."""
        return answer_texts(opened, rows, metrics, write=self.write)

    def write(self, opened: OpenedModel, rows: Dataset) -> tuple[TextPredictions, NDArray[np.bool_]]:
        """Generate a text for every row; return also whether each was cut at the longest length allowed."""
        return write_texts(opened, rows)

    def measure(self, answers: Answers, metrics: Sequence[str]) -> Result:
        """Measure what was written, and how probable given texts are."""
        found = cast(TextAnswers, answers)
        return evaluate_texts(metrics, predictions=found.predictions, likelihoods=found.likelihoods, cut=found.cut)

    def baselines(self, data: TaskData, metrics: Sequence[str]) -> dict[str, MeasuredBaseline]:
        """Measure copies and nearest neighbours of pairs, or a model that counts characters."""
        return measure_text_baselines(cast(TextData, data), metrics=metrics, writers=self.writers)

    def kept_answers(self, columns: Columns, *, labels: Sequence[str], problem: Problem | None) -> KeptAnswers:
        """Return texts, or their likelihoods."""
        return KeptTexts(columns)

    def judge(self, rows: Dataset, data: TaskData, *, metric: str | None = None) -> Judge:
        """Return the judge of likelihoods."""
        return judge_texts(rows, metrics=self.spec.metrics, writers=self.writers)

    def deciding_metrics(self, problem: Problem) -> tuple[str, ...]:
        """Return bits a character alone: candidates are compared by likelihoods."""
        return (LikelihoodJudge.metric,)

    def slice_metric(self, answers: Answers, metrics: Sequence[str]) -> str:
        """Return chrF of texts that were written (BLEU counts words or characters, as the language wants)."""
        return "chrf" if cast(TextAnswers, answers).predictions is not None else metrics[0]

    def samples(self, columns: Mapping[str, list[Any]], problem: Problem | None) -> list[dict[str, Any]]:
        """Return some of what was written; nothing where texts were only scored."""
        if "prediction" not in columns:
            return []
        written = TextPredictions(columns["id"], columns["text"], columns.get("reference"), columns["prediction"])
        return [asdict(sample) for sample in choose_samples(written)]

    def written(self, recipe: Recipe, data: TaskData, result: Result) -> tuple[Written, ...]:
        """Return the rows to look at, some with what the pretrained model wrote before it was trained."""
        rows = [Written(**sample) for sample in result.samples()]
        if rows and recipe.model.config is None and recipe.way is not Method.ZERO_SHOT:
            say("asking the model as it was before training for some of the texts")
            # A pretrained model brings its tokenizer, so none is kept in a folder.
            opened = self.open_for_training(recipe, data, tokenizer_folder=Path())
            rows = written_before(opened, rows, data.test)
        return tuple(map(shortened_row, rows))

    def golden_rows(
        self, opened: OpenedModel, rows: Dataset, *, answers: Answers | None = None, most: int
    ) -> list[dict[str, Any]]:
        """Choose texts to score, some of them to write."""
        return golden_rows(opened, rows, most=most)

    def golden_answers(self, opened: OpenedModel, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return rows with likelihoods, some with what is written."""
        return golden_answers(opened, rows)

    def golden_facts(self, opened: OpenedModel) -> dict[str, Any]:
        """Return how texts are written."""
        return {"problem": None, "generation": generation_settings(opened)}


def _numbered(rows: Dataset) -> Dataset:
    """Add the index of each row, which decides which of its tokens are hidden."""
    return rows.add_column("row", np.arange(len(rows)))
