"""Proof that what was saved is what was trained, and answers to keep beside it for whoever opens it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from peft import PeftModel
from transformers import PreTrainedModel

from toolkit.adapters import OpenedModel
from toolkit.adapters.adapter_folder import is_adapter
from toolkit.data import ClassificationData, TextData
from toolkit.evaluation.inference.predict import LabelPredictions
from toolkit.evaluation.proof.golden import golden_rows, make_golden
from toolkit.evaluation.proof.golden_answers import answers
from toolkit.evaluation.proof.parity import Parity, check_adapter, check_saved
from toolkit.names import Task
from toolkit.tasks.measured import Measured

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
    opened: OpenedModel, model: PreTrainedModel | PeftModel, data: ClassificationData | TextData, *, task: Task
) -> list[dict[str, Any]]:
    """What a trained model says to a few test rows; to be asked before it is saved, which may merge an adapter into it.

    Args:
        opened: what training began with.
        model: trained.
        data: with the test rows.
        task: what the model does.
    """
    trained = replace(opened, model=cast(PreTrainedModel, model))  # peft's wrapper answers as what it wraps
    rows = golden_rows(trained, data.test, task=task, most=ROWS_IN_MEMORY)
    for row in rows:
        row.pop("prediction", None)  # likelihoods tell as much as texts that are written, in less time
    return answers(trained, rows, task=task)


def prove_saved(
    saved: OpenedModel,
    data: ClassificationData | TextData,
    before: Sequence[Mapping[str, Any]],
    *,
    task: Task,
    measured: Measured,
    adapter: Path,
) -> Proof:
    """Compare a saved model with the one in memory, and keep some of its answers.

    Args:
        saved: the model, opened again.
        data: with the test rows.
        before: of `answers_in_memory`.
        task: what the model does.
        measured: its answers to the test rows.
        adapter: the folder where a PEFT method has left its adapter; need not be there.

    Raises:
        IntegrityError: if it does not answer as the one in memory did, or as the adapter on its base model does.
    """
    known = cast(LabelPredictions, measured.predictions) if isinstance(data, ClassificationData) else None
    golden = make_golden(saved, data.test, task=task, predictions=known)
    tolerance = golden["tolerance"]
    parity = {"saved": check_saved(before, saved, task=task, tolerance=tolerance)}
    if is_adapter(adapter):
        parity["merged"] = check_adapter(adapter, saved, before, task=task, tolerance=tolerance)
    return Proof(golden, parity)
