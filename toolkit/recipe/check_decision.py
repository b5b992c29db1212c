"""The rules of thresholds and abstention: which labels have them, and that there are rows to choose them by."""

from __future__ import annotations

from toolkit.errors import explain
from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import Recipe

_ABSTAIN, _THRESHOLD = "evaluation.abstain", "evaluation.threshold"


@rule("task", "model.problem_type", "data.columns", _ABSTAIN, _THRESHOLD)
def _labels_have_such_a_decision(recipe: Recipe) -> Broken:
    spec, problem, evaluation = recipe.spec, recipe.problem, recipe.evaluation
    what = f"{recipe.task} ({problem})" if spec.problems else str(recipe.task)
    if evaluation.abstain is not None and problem not in spec.abstains:
        other = "; a label that is not given is none already, see threshold" if spec.thresholds.get(problem) else ""
        yield (
            _ABSTAIN,
            f"an answer is withheld where a text has one class, and {what} has none{other}; take it out",
        )
    metric, allowed = evaluation.threshold, spec.thresholds.get(problem, ())
    if metric is not None and not allowed:
        yield _THRESHOLD, f"{what} gives no labels by their probability; take it out"
    elif metric is not None and metric not in allowed:
        yield _THRESHOLD, explain(f"no threshold of {what} is chosen for {metric!r}", allowed=allowed, name=metric)
    if evaluation.abstain is not None and metric is not None:
        yield _ABSTAIN, "abstain and threshold are two ways to read the same probabilities; keep one of them"


@rule("data", _ABSTAIN, _THRESHOLD)
def _rows_are_there_to_choose_by(recipe: Recipe) -> Broken:
    data = recipe.data
    if recipe.decides and data.validation_size == 0 and data.validation is None:
        key = "threshold" if recipe.evaluation.abstain is None else "abstain"
        yield "data.validation_size", f"0 leaves no rows that choose by evaluation.{key}; give it rows"
