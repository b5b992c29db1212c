"""Lines of a recipe that mend what the doctor has found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.data.column_names import ColumnName
from toolkit.data.doctor_report import DoctorReport
from toolkit.data.labels.classes import IMBALANCED
from toolkit.data.labels.one_class import has_fractions
from toolkit.names import Problem

_USUAL_MODEL = "packaged:minilm"

FEW_ROWS = 1_000
"""Rows to learn from below which all weights of a pretrained model are not trained (rules.yaml has the source)."""

_LEARNT = 0.7
"""Of the rows of one source; the others are cut off for the other splits."""


def recipe_lines(
    report: DoctorReport,
    sources: Mapping[str, list[str]],
    *,
    columns: Mapping[str, ColumnName],
    model: str | None,
    more: Mapping[str, Any],
) -> list[str]:
    """Return a recipe for these data as lines of YAML; none for data without labels, or of one class.

    Few rows get a head on frozen features, more train all weights, as in a recipe of ``toolkit recipes new``. Classes
    of very different sizes get weights, which a head lacks, and are measured by f1 first; scores are learnt as numbers.

    Args:
        report: of all splits.
        sources: by their key in the recipe's ``data``.
        columns: the data's name of a column by the task's name.
        model: a model's name, if it was given.
        more: other keys of the recipe's ``data``; None is left out, and so are ``labels`` that lack some.
    """
    splits = list(report.splits.values())
    if not _can_be_learnt(report):
        return []
    is_score = any(split.classes and has_fractions(list(split.classes)) for split in splits)
    problem = Problem.REGRESSION if is_score else report.problem
    is_uneven = problem is Problem.SINGLE_LABEL and any((split.imbalance or 0) >= IMBALANCED for split in splits)
    data: dict[str, Any] = {key: source[0] if len(source) == 1 else list(source) for key, source in sources.items()}
    given = {"columns": dict(columns) or None, **more}
    found = {name for split in splits for name in split.classes or ()}
    if not found.issubset(given.get("labels") or found):
        given["labels"] = None  # training would refuse the others
    named = model or _USUAL_MODEL
    tree: dict[str, Any] = {
        "task": "text-classification",
        "model": {"name": named, **({} if problem is Problem.SINGLE_LABEL else {"problem_type": problem.value})},
        "data": data | {key: value for key, value in given.items() if value is not None},
        "method": "full" if is_uneven or _rows_to_learn(report) >= FEW_ROWS else "features",
        **(
            {"training": {"class_weights": "balanced"}, "evaluation": {"metrics": ["f1", "accuracy"]}}
            if is_uneven
            else {}
        ),
    }
    return _yaml(tree)


def _rows_to_learn(report: DoctorReport) -> float:
    train = report.splits.get("train")
    return _LEARNT * next(iter(report.splits.values())).rows if train is None else train.rows


def _can_be_learnt(report: DoctorReport) -> bool:
    train = report.splits.get("train") or next(iter(report.splits.values()))
    return train.scores is not None or (train.classes is not None and len(train.classes) > 1)


def _yaml(tree: Mapping[str, Any]) -> list[str]:
    """Return a line a key; its value stands in braces behind it."""
    import yaml

    def flow(value: Any) -> str:
        text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000, default_flow_style=True)
        return text.removesuffix("...\n").strip()

    return [f"{key}: {flow(value)}" for key, value in tree.items()]
