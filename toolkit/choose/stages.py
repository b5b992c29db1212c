"""The stages of measuring, cheapest first, each within its share of what is left of the budget."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from toolkit.choose.budget import told
from toolkit.choose.candidates import SCRATCH, Candidate
from toolkit.choose.compare import is_tie
from toolkit.choose.halving import halve, longest_first_rung
from toolkit.choose.measure_baselines import measure_baselines
from toolkit.choose.measure_features import measure_features
from toolkit.choose.measure_likelihood import measure_likelihood
from toolkit.choose.measure_runs import Arm, Pace, expected_pace, measure_run, measured_pace
from toolkit.choose.measure_zero_shot import measure_zero_shot
from toolkit.choose.measurement import Measurement, Stage, Status
from toolkit.choose.recipes import training_methods
from toolkit.choose.rows import write_for_runs
from toolkit.choose.work import Work, skipped
from toolkit.names import Family, Method, Problem

ZERO_SHOT_SHARE = 0.15
FEATURES_SHARE = 0.5
"""Of the whole budget; what a stage leaves over goes to the next one."""

SEEDS = 3
LENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Passes over the rows that a run of the first rung may begin with."""

LONGEST = 8.0
FEWEST_STEPS = 30
_ROWS_A_STEP = 32
_READS = 200.0  # rows a second, of a model that nobody has seen reading


def measure_all(work: Work, candidates: Sequence[Candidate], *, read_badly: Collection[str] = ()) -> list[Measurement]:
    """Everything that the budget allows to measure.

    Args:
        work: the choice.
        candidates: those that are refused among them, whose reason is their result.
        read_badly: names of those to which much of the texts is lost; the others are measured before them.
    """
    refused = [skipped(one, Stage.ZERO_SHOT, str(one.refused)) for one in candidates if one.refused is not None]
    taking_part = sorted(
        (one for one in candidates if one.refused is None),
        key=lambda one: (one.name in read_badly, one.located is None, one.parameters or 0, one.disk_bytes or 0),
    )
    measured = [replace(made, status=Status.FAILED) for made in refused]
    measured += measure_baselines(work.rows)
    measured += _zero_shot(work, taking_part)
    measured += _features(work, taking_part)
    runs = _Runs(work, taking_part, measured)
    measured += runs.halving()
    measured += runs.seeds(measured)
    return measured


def _zero_shot(work: Work, candidates: Sequence[Candidate]) -> list[Measurement]:
    is_text = work.rows.problem is None
    measure = measure_likelihood if is_text else measure_zero_shot
    asked = [
        one
        for one in candidates
        if one.located is not None
        and (one.family is not Family.ENCODER if is_text else Method.ZERO_SHOT in one.methods)
    ]
    share = FEATURES_SHARE if is_text else ZERO_SHOT_SHARE
    return _in_turn(work, asked, lambda one, seconds, _: measure(work, one, seconds=seconds), share=share)


def _features(work: Work, candidates: Sequence[Candidate]) -> list[Measurement]:
    read = [one for one in candidates if Method.FEATURES in one.methods]
    return _in_turn(
        work,
        read,
        lambda one, seconds, known: measure_features(work, one, seconds=seconds, known=known),
        share=FEATURES_SHARE,
    )


def _in_turn(
    work: Work,
    candidates: Sequence[Candidate],
    measure: Callable[[Candidate, float, Sequence[Measurement]], Measurement],
    *,
    share: float,
) -> list[Measurement]:
    """One after the other; each gets its part of what those before have left over of the stage's share."""
    ends = work.budget.spent() + min(work.budget.left(), share * work.budget.seconds)
    made: list[Measurement] = []
    for place, candidate in enumerate(candidates):
        seconds = max(0.0, ends - work.budget.spent()) / (len(candidates) - place)
        made.append(measure(candidate, seconds, made))
    return made


class _Runs:
    """Short trainings of the candidates that did well so far.

    Args:
        work: the choice.
        candidates: that take part.
        measured: what is known of them.
    """

    def __init__(self, work: Work, candidates: Sequence[Candidate], measured: Sequence[Measurement]) -> None:
        self.work = work
        self.judge = work.rows.judge
        self.known = measured
        self.skipped: list[Measurement] = []
        self.arms = self._arms(candidates)
        self.paces: dict[tuple[str, str], Pace] = {arm.key: expected_pace(work, arm) for arm in self.arms}
        self.data = write_for_runs(work.rows, work.folder / "data") if self.arms else {}

    def halving(self) -> list[Measurement]:
        """Successive halving, and the last one longer as long as that pays."""
        if not self.arms:
            return self.skipped
        first = self._planned()
        if first is None:
            return self.skipped
        runs = halve(self.arms, first=first, run=self.run, quality=self._quality)
        made = [result for _, _, result in runs]
        return [*self.skipped, *made, *self._longer(runs)]

    def seeds(self, measured: Sequence[Measurement]) -> list[Measurement]:
        """The best run again with other seeds, where a run is the best of all."""
        best = max((made for made in measured if made.method is not None), key=self._quality, default=None)
        if best is None or best.stage is not Stage.RUN or best.value is None:
            return []
        arm = next(arm for arm in self.arms if arm.key == (best.candidate, best.method))
        pace, epochs = self.paces[arm.key], float(best.details["epochs"])
        made = []
        for seed in range(self.work.seed + 1, self.work.seed + SEEDS):
            if pace.seconds(epochs) <= self.work.budget.left():
                made.append(
                    measure_run(self.work, arm, epochs=epochs, data=self.data, pace=pace, seed=seed, stage=Stage.SEEDS)
                )
        return made

    def run(self, arm: Arm, epochs: float) -> Measurement:
        """One run, by which the next ones of the same arm are planned."""
        made = measure_run(self.work, arm, epochs=epochs, data=self.data, pace=self.paces[arm.key])
        self.paces[arm.key] = measured_pace(made) or self.paces[arm.key]
        return made

    def _quality(self, made: Measurement) -> float:
        return self.judge.quality(made) if made.status is Status.MEASURED else -math.inf

    def _arms(self, candidates: Sequence[Candidate]) -> list[Arm]:
        """What could be run, the most promising first."""
        if self._is_perfect():
            return []
        of_name = {made.candidate: made for made in self.known if made.stage is Stage.FEATURES}
        arms = []
        for one in self._survivors(candidates, of_name):
            rate = of_name[one.name].rate if one.name in of_name else None
            arms += [Arm(one, method, rate or _READS) for method in training_methods(one)]
        return arms

    def _is_perfect(self) -> bool:
        """Whether no row is left that another way could answer better."""
        is_share = self.judge.problem in (Problem.SINGLE_LABEL, Problem.MULTI_LABEL)
        return is_share and any(self._quality(made) >= 1.0 for made in self.known)

    def _survivors(self, candidates: Sequence[Candidate], of_name: dict[str, Measurement]) -> list[Candidate]:
        """The better half by features, those that tie with the best, and what has no features; each body once."""
        read = [one for one in candidates if one.name in of_name and of_name[one.name].value is not None]
        bodies: dict[str | None, Candidate] = {}
        for one in read:
            bodies.setdefault(of_name[one.name].body, one)
        ranked = sorted(bodies.values(), key=lambda one: -self._quality(of_name[one.name]))
        kept = ranked[: math.ceil(len(ranked) / 2)]
        for one in ranked[len(kept) :]:
            difference = self.judge.difference(of_name[ranked[0].name], of_name[one.name])
            if difference is None or is_tie(difference):
                kept.append(one)
        return [*kept, *(one for one in candidates if one.name == SCRATCH)]

    def _planned(self) -> float | None:
        """The first rung, as planned before where the same choice was interrupted: its runs are there then."""

        def plan() -> Measurement:
            first = self._first_rung()
            kept = [list(arm.key) for arm in self.arms]
            return Measurement(candidate="plan", stage=Stage.RUN, details={"first": first, "arms": kept})

        settings = {"arms": [arm.key for arm in self.arms], "budget": self.work.budget.seconds}
        plan_made = self.work.notebook.once(Stage.RUN, model="plan", settings=settings, measure=plan)
        kept = [tuple(key) for key in plan_made.details["arms"]]
        self.arms = [arm for arm in self.arms if arm.key in kept]
        first: float | None = plan_made.details["first"]
        return first

    def _first_rung(self) -> float | None:
        """How long the first runs are; arms that the budget has no room for are left out.

        As many of the most promising arms as fit are kept, and a less promising one only where none before it fits:
        that a run is cheap is no reason for it where its model is not going to win.
        """
        n_steps = max(1, len(self.work.rows.learn) // _ROWS_A_STEP)
        lengths = [length for length in LENGTHS if length * n_steps >= FEWEST_STEPS] or [LENGTHS[-1]]
        best_ones = [self.arms[:n_arms] for n_arms in range(len(self.arms), 0, -1)]
        for kept in [*best_ones, *([arm] for arm in self.arms[1:])]:
            first = self._longest(kept, lengths)
            if first is not None:
                self._leave_out([arm for arm in self.arms if arm not in kept], lengths[0])
                return first
        self._leave_out(self.arms, lengths[0])
        return None

    def _longest(self, arms: Sequence[Arm], lengths: Sequence[float]) -> float | None:
        return longest_first_rung(
            [self.paces[arm.key].seconds for arm in arms],
            available=self.work.budget.left(),
            lengths=lengths,
            longest=LONGEST,
        )

    def _leave_out(self, arms: Sequence[Arm], shortest: float) -> None:
        """Say of some arms that the budget has no room for them."""
        left = told(self.work.budget.left())
        for arm in arms:
            needed = self.paces[arm.key].seconds(shortest)
            reason = f"a run of {shortest:g} epochs would take about {told(needed)}, and {left} are left for all runs"
            self.skipped.append(skipped(arm.candidate, Stage.RUN, reason, method=arm.method.value, needed=needed))
        self.arms = [arm for arm in self.arms if arm not in arms]

    def _longer(self, runs: Sequence[tuple[Arm, float, Measurement]]) -> list[Measurement]:
        """Twice as long, as long as the time allows it and the last doubling has shown to be better."""
        arm, length, last = max(runs, key=lambda run: (run[1], self._quality(run[2])))
        made: list[Measurement] = []
        shorter = next((of for other, at, of in runs if other is arm and at == length / 2), None)
        while 2 * length <= LONGEST and last.value is not None:
            if shorter is not None and self._is_flat(shorter, last):
                break
            if self.paces[arm.key].seconds(2 * length) > self.work.budget.left():
                break
            shorter, length = last, 2 * length
            last = self.run(arm, length)
            made.append(last)
        return made

    def _is_flat(self, shorter: Measurement, longer: Measurement) -> bool:
        difference = self.judge.difference(longer, shorter)
        return difference is not None and difference.low <= 0
