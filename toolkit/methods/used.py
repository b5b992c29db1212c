"""The frozen result of a method: a model that was put to use, measured on the test rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from datasets import Dataset
from transformers import PreTrainedModel

from toolkit.adapters import LocatedModel, OpenedModel, keep_pairs, locate_model, open_config
from toolkit.adapters.family import check_supported, family_of
from toolkit.methods.decide import decide
from toolkit.methods.proof import Proof, answers_in_memory, open_exact, prove_saved
from toolkit.methods.temperature import Tempered, temper
from toolkit.names import Family
from toolkit.progress import say
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import Answers, Chosen, Result, TaskData
from toolkit.tasks.room import TaskRoom
from toolkit.training import Trained
from toolkit.training.save import ADAPTER_FOLDER, save_model
from toolkit.training.trainable import ParameterCount, count_parameters


@dataclass(frozen=True, eq=False)
class Used:
    """A model that a recipe has put to use.

    Attributes:
        family: how it is built.
        revision: the hub's commit, for a hub model.
        folder: where its weights are: in the run, or where they were found.
        trained: what training gave.
        answers: to the test rows.
        result: what was measured on them.
        evaluate_seconds: wall time of answering and measuring.
        proof: that what was saved is what was trained; None where nothing was saved.
        cut: counts of the texts to learn from that are longer than the model reads; None where none is.
        course: figures on the way that no trainer has reported, a line each.
        base_bytes: of a quantized base model, the bytes that its weights take, and that they would in float32.
        chosen: what the validation rows chose; None where the recipe asks for nothing.
        tempered: the temperature of the validation rows; None where there are no probabilities.
    """

    family: Family
    revision: str | None
    folder: Path
    trained: Trained
    answers: Answers
    result: Result
    evaluate_seconds: float
    proof: Proof | None = None
    cut: Mapping[str, int] | None = None
    course: Sequence[Mapping[str, float]] = ()
    base_bytes: Mapping[str, int] = field(default_factory=dict)
    chosen: Chosen | None = None
    tempered: Tempered | None = None


def locate_supported(recipe: Recipe) -> tuple[LocatedModel, Family]:
    """Find the pretrained model of a recipe and its family; refuse it before any work if it cannot do the task so.

    Raises:
        RecipeError: with the families that the task and method work with.
        HubError: there is no such model.
        IntegrityError: its files are damaged.
    """
    located = locate_model(recipe.model.label)
    family = family_of(open_config(located), model=located.name)
    check_supported(recipe.task, family, recipe.way, model=located.name)
    return located, family


def save_and_measure(
    room: TaskRoom,
    recipe: Recipe,
    data: TaskData,
    opened: OpenedModel,
    *,
    trained: Trained,
    work: Path,
    answer: Callable[[OpenedModel, Dataset], Answers] | None = None,
) -> Used:
    """Save a model, open what was saved, measure that, and prove that it is what was trained.

    Args:
        room: of the task.
        recipe: checked.
        data: its rows.
        opened: what training began with.
        trained: what it gave.
        work: the run folder, unfinished.
        answer: answers to rows by the saved model, where more is known of them than the model; None asks the model.

    Raises:
        IntegrityError: the saved model does not answer as the one in memory.
    """
    if "text_pair" in data.train.column_names:
        keep_pairs(opened.model.config)
    ask = answer or (lambda opened, rows: room.answer(opened, rows, recipe.metrics))
    tempered = temper(room, recipe, data, opened, ask, trained=trained)
    before = answers_in_memory(room, opened, trained.model, data)
    folder = save_model(trained.model, opened, work)
    say("measuring the saved model on the test rows")
    started = time.monotonic()
    saved = open_exact(room, LocatedModel(recipe.model.label, folder), before, work=work)
    folders = tuple(place for place in (folder, work / ADAPTER_FOLDER) if place.is_dir())
    saved, chosen = decide(room, recipe, data, saved, ask, folders=folders)
    answers = ask(saved, data.test)
    result = room.measure(answers, recipe.metrics)
    seconds = time.monotonic() - started
    proof = prove_saved(room, saved, data, before, answers=answers, adapter=work / ADAPTER_FOLDER)
    return Used(
        opened.family,
        opened.revision,
        folder,
        trained,
        answers,
        result,
        seconds,
        proof,
        chosen=chosen,
        tempered=tempered,
    )


def untrained(model: PreTrainedModel, *, n_trainable: int = 0, seconds: float = 0.0) -> Trained:
    """Return what stands for training where no step was taken."""
    return Trained(
        model=model,
        parameters=ParameterCount(trainable=n_trainable, total=count_parameters(model).total),
        best_step=None,
        averaged_steps=(),
        steps=0,
        train_seconds=seconds,
        curve=[],
        skipped_steps=0,
    )
