"""Prove that what was saved is what was trained, and answers to keep beside it for whoever opens it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from peft import PeftModel
from transformers import PreTrainedModel

from toolkit.adapters import LocatedModel, OpenedModel
from toolkit.adapters.adapter_folder import is_adapter, never_merge
from toolkit.evaluation.proof.golden import answers_to, make_golden, tolerance_for
from toolkit.evaluation.proof.parity import Parity, check_adapter, check_saved, compare
from toolkit.methods.decide import as_usual
from toolkit.progress import warn
from toolkit.tasks.interfaces import Answers, TaskData
from toolkit.tasks.room import TaskRoom
from toolkit.training.save import ADAPTER_FOLDER, adapter_alone

ROWS_IN_MEMORY = 8


@dataclass(frozen=True)
class Proof:
    """What a saved model was found to be.

    Attributes:
        golden: what it answers to a few test rows, the content of ``golden.json``.
        parity: how well others agree with it: ``saved``, the model in memory; ``merged``, the adapter that was saved
            by itself and that it was merged from.
    """

    golden: Mapping[str, Any]
    parity: Mapping[str, Parity]


def answers_in_memory(
    room: TaskRoom, opened: OpenedModel, model: PreTrainedModel | PeftModel, data: TaskData
) -> list[dict[str, Any]]:
    """Return a trained model's answers to a few test rows, before saving may merge an adapter into it.

    Args:
        room: of the task.
        opened: what training began with.
        model: trained.
        data: with the test rows.
    """
    trained = replace(opened, model=cast(PreTrainedModel, model))  # peft's wrapper answers as what it wraps
    rows = room.golden_rows(trained, data.test, most=ROWS_IN_MEMORY)
    for row in rows:
        row.pop("prediction", None)  # likelihoods tell as much as texts that are written, in less time
    return answers_to(room, trained, rows)


def open_exact(
    room: TaskRoom, located: LocatedModel, before: Sequence[Mapping[str, Any]], *, work: Path
) -> OpenedModel:
    """Open what was saved; where merging an adapter has changed its answers, the adapter becomes the model instead.

    Layers that share their weights are one cause: the adapter changes one of them, the merged weights both.

    Args:
        room: of the task.
        located: the saved model.
        before: of `answers_in_memory`.
        work: the run folder, unfinished.
    """
    saved, adapter = room.open(located), work / ADAPTER_FOLDER
    if not is_adapter(adapter):
        return saved
    said = answers_to(room, saved, before)
    parity = compare(before, said, tolerance_for(saved, said))
    if parity.passed:
        return saved
    warn(f"merging changes the answers: {parity}; so the model is the adapter, which opens with its base model")
    never_merge(adapter)
    adapter_alone(work)
    return room.open(located)


def prove_saved(
    room: TaskRoom,
    saved: OpenedModel,
    data: TaskData,
    before: Sequence[Mapping[str, Any]],
    *,
    answers: Answers,
    adapter: Path,
) -> Proof:
    """Compare a saved model with the one in memory, and keep some of its answers.

    Args:
        room: of the task.
        saved: the model, opened again.
        data: with the test rows.
        before: of `answers_in_memory`.
        answers: of the saved model to the test rows.
        adapter: the folder where a PEFT method has left its adapter; need not be there.

    Raises:
        IntegrityError: it does not answer as the one in memory did, or as the adapter on its base model does.
        HubError: the adapter's base model is not to be found any more.
    """
    golden = make_golden(room, saved, data.test, answers=answers)
    tolerance = golden["tolerance"]
    parity = {"saved": check_saved(before, as_usual(saved), task=room, tolerance=tolerance)}
    if is_adapter(adapter):
        adapted = room.open(LocatedModel(str(adapter), adapter))  # which decides as the model does
        parity["merged"] = check_adapter(adapted, saved, before, task=room, tolerance=tolerance)
    return Proof(golden, parity)
