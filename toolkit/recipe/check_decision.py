"""The rules of what validation rows choose from probabilities: which labels have it, and that there are such rows."""

from __future__ import annotations

from toolkit.errors import explain
from toolkit.names import Method
from toolkit.recipe.rules import Broken, rule
from toolkit.recipe.schema import Recipe

_ABSTAIN, _THRESHOLD, _CALIBRATE = "evaluation.abstain", "evaluation.threshold", "evaluation.calibrate"


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


@rule("task", "model.problem_type", "data.columns", "method", _CALIBRATE)
def _probabilities_have_a_temperature(recipe: Recipe) -> Broken:
    if not recipe.evaluation.calibrate:
        return
    if recipe.problem not in recipe.spec.calibrates:
        what = f"{recipe.task} ({recipe.problem})" if recipe.spec.problems else str(recipe.task)
        yield _CALIBRATE, f"{what} has no probabilities of classes or labels; take it out"
    elif recipe.way is Method.ZERO_SHOT:
        yield _CALIBRATE, "zero-shot saves no model that could keep a temperature; take it out"


@rule("data", _ABSTAIN, _THRESHOLD, _CALIBRATE)
def _rows_are_there_to_choose_by(recipe: Recipe) -> Broken:
    data, evaluation = recipe.data, recipe.evaluation
    if recipe.keeps_validation_new and data.validation_size == 0 and data.validation is None:
        key = "calibrate" if not recipe.decides else "threshold" if evaluation.abstain is None else "abstain"
        yield "data.validation_size", f"0 leaves no rows that choose by evaluation.{key}; give it rows"
