"""Short trainings of the promising candidates: successive halving, then the recommended run with other seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from toolkit.choose.decision.decide import cost_of
from toolkit.choose.look.candidates import SCRATCH, Candidate
from toolkit.choose.look.rows import write_for_runs
from toolkit.choose.measure.measurement import Measurement, Stage, Status, epochs_in_words
from toolkit.choose.measure.recipes import ROWS_A_STEP_OF_TEXTS, training_methods
from toolkit.choose.measure.runs import Arm, Pace, expected_pace, measure_run, measured_pace
from toolkit.choose.measure.work import Work, skipped
from toolkit.choose.search.halving import halve, longest_first_rung
from toolkit.choose.search.promise import by_promise
from toolkit.evaluation.metrics.difference import is_tie
from toolkit.files import read_json, write_json_atomically
from toolkit.report.facts import duration

PLAN = "plan.json"

SEEDS = 3
SHORTEST, LONGEST = 0.5, 8.0
"""Epochs of a run."""

FEWEST_STEPS, ENOUGH_STEPS = 30, 400
"""Steps below which a run shows nothing; with few examples a run may be longer than `LONGEST` up to the second."""

_ROWS_A_STEP = 32
_READS = 200.0  # examples a second, for a model whose rate was not measured


class Runs:
    """Short trainings of the promising candidates.

    Args:
        work: the choice.
        candidates: those that take part.
        measured: all results so far.
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
        """Run successive halving, then train its winner for longer while that pays."""
        first = self._planned() if self.arms else None
        if first is None:
            return self.skipped
        runs = halve(self.arms, first=first, longest=self._longest, run=self.run, quality=self._quality)
        results = [result for _, _, result in runs]
        return [*self.skipped, *results, *self._longer(runs)]

    def seeds(self, recommended: Measurement | None) -> list[Measurement]:
        """Repeat the recommended run with other seeds; do nothing where a result other than a run is recommended."""
        if recommended is None or recommended.stage is not Stage.RUN:
            return []
        arm = next(arm for arm in self.arms if arm.key == (recommended.candidate, recommended.method))
        pace, epochs = self.paces[arm.key], float(recommended.details["epochs"])
        results = []
        for seed in range(self.work.seed + 1, self.work.seed + SEEDS):
            if pace.seconds(epochs) <= self.work.budget.left():
                results.append(
                    measure_run(self.work, arm, epochs=epochs, data=self.data, pace=pace, seed=seed, stage=Stage.SEEDS)
                )
        return results

    def run(self, arm: Arm, epochs: float) -> Measurement:
        """Train an arm for some epochs, and plan its next runs by the time that this one took."""
        result = measure_run(self.work, arm, epochs=epochs, data=self.data, pace=self.paces[arm.key])
        self.paces[arm.key] = measured_pace(result) or self.paces[arm.key]
        return result

    def _quality(self, result: Measurement) -> float:
        return self.judge.quality(result.value) if result.status is Status.MEASURED else -math.inf

    def _arms(self, candidates: Sequence[Candidate]) -> list[Arm]:
        """Return the candidates and methods to train, the most promising first."""
        if self._is_perfect():
            return []
        stage = Stage.ZERO_SHOT if self.judge.generates else Stage.FEATURES
        of_name = {result.candidate: result for result in self.known if result.stage is stage}
        arms = []
        for candidate in self._survivors(candidates, of_name):
            known = of_name.get(candidate.name)
            rate = (known.rate if known is not None else None) or _READS
            writes = cost_of(known) if known is not None and self.judge.generates else 0.0
            arms += [
                Arm(candidate, method, rate, writes if math.isfinite(writes) else 0.0)
                for method in training_methods(candidate)
            ]
        return arms

    def _is_perfect(self) -> bool:
        """Return whether a result has the highest possible value, so that no training can be better."""
        highest = self.judge.highest
        return highest is not None and any(self._quality(result) >= highest for result in self.known)

    def _survivors(self, candidates: Sequence[Candidate], of_name: dict[str, Measurement]) -> list[Candidate]:
        """Return the more promising half, ties with the best, and the candidate without features; each body once.

        Of models that write the best of each family stays too: how likely a model finds texts as it is says little of
        one that has never seen their form.
        """
        by_name = {candidate.name: candidate for candidate in candidates}
        bodies: dict[str | None, Measurement] = {}
        for result in of_name.values():
            if result.value is not None:
                bodies.setdefault(result.body, result)
        ranked = self._by_promise(list(of_name.values() if self.judge.generates else bodies.values()))
        kept = ranked[: math.ceil(len(ranked) / 2)]
        for result in ranked[len(kept) :]:
            difference = self.judge.difference(ranked[0].answered, result.answered)
            is_first = self.judge.generates and all(result.family != known.family for known in kept)
            if difference is None or is_tie(difference) or is_first:
                kept.append(result)
        return [
            *(by_name[result.candidate] for result in kept),
            *(candidate for candidate in candidates if candidate.name == SCRATCH),
        ]

    def _by_promise(self, results: Sequence[Measurement]) -> list[Measurement]:
        """Sort results of candidates, the most promising first."""
        if not self.judge.generates:
            return by_promise(results)
        known = [result for result in results if result.value is not None]
        return sorted(known, key=lambda result: -self.judge.quality(result.value))

    @property
    def _longest(self) -> float:
        longest = LONGEST
        while longest * self._steps_an_epoch < ENOUGH_STEPS:
            longest *= 2
        return longest

    @property
    def _steps_an_epoch(self) -> int:
        rows_a_step = ROWS_A_STEP_OF_TEXTS if self.judge.generates else _ROWS_A_STEP
        return max(1, len(self.work.rows.learn) // rows_a_step)

    def _planned(self) -> float | None:
        """Return the length of the first rung; an interrupted choice keeps its plan, and so finds its runs again."""
        path = self.work.folder / PLAN
        key = [self.work.rows.identity, self.work.budget.seconds, *(list(arm.key) for arm in self.arms)]
        plan = read_json(path) if path.is_file() else {}
        if plan.get("asked") == key:
            for arm in [arm for arm in self.arms if list(arm.key) not in plan["arms"]]:
                self._leave_out(arm, "the budget had no room for it when these runs were planned")
            return float(plan["first"])
        first = self._first_rung()
        if first is not None:
            write_json_atomically(path, {"asked": key, "first": first, "arms": [list(arm.key) for arm in self.arms]})
        return first

    def _first_rung(self) -> float | None:
        """Choose the length of the first rung, and leave out the arms that do not fit into the budget.

        As many of the most promising arms as fit are kept. A less promising arm is kept only where no more promising
        one fits: a cheap run of a model that will not win is wasted.
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
            reason = (
                f"{epochs_in_words(shortest)} would take about {duration(needed)}, and {left} are left for all runs"
            )
            if first is not None and needed <= self.work.budget.left():
                reason += ", of which the more promising ones get all"
            self._leave_out(arm, reason, needed=needed)
        return first

    def _lengths(self) -> list[float]:
        """Return the possible lengths of the first rung, each twice the one before, the shortest first."""
        lengths = [self._longest]
        while lengths[0] > SHORTEST and lengths[0] * self._steps_an_epoch >= 2 * FEWEST_STEPS:
            lengths.insert(0, lengths[0] / 2)
        return lengths

    def _leave_out(self, arm: Arm, reason: str, *, needed: float | None = None) -> None:
        self.skipped.append(skipped(arm.candidate, Stage.RUN, reason, method=arm.method, needed=needed))
        self.arms = [other for other in self.arms if other is not arm]

    def _longer(self, runs: Sequence[tuple[Arm, float, Measurement]]) -> list[Measurement]:
        """Double the length of the best run while time allows it and the last doubling was shown to be better."""
        arm, length, last = max(runs, key=lambda run: (run[1], self._quality(run[2])))
        results: list[Measurement] = []
        shorter = next((of for other, at, of in runs if other is arm and at == length / 2), None)
        while 2 * length <= self._longest and last.value is not None:
            if shorter is not None and self._is_flat(shorter, last):
                break
            if self.paces[arm.key].seconds(2 * length) > self.work.budget.left():
                break
            shorter, length = last, 2 * length
            last = self.run(arm, length)
            results.append(last)
        return results

    def _is_flat(self, shorter: Measurement, longer: Measurement) -> bool:
        difference = self.judge.difference(longer.answered, shorter.answered)
        return difference is not None and difference.low <= 0
