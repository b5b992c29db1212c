"""The ``metrics.json`` of models that name several labels, or give a number, made from that of a classifier."""

from __future__ import annotations

from copy import deepcopy
from typing import Any


def _entry(value: float | None, low: float = 0.0, high: float = 1.0) -> dict[str, Any]:
    return {"value": value, "ci95": None if value is None else [low, high]}


def several_labels(metrics: dict[str, Any]) -> dict[str, Any]:
    """Three labels, of which no test row has the last."""
    changed = deepcopy(metrics)
    changed |= {"problem": "multi_label_classification", "labels": ["joy", "화", "envy"]}
    changed["splits"]["test"] = {
        "rows": 200,
        "metrics": {"f1": _entry(0.612, 0.55, 0.66), "exact_match": _entry(0.5, 0.43, 0.57)},
        "per_label": [
            {"label": "joy", "rows": 120, "given": 100, "precision": 0.9, "recall": 0.75, "f1": 0.8182},
            {"label": "화", "rows": 40, "given": 20, "precision": 0.5, "recall": 0.25, "f1": 0.3333},
            {"label": "envy", "rows": 0, "given": 1, "precision": 0.0, "recall": None, "f1": 0.0},
        ],
    }
    rows = {"f1": _entry(0.0, 0.0, 0.0), "exact_match": _entry(0.55, 0.48, 0.62)}
    changed["baselines"] = {"majority": {"rows": 200, "metrics": rows}}
    return changed


def scores_of_pairs(metrics: dict[str, Any]) -> dict[str, Any]:
    """Scores of pairs of texts; the model is better than its baselines but for the mean absolute error."""
    changed = deepcopy(metrics)
    changed |= {"problem": "regression", "labels": ["score"]}
    changed["data"]["pairs"] = True
    changed["splits"]["test"] = {
        "rows": 1379,
        "metrics": {"pearson": _entry(0.81, 0.79, 0.83), "mse": _entry(0.9, 0.8, 1.0), "mae": _entry(0.9, 0.8, 1.0)},
        "errors": {"bias": -0.21, "median": 0.4567, "p95": 1.9},
        "points": [[0.0, 0.5], [5.0, 5.0], [2.5, 4.25], [1.0, -0.5]],
    }
    changed["baselines"] = {
        "mean": {"rows": 1379, "metrics": {"pearson": _entry(None), "mse": _entry(2.3, 2.2, 2.4), "mae": _entry(1.3)}},
        "tfidf-ridge": {
            "rows": 1379,
            "metrics": {"pearson": _entry(0.72, 0.7, 0.74), "mse": _entry(1.1, 1.0, 1.2), "mae": _entry(0.85)},
        },
    }
    for step, evaluation in enumerate(changed["training"]["curve"]):
        evaluation |= {"pearson": 0.7 + step / 20}
    return changed
