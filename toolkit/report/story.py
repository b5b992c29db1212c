"""The story of a work: all that its page and its slides tell, gathered once and rendered many times.

`toolkit.tell.tell` gathers it from run folders, the ledger, the records of `toolkit choose` and a paired comparison.
Who renders it (`toolkit.report.page`, slides) reads these fields alone: no file is opened, and nothing is computed
again. Names, texts and messages come from models and data that nobody has checked; a renderer has to escape them. How
it is used:

    from toolkit.tell.tell import tell

    story = tell(["runs/a", "runs/b"], ledger=Path("runs/trials.jsonl"), language="ko")
    say = story.language.say                     # the words of page and slides; the key is the English sentence
    story.attempts                               # in the order of time, failures among them
    story.winner.figure.measure.text             # "0.842"; .interval is "0.820 to 0.861"; .source says where it stands
    for versus in story.winner.versus:           # paired differences on the same rows, winner minus the other
        versus.name, versus.difference, versus.p_holm, versus.verdict

Where a part is missing its field is empty or None: without a finished run there is no winner, with one run there is no
comparison, and without `toolkit choose` there are no candidates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.names import Problem, Task
from toolkit.report.comparison import Comparison, Verdict
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.run_result import RunResult
from toolkit.trials.compared import ComparedRuns
from toolkit.trials.trial import FINISHED, Trial


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured value and where it stands.

    Attributes:
        metric: its name, as in metrics.json.
        entry: value, 95 % interval, and the reason where there is none.
        rows: that it was measured on; None where that is not known.
        source: file and place, for notes: ``runs/a/metrics.json, splits.test.metrics.f1``.
    """

    metric: str
    entry: MetricValue
    rows: int | None
    source: str

    @property
    def measure(self) -> Measure:
        """Return it with its words, which know its places and which of two values is better."""
        return Measure.of(self.entry, self.metric)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What was asked.

    Attributes:
        task, problem: of all that is told; the problem is None where no run says it.
        metric: that decides: the first one of the winner; None without a result.
        labels: that a model chooses from; none where it does something else.
        wants: whether the task needs understanding, writing or both, and why; a sentence in the story's language.
        source: of that sentence.
    """

    task: Task
    problem: Problem | None
    metric: str | None
    labels: tuple[str, ...]
    wants: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows that were used.

    Attributes:
        sources: by name.
        digest: SHA-256 of the rows in their splits.
        splits: number of rows by split.
        warnings: findings about them, a line each.
        source: the file that says so.
    """

    sources: tuple[str, ...]
    digest: str
    splits: Mapping[str, int]
    warnings: tuple[str, ...]
    source: str


@dataclass(frozen=True, kw_only=True)
class FamilyAdvice:
    """What a family of models is for in this task.

    Attributes:
        name: ``encoder``, ``decoder`` or ``encoder-decoder``.
        suits: whether such a model can do the task at all.
        tried: number of attempts with it.
        reasons: sentences in the story's language, each with its source.
    """

    name: str
    suits: bool
    tried: int
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A model with a way to use it, as `toolkit choose` measured it on the rows that decide.

    Attributes:
        model, family, method: what it is; a baseline has no family and no method.
        stage, status: of the measurement, in the words of choose.json.
        figure: the result; None where there is none.
        better_by: how much better the recommended one is on the same rows; None where that was not compared.
        seconds: that measuring took.
        costs: of using it, by name with its unit at the end.
        reason: why there is no result.
        is_recommended, is_worth_it: whether it was recommended; whether it is worth its cost.
    """

    model: str
    family: str | None
    method: str | None
    stage: str
    status: str
    figure: Figure | None
    better_by: Difference | None
    seconds: float | None
    costs: Mapping[str, float | None]
    reason: str | None
    is_recommended: bool
    is_worth_it: bool


@dataclass(frozen=True, kw_only=True)
class Choosing:
    """A run of `toolkit choose`.

    Attributes:
        folder: with its page.
        metric: that decided.
        why: sentences on the recommendation.
        candidates: and baselines, the best first, then those without a result.
        seconds: that it took.
    """

    folder: str
    metric: str
    why: str
    candidates: tuple[Candidate, ...]
    seconds: float


class Kept(StrEnum):
    """What is left of an attempt on this machine."""

    THERE = "there"
    GONE = "gone"
    UNREADABLE = "unreadable"
    NONE = "none"
    """It never had a folder of its own: it did not end well, or was a step of choose."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A trial of the ledger, or of a run without one.

    Attributes:
        number: from 1, in the order of time.
        trial: as the ledger has it: end, error, hypothesis (``note``), ``lessons``, settings, environment.
        is_step: whether it is a measurement of `toolkit choose`.
        letter: of the run in the comparison; None where it is not compared.
        kept: what is left of its folder.
        about_folder: why the folder cannot be read, or that it went; empty otherwise.
        parent: number of the attempt that it goes on from; None without one.
        changed: what its recipe changed against the parent: key, before, after.
        figure: its first metric; None without a result. A step of choose is measured on validation rows.
        seconds: that are known of it; None where nothing is.
    """

    number: int
    trial: Trial
    is_step: bool
    letter: str | None
    kept: Kept
    about_folder: str
    parent: int | None
    changed: tuple[tuple[str, Any, Any], ...]
    figure: Figure | None
    seconds: float | None

    @property
    def failed(self) -> bool:
        """Return whether it ended without a result."""
        return self.trial.status not in FINISHED


@dataclass(frozen=True, kw_only=True)
class ToldRun:
    """A finished run with all that is shown of it.

    Attributes:
        letter: A, B and so on, in the order in which they are compared; the winner is A.
        name: its folder, as it was named.
        result: the content of metrics.json.
        recipe_yaml: its recipe with every default filled in.
        samples: test rows to read, in the form of the task's room.
        losses: training losses by step.
        attempt: number of its attempt.
    """

    letter: str
    name: str
    result: RunResult
    recipe_yaml: str
    samples: tuple[Mapping[str, Any], ...]
    losses: tuple[Mapping[str, Any], ...]
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Versus:
    """The winner beside another run or a baseline, on the same test rows.

    Attributes:
        name: of the other one.
        letter: of the other run; None for a baseline.
        difference: the winner's value minus the other's, with its 95 % interval; None where it is not defined.
        p, p_holm: two-sided, by the paired bootstrap, and adjusted for the number of runs; None for baselines.
        verdict: what that shows of the winner; None where nothing is shown.
        source: where it stands.
    """

    name: str
    letter: str | None
    difference: Difference | None
    p: float | None
    p_holm: float | None
    verdict: Verdict | None
    source: str


@dataclass(frozen=True, kw_only=True)
class Winner:
    """The run with the best first metric on the test rows that all have.

    Attributes:
        letter, name, model, family, method: of the run.
        figure: its first metric.
        versus: every other run in the order of their letters, then each baseline of its own.
        baseline: a free one that it is not shown to be better than, on all its own test rows; None where it beats all.
        baseline_rows: number of these rows, where the figure is of fewer, which all runs have; else 0.
    """

    letter: str
    name: str
    model: str
    family: str
    method: str
    figure: Figure
    versus: tuple[Versus, ...]
    baseline: Comparison | None
    baseline_rows: int

    @property
    def is_settled(self) -> bool:
        """Return whether it is shown to be better than every other run."""
        return all(each.verdict is Verdict.BETTER for each in self.versus if each.letter is not None)


@dataclass(frozen=True, kw_only=True)
class Example:
    """A test row that the winner and another run answer differently.

    Attributes:
        id, text, reference: of the row; the reference is None where there is none.
        answers: of each run, by its letter.
        better: letter of the better answer; None where both are as good.
    """

    id: int | str
    text: str
    reference: str | None
    answers: Mapping[str, str]
    better: str | None


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What all of it took.

    Attributes:
        seconds: of all attempts of which they are known.
        lost_seconds: of those without a result.
        n_unknown: attempts of which no time is known.
        devices: that were used, by name.
        peak_memory_bytes: the most that a run took; None where that is not known.
        source: where it stands.
    """

    seconds: float
    lost_seconds: float
    n_unknown: int
    devices: tuple[str, ...]
    peak_memory_bytes: float | None
    source: str


@dataclass(frozen=True, kw_only=True)
class Story:
    """All that page and slides tell of a work.

    Attributes:
        language: of its sentences, with the words for more of them.
        question, rows: what was asked of which data; rows are None without a finished run.
        families: and why, the one to try first before the others.
        choosing: each run of `toolkit choose`, in the order of time.
        attempts: all, in the order of time.
        runs: finished ones that are told whole, the winner first.
        compared: every metric of these runs, by paired tests with the winner; None with fewer than two.
        winner: None without a finished run.
        examples: rows to read that the winner and the next run answer differently.
        cost: of all attempts.
        limits: what makes it all less than it seems, a sentence each.
        unmeasured: what nobody has measured, a sentence each.
        next_steps: sentences; a command stands by itself.
        left_out: why runs are not compared, by name.
        warnings: what could not be read, a line each.
    """

    language: Language
    question: Question
    rows: Rows | None
    families: tuple[FamilyAdvice, ...]
    choosing: tuple[Choosing, ...]
    attempts: tuple[Attempt, ...]
    runs: tuple[ToldRun, ...]
    compared: ComparedRuns | None
    winner: Winner | None
    examples: tuple[Example, ...]
    cost: Cost
    limits: tuple[str, ...]
    unmeasured: tuple[str, ...]
    next_steps: tuple[str, ...]
    left_out: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
