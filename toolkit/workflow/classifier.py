"""What names labels, whether it was trained to or is asked as it is: one way to use both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from datasets import Dataset

from toolkit.adapters import LocatedModel, open_config, open_for_prediction
from toolkit.adapters.family import family_of
from toolkit.data import prepare_classification
from toolkit.evaluation.inference.predict import LabelPredictions, predict
from toolkit.evaluation.zero_shot import zero_shot
from toolkit.names import Family, Problem
from toolkit.progress import warn
from toolkit.recipe import Recipe
from toolkit.trials.subject import Subject


@dataclass(frozen=True)
class Classifier:
    """A model that answers with labels.

    Attributes:
        family: how it is built.
        labels: names of the classes, in the order of its probabilities.
        problem: what the labels of a text are.
        predict: answers to rows as `toolkit.data` prepares them.
    """

    family: Family
    labels: tuple[str, ...]
    problem: Problem
    predict: Callable[[Dataset], LabelPredictions]


def classifier_of(subject: Subject, located: LocatedModel) -> Classifier:
    """The classifier behind a run or a model's name.

    Args:
        subject: what was named.
        located: its model.

    Raises:
        RecipeError: if the model has no trained head.
        IntegrityError: if files of the model are missing or damaged.
    """
    if subject.untrained is not None:
        return _asked(subject.untrained, subject.labels, located)
    opened = open_for_prediction(located)
    return Classifier(opened.family, opened.labels, opened.problem, lambda rows: predict(opened, rows))


def _asked(recipe: Recipe, labels: tuple[str, ...], located: LocatedModel) -> Classifier:
    def answer(rows: Dataset) -> LabelPredictions:
        # The same examples as in the run: the split depends on the recipe alone.
        examples = prepare_classification(recipe.data).train if recipe.zero_shot.shots else None
        answers = zero_shot(
            located, rows, labels=labels, settings=recipe.zero_shot, examples=examples, seed=recipe.seed
        )
        for line in answers.warnings:
            warn(line)
        return answers.predictions

    return Classifier(family_of(open_config(located)), labels, Problem.SINGLE_LABEL, answer)
