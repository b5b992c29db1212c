"""Ask a pretrained model for labels without training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from datasets import Dataset

from toolkit.adapters import LocatedModel, open_config
from toolkit.adapters.family import family_of
from toolkit.data import prepare_classification
from toolkit.evaluation.zero_shot import ask, open_for_question, settle_question, zero_shot
from toolkit.names import Problem
from toolkit.progress import warn
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import Answerer, Answers, Asked, TaskData


def ask_about_test(recipe: Recipe, data: TaskData, located: LocatedModel, *, on_open: Callable[[], None]) -> Asked:
    """Ask a model about the test rows; the training rows are at most examples in its prompt.

    Args:
        recipe: checked.
        data: its rows.
        located: the model.
        on_open: called once the model is open.
    """
    question = settle_question(
        located,
        labels=data.labels,
        settings=recipe.zero_shot,
        is_pair="text_pair" in data.test.column_names,
        n_rows=len(data.test),
    )
    opened = open_for_question(located, question)
    on_open()
    found = ask(opened, data.test, question, examples=data.train, seed=recipe.seed)
    log: dict[str, Any] = {
        "event": "asked",
        "scorer": found.scorer,
        "calibration": found.calibration,
        "templates": found.templates,
        "words": found.words,
    }
    validation = None
    if recipe.decides and data.validation is not None:
        validation = ask(opened, data.validation, question, examples=data.train, seed=recipe.seed).predictions
    return Asked(opened, found.predictions, log, tuple(found.warnings), validation)


def asked_answerer(recipe: Recipe, labels: tuple[str, ...], located: LocatedModel) -> Answerer:
    """Return a model that answers as in a run that asked it without training.

    Args:
        recipe: of the run.
        labels: that the run chose from.
        located: the model.
    """

    def answer(rows: Dataset, _: Sequence[str]) -> Answers:
        # The same examples as in the run: the split depends on the recipe alone.
        examples = prepare_classification(recipe.data).train if recipe.zero_shot.shots else None
        found = zero_shot(located, rows, labels=labels, settings=recipe.zero_shot, examples=examples, seed=recipe.seed)
        for line in found.warnings:
            warn(line)
        return found.predictions

    return Answerer(family_of(open_config(located)), labels, Problem.SINGLE_LABEL, answer)
