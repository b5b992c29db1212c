"""What a learning curve says, in plain words: train longer, shorter, or otherwise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.names import Split
from toolkit.report.language import Language
from toolkit.report.metric_words import metric_words
from toolkit.run_result import RunResult

FEWEST_POINTS = 3
"""Evaluations below which a curve says nothing."""

RISE = 0.05
"""Share by which a loss has to rise to be called rising."""

EARLY = 0.6
"""Share of the training behind which what does not change any more is worth a word."""


@dataclass(frozen=True)
class Curve:
    """Evaluations on the validation rows.

    Attributes:
        steps: in their order.
        losses: ``[evaluations]``
        values: of the metric, the greater the better. ``[evaluations]``
        noise: by which a value differs by chance, on as many rows.
    """

    steps: tuple[int, ...]
    losses: tuple[float, ...]
    values: tuple[float, ...]
    noise: float

    @property
    def best(self) -> int:
        """Return the first of the best evaluations."""
        return self.values.index(max(self.values))

    @property
    def lowest(self) -> int:
        """Return the evaluation of the lowest loss."""
        return self.losses.index(min(self.losses))

    @property
    def settled(self) -> int:
        """Return the evaluation from which on no value differs from the best one by more than chance."""
        far = [place for place, value in enumerate(self.values) if max(self.values) - value > self.noise]
        return max(far, default=-1) + 1

    @property
    def has_learnt(self) -> bool:
        """Return whether loss or value ever became better than at the first evaluation."""
        return self.lowest > 0 or max(self.values) - self.values[0] > self.noise

    @property
    def loss_rises(self) -> bool:
        """Return whether the loss ends above its lowest point."""
        return self.losses[-1] > (1 + RISE) * self.losses[self.lowest]


def curve_says(result: RunResult, metric: str, language: Language) -> list[str]:
    """Return what the curve of a run says, a sentence each; nothing where it has too few points.

    Args:
        result: of the run.
        metric: that the curve shows.
        language: of the words.
    """
    curve = _curve_of(result, metric)
    if curve is None:
        return []
    say, name = language.say, language.name(metric_words(metric).name)
    if not curve.has_learnt:
        return [
            say(
                "It has not learnt: neither the validation loss nor {metric} ever becomes better than at the first "
                "evaluation. Try another learning rate first, and look at the labels.",
                metric=name,
            )
        ]
    return [*_about_loss(curve, metric, language), *_about_length(curve, metric, language)]


def _about_loss(curve: Curve, metric: str, language: Language) -> list[str]:
    if not curve.loss_rises:
        return []
    step, low, last = curve.steps[curve.lowest], curve.losses[curve.lowest], curve.losses[-1]
    gaps = {
        "metric": language.name(metric_words(metric).name),
        "step": step,
        "low": f"{low:.3f}",
        "last": f"{last:.3f}",
    }
    if curve.values[-1] < max(curve.values) - curve.noise:
        return [
            language.say(
                "From step {step} on the validation loss rises ({low} to {last}), and {metric} falls in the end: the "
                "model learns its training rows by heart. More rows, fewer steps or a lower learning rate would help.",
                **gaps,
            )
        ]
    return [
        language.say(
            "From step {step} on the validation loss rises ({low} to {last}), while {metric} does not fall: the model "
            "becomes too sure of its mistakes, and makes no more of them. evaluation.calibrate: true mends the "
            "probabilities.",
            **gaps,
        )
    ]


def _about_length(curve: Curve, metric: str, language: Language) -> list[str]:
    gaps = {"metric": language.name(metric_words(metric).name), "noise": f"{curve.noise:.2g}"}
    settled = curve.settled
    if settled + 1 < len(curve.steps) and curve.steps[settled] <= EARLY * curve.steps[-1]:
        return [
            language.say(
                "From step {step} of {last} on {metric} differs by no more than chance ({noise}) from its best: a "
                "shorter training would do.",
                step=curve.steps[settled],
                last=curve.steps[-1],
                **gaps,
            )
        ]
    if curve.best == len(curve.steps) - 1:
        return [
            language.say(
                "The best evaluation is the last one: a longer training may give more {metric}.", metric=gaps["metric"]
            )
        ]
    return []


def _curve_of(result: RunResult, metric: str) -> Curve | None:
    """Return the evaluations that have both figures, once each; None where they are too few."""
    by_step = {int(entry["step"] or 0): entry for entry in result.training.curve if entry.get("step") is not None}
    known = [
        (step, float(entry["loss"] or 0.0), float(entry[metric] or 0.0))
        for step, entry in sorted(by_step.items())
        if entry.get("loss") is not None and entry.get(metric) is not None
    ]
    words = metric_words(metric)
    if len(known) < FEWEST_POINTS or words.greater_is_better is None:
        return None
    steps, losses, values = zip(*known, strict=True)
    validation = result.splits.get(Split.VALIDATION.value)
    noise = _noise(values, scale=words.scale, n_rows=0 if validation is None else validation.rows)
    signed = values if words.greater_is_better else tuple(-value for value in values)
    return Curve(steps, losses, signed, noise)


def _noise(values: Sequence[float], *, scale: float | None, n_rows: int) -> float:
    """Return two standard errors of a share of the rows, or a twentieth of the range of other figures."""
    best = max(values)
    if scale == 1.0 and 0 <= best <= 1 and n_rows:
        inside = min(max(best, 1 / (n_rows + 2)), (n_rows + 1) / (n_rows + 2))
        return 2 * math.sqrt(inside * (1 - inside) / n_rows)
    return (best - min(values)) / 20
