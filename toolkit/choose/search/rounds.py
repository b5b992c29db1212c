"""Short trainings of the promising candidates: successive halving, then the recommended run with other seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from toolkit.choose.decision.decide import is_better
from toolkit.choose.decision.spent import latency_of
from toolkit.choose.look.candidates import SCRATCH, Candidate
from toolkit.choose.look.rows import write_for_runs
from toolkit.choose.measure.measurement import Measurement, Stage, Status, epochs_in_words
from toolkit.choose.measure.recipes import ROWS_A_STEP_OF_TEXTS, training_methods
from toolkit.choose.measure.runs import Arm, Pace, expected_pace, measure_run, measured_pace
from toolkit.choose.measure.work import Work, skipped
from toolkit.choose.search.halving import halve, longest_first_rung
from toolkit.choose.search.promise import by_promise
from toolkit.choose.search.worth import FEW_A_CLASS, is_hopeless, too_few_errors
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
        self.runs: list[Measurement] = []
        self.skipped: list[Measurement] = []
        self.arms = self._arms(candidates)
        self.paces: dict[tuple[str, str], Pace] = {arm.key: expected_pace(work, arm) for arm in self.arms}
        self._leave_out_needless()
        self.data = write_for_runs(work.rows, work.folder / "data") if self.arms else {}

    def halving(self) -> list[Measurement]:
        """Run successive halving, then train its winner for longer while that pays."""
        first = self._planned() if self.arms else None
        if first is None:
            return self.skipped
        runs = halve(self.arms, first=first, longest=self._longest, run=self._if_worth_it, quality=self._quality)
        longer = self._longer(runs) if runs else []
        return [*self.skipped, *(result for _, _, result in runs), *longer]

    def seeds(self, recommended: Measurement | None) -> list[Measurement]:
        """Repeat the recommended run with other seeds, where these can change the decision.

        They cannot where a result other than a run is recommended, nor where the run leads by far.
        """
        if recommended is None or recommended.stage is not Stage.RUN or self._leads_by_far(recommended):
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

    def _if_worth_it(self, arm: Arm, epochs: float) -> Measurement | None:
        """Train an arm, unless its earlier run, or an earlier run of the same model, shows that it cannot win."""
        best, kin = self._best(), self._kin(arm, epochs)
        if best is not None and kin is not None:
            doublings = math.log2(max(self._affordable(arm) / float(kin.details["epochs"]), 1e-9))
            if is_hopeless(kin, best, self.judge, doublings=doublings):
                reason = (
                    f"{kin.name} came to {kin.value:.3f}, from where it would not reach {best.name} in the time left"
                )
                self.skipped.append(skipped(arm.candidate, Stage.RUN, reason, method=arm.method))
                return None
        result = self.run(arm, epochs)
        self.runs.append(result)
        return result

    def _kin(self, arm: Arm, epochs: float) -> Measurement | None:
        """Return the run that says most of an arm: its own longest, else one of the same model and length."""
        known = [run for run in self.runs if run.candidate == arm.candidate.name and run.value is not None]
        own = [run for run in known if run.method == arm.method]
        alike = [run for run in known if float(run.details["epochs"]) == epochs]
        return max(own or alike, key=lambda run: float(run.details["epochs"]), default=None)

    def _best(self) -> Measurement | None:
        """Return the best result so far that a recipe can carry out."""
        known = [each for each in (*self.known, *self.runs) if each.method is not None and each.value is not None]
        return max(known, key=self._quality, default=None)

    def _affordable(self, arm: Arm) -> float:
        """Return the longest run of an arm that the rest of the budget allows; 0 where it allows none."""
        fitting = [
            length for length in self._lengths() if self.paces[arm.key].seconds(length) <= self.work.budget.left()
        ]
        return max(fitting, default=0.0)

    def _leads_by_far(self, recommended: Measurement) -> bool:
        """Return whether a run is better than all that are no run by more than twice what chance explains."""
        others = [each for each in self.known if each.method is not None and each.value is not None]
        pairs = [self.judge.difference(recommended.answered, other.answered) for other in others]
        return bool(pairs) and all(pair is not None and pair.low > pair.value / 2 for pair in pairs)

    def _needless(self) -> str | None:
        """Return why no training can change the decision, in a sentence; None where one can."""
        best, rows = self._best(), self.work.rows
        if self.judge.generates or best is None:
            return None
        free = [each for each in self.known if each.stage is Stage.BASELINE]
        if not all(is_better(best, each, self.judge) for each in free):
            return None  # without a training nothing is worth its cost
        if too_few_errors(best, self.judge, n_judged=len(rows.judge_rows)):
            return f"{best.name} has too few errors left on {len(rows.judge_rows):,} rows for a gain to be shown"
        n_each = len(rows.learn) / max(1, len(rows.labels))
        if best.stage is Stage.FEATURES and len(rows.labels) > 1 and n_each < FEW_A_CLASS:
            each = f"{n_each:.0f} rows a label to learn from"
            return f"with {each} a training is not expected to beat a head on frozen features"
        return None

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
            writes = latency_of(known) if known is not None and self.judge.generates else 0.0
            costs = known.costs if known is not None and not self.judge.generates else None
            arms += [
                Arm(candidate, method, rate, writes if math.isfinite(writes) else 0.0, costs)
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

    def _leave_out_needless(self) -> None:
        """Leave out all arms where none can change the decision, and those too slow to learn anything in the time."""
        why = self._needless()
        for arm in list(self.arms):
            steps = self._affordable(arm) * self._steps_an_epoch
            if why is not None:
                self._leave_out(arm, why)
            elif not self.judge.generates and self._best() is not None and steps < ENOUGH_STEPS / 4:
                left = duration(self.work.budget.left())
                self._leave_out(arm, f"{left} are left, too short for a run of {ENOUGH_STEPS / 4:.0f} steps")

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
            longer = self._if_worth_it(arm, 2 * length)
            if longer is None:
                break
            shorter, last, length = last, longer, 2 * length
            results.append(last)
        return results

    def _is_flat(self, shorter: Measurement, longer: Measurement) -> bool:
        difference = self.judge.difference(longer.answered, shorter.answered)
        return difference is not None and difference.low <= 0
