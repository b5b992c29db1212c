"""Short trainings of what did well so far: successive halving, and the recommended one again with other seeds."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

from toolkit.choose.look.candidates import SCRATCH, Candidate
from toolkit.choose.look.rows import write_for_runs
from toolkit.choose.measure.measurement import Measurement, Stage, Status, told_epochs
from toolkit.choose.measure.recipes import training_methods
from toolkit.choose.measure.runs import Arm, Pace, expected_pace, measure_run, measured_pace
from toolkit.choose.measure.work import Work, skipped
from toolkit.choose.search.halving import halve, longest_first_rung
from toolkit.choose.search.promise import by_promise
from toolkit.evaluation.metrics.paired import is_tie
from toolkit.files import write_json_atomically
from toolkit.report.facts import duration

PLAN = "plan.json"

SEEDS = 3
SHORTEST, LONGEST = 0.5, 8.0
"""Passes over the rows that a run takes."""

FEWEST_STEPS, ENOUGH_STEPS = 30, 400
"""Steps below which a run shows nothing, and up to which one of few rows may be longer than `LONGEST`."""

_ROWS_A_STEP = 32
_READS = 200.0  # rows a second, of a model that nobody has seen reading


class Runs:
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
        first = self._planned() if self.arms else None
        if first is None:
            return self.skipped
        runs = halve(self.arms, first=first, longest=self._longest, run=self.run, quality=self._quality)
        made = [result for _, _, result in runs]
        return [*self.skipped, *made, *self._longer(runs)]

    def seeds(self, recommended: Measurement | None) -> list[Measurement]:
        """The recommended run again with other seeds; nothing where it is no run."""
        if recommended is None or recommended.stage is not Stage.RUN:
            return []
        arm = next(arm for arm in self.arms if arm.key == (recommended.candidate, recommended.method))
        pace, epochs = self.paces[arm.key], float(recommended.details["epochs"])
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
        return self.judge.quality(made.value) if made.status is Status.MEASURED else -math.inf

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
        highest = self.judge.highest
        return highest is not None and any(self._quality(made) >= highest for made in self.known)

    def _survivors(self, candidates: Sequence[Candidate], of_name: dict[str, Measurement]) -> list[Candidate]:
        """The more promising half, those that tie with the best, and what has no features; each body once."""
        by_name = {one.name: one for one in candidates}
        bodies: dict[str | None, Measurement] = {}
        for made in of_name.values():
            if made.value is not None:
                bodies.setdefault(made.body, made)
        ranked = by_promise(list(bodies.values()))
        kept = ranked[: math.ceil(len(ranked) / 2)]
        for made in ranked[len(kept) :]:
            difference = self.judge.difference(ranked[0].answered, made.answered)
            if difference is None or is_tie(difference):
                kept.append(made)
        return [*(by_name[made.candidate] for made in kept), *(one for one in candidates if one.name == SCRATCH)]

    @property
    def _longest(self) -> float:
        longest = LONGEST
        while longest * self._steps_an_epoch < ENOUGH_STEPS:
            longest *= 2
        return longest

    @property
    def _steps_an_epoch(self) -> int:
        return max(1, len(self.work.rows.learn) // _ROWS_A_STEP)

    def _planned(self) -> float | None:
        """The first rung, as planned before where the same choice was interrupted: its runs are there then."""
        path = self.work.folder / PLAN
        asked = [self.work.rows.identity, self.work.budget.seconds, *(list(arm.key) for arm in self.arms)]
        plan = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if plan.get("asked") == asked:
            for arm in [arm for arm in self.arms if list(arm.key) not in plan["arms"]]:
                self._leave_out(arm, "the budget had no room for it when these runs were planned")
            return float(plan["first"])
        first = self._first_rung()
        if first is not None:
            write_json_atomically(path, {"asked": asked, "first": first, "arms": [list(arm.key) for arm in self.arms]})
        return first

    def _first_rung(self) -> float | None:
        """How long the first runs are; arms that the budget has no room for are left out.

        As many of the most promising arms as fit are kept, and a less promising one only where none before it fits:
        that a run is cheap is no reason for it where its model is not going to win.
        """
        best_ones = [self.arms[:n_arms] for n_arms in range(len(self.arms), 0, -1)]
        for kept in [*best_ones, *([arm] for arm in self.arms[1:])]:
            first = longest_first_rung(
                [self.paces[arm.key].seconds for arm in kept],
                available=self.work.budget.left(),
                lengths=self._lengths(),
                longest=self._longest,
            )
            if first is not None:
                break
        shortest, left = self._lengths()[0], duration(self.work.budget.left())
        for arm in [arm for arm in self.arms if first is None or arm not in kept]:
            needed = self.paces[arm.key].seconds(shortest)
            reason = f"{told_epochs(shortest)} would take about {duration(needed)}, and {left} are left for all runs"
            self._leave_out(arm, reason, needed=needed)
        return first

    def _lengths(self) -> list[float]:
        """What the first rung may be: each twice the one before, from where a run shows something."""
        lengths = [self._longest]
        while lengths[0] > SHORTEST and lengths[0] * self._steps_an_epoch >= 2 * FEWEST_STEPS:
            lengths.insert(0, lengths[0] / 2)
        return lengths

    def _leave_out(self, arm: Arm, reason: str, *, needed: float | None = None) -> None:
        self.skipped.append(skipped(arm.candidate, Stage.RUN, reason, method=arm.method.value, needed=needed))
        self.arms = [other for other in self.arms if other is not arm]

    def _longer(self, runs: Sequence[tuple[Arm, float, Measurement]]) -> list[Measurement]:
        """Twice as long, as long as the time allows it and the last doubling has shown to be better."""
        arm, length, last = max(runs, key=lambda run: (run[1], self._quality(run[2])))
        made: list[Measurement] = []
        shorter = next((of for other, at, of in runs if other is arm and at == length / 2), None)
        while 2 * length <= self._longest and last.value is not None:
            if shorter is not None and self._is_flat(shorter, last):
                break
            if self.paces[arm.key].seconds(2 * length) > self.work.budget.left():
                break
            shorter, length = last, 2 * length
            last = self.run(arm, length)
            made.append(last)
        return made

    def _is_flat(self, shorter: Measurement, longer: Measurement) -> bool:
        difference = self.judge.difference(longer.answered, shorter.answered)
        return difference is not None and difference.low <= 0
