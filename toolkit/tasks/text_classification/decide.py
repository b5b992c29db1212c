"""What the validation rows choose for a classifier: when it withholds its answer, and from where it gives a label."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from toolkit.adapters.decision import NEVER, Decision
from toolkit.data import ClassificationData
from toolkit.data.wording import counted
from toolkit.errors import RecipeError
from toolkit.evaluation.decision.abstention import CONFIDENCE, ERROR, choose_abstention, needed_rows
from toolkit.evaluation.decision.proportion import most_shown
from toolkit.evaluation.decision.thresholds import LEAST_ROWS, Scored, Thresholds
from toolkit.evaluation.inference.predictions import Predictions
from toolkit.names import Problem
from toolkit.recipe import Recipe
from toolkit.tasks.interfaces import Chosen


def check_decision(recipe: Recipe, data: ClassificationData) -> None:
    """Refuse before any work what these rows cannot choose.

    Raises:
        RecipeError: more than two classes have no threshold, or there are too few validation rows for the precision.
    """
    if not recipe.keeps_validation_new:
        return
    asked, rows = recipe.evaluation.abstain, 0 if data.validation is None else len(data.validation)
    if recipe.evaluation.threshold and data.problem is Problem.SINGLE_LABEL and len(data.labels) != 2:
        raise RecipeError(
            f"a threshold is for two classes or for several labels, and these are {len(data.labels)} classes; "
            "evaluation.abstain: 0.95 withholds unsure answers instead",
            where="evaluation.threshold",
        )
    if asked is not None and rows < needed_rows(asked):
        most = most_shown(rows, error=ERROR)
        less = f", or ask for at most {most:g}" if most > 0.5 else ""
        raise RecipeError(
            f"{counted(rows, 'validation row')} cannot show a precision of {asked:g}: even without a mistake it takes "
            f"{needed_rows(asked):,} (at a confidence of {CONFIDENCE:g}); give more (data.validation_size){less}",
            where="evaluation.abstain",
        )
    if not rows:
        raise RecipeError("there are no validation rows that could choose; give some", where="data.validation_size")


def decide_to_abstain(predictions: Predictions, asked: float) -> Chosen:
    """Choose the probability below which there is no answer.

    Args:
        predictions: of the validation rows.
        asked: precision of the answers.
    """
    chosen = choose_abstention(predictions.confidence, ~predictions.wrong, asked=asked)
    lines: tuple[str, ...] = ()
    if chosen.abstain_below == NEVER:
        lines = (
            f"a precision of {asked:g} is not shown for any part of the {counted(chosen.rows, 'validation row')}, so "
            "the model answers nothing: all is 'none of these'. Ask for less (evaluation.abstain), or give more "
            "validation rows (data.validation_size)",
        )
    return Chosen(Decision(abstain_below=chosen.abstain_below), chosen.to_json(), lines)


def decide_by_thresholds(scored: Scored, choose: Callable[[Scored, str], Thresholds], metric: str) -> Chosen:
    """Choose the probability from which labels are given.

    Args:
        scored: the validation rows.
        choose: `toolkit.evaluation.decision.thresholds` has the ways.
        metric: that is to be best.
    """
    chosen = choose(scored, metric)
    lines = () if chosen.values else (threshold_stays(chosen.to_json()),)
    return Chosen(Decision(thresholds=chosen.values), chosen.to_json(), lines)


def threshold_stays(found: Mapping[str, Any]) -> str:
    """Return why the threshold stays at a half.

    Args:
        found: of `toolkit.evaluation.decision.thresholds.Thresholds.to_json`.
    """
    gain = found["gain"]
    if gain is None:
        return f"a label has fewer than {LEAST_ROWS} validation rows, so no threshold is chosen, and it stays at 0.5"
    low, high = gain["ci95"]
    return (
        f"a threshold for {found['threshold']} is not shown to help on validation rows that did not choose it "
        f"({gain['value']:+.3f}, 95 % interval {low:+.3f} to {high:+.3f}), so it stays at 0.5"
    )
