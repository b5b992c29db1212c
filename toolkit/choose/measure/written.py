"""What the recommended candidate writes, beside what the free baselines write for the same validation examples.

Candidates are compared by how likely they find the right texts, which the baselines that write cannot tell. What both
can be compared by is a metric of written texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np
from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.likelihood import open_as_it_is
from toolkit.choose.measure.measurement import Measurement
from toolkit.choose.measure.own_process import KilledError, OutOfTimeError, in_own_process
from toolkit.choose.measure.reasons import killed, reason_of
from toolkit.choose.measure.runs import open_run
from toolkit.choose.measure.work import Work
from toolkit.evaluation.inference.generate import references_of, texts_of, write_texts
from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.measure_texts import measure_texts
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.evaluation.metrics.paired import Drawn, Metric, bootstrap_difference
from toolkit.evaluation.metrics.text_metric import TextRows
from toolkit.evaluation.metrics.texts import text_metrics

MOST_ROWS, FEWEST_ROWS = 100, 8
"""Examples that are written: enough to tell much better from worse, and the fewest that say anything."""

_SHARE = 0.75  # of the time to the end; the rest is for the test examples
_USABLE = 0.7  # of that time, as texts differ in length


@dataclass(frozen=True)
class Written:
    """What was written, measured.

    Attributes:
        rows: the number of validation examples.
        metric: of written texts.
        value: of the recommended candidate; None where nothing was written.
        baselines: values of the free baselines on the same examples.
        better_by: by how much the candidate is better than each of them.
        reason: why nothing was written.
    """

    rows: int
    metric: str
    value: MetricValue | None = None
    baselines: dict[str, MetricValue] = field(default_factory=dict)
    better_by: dict[str, Difference] = field(default_factory=dict)
    reason: str | None = None

    @property
    def best_baseline(self) -> str | None:
        """Return the name of the baseline that writes best; None where nothing was measured."""
        metric = text_metrics([self.metric])[self.metric]
        sign = -1.0 if metric.greater_is_better is False else 1.0
        known = {name: sign * value.value for name, value in self.baselines.items() if value.value is not None}
        return max(known, key=known.__getitem__, default=None)

    @property
    def no_worse(self) -> str | None:
        """Return the baseline that writes best, where the candidate is not shown to write better; else None."""
        best = self.best_baseline
        if self.value is None or best is None or best not in self.better_by:
            return None
        return best if self.better_by[best].low <= 0 else None


def open_measured(work: Work, candidate: Candidate, result: Measurement) -> OpenedModel:
    """Open a model that writes as it was measured: that of a run, or a pretrained one as it is."""
    run = result.details.get("run")
    return open_as_it_is(work, candidate, result.sections) if run is None else open_run(work, work.folder / run)


def measure_written(work: Work, candidate: Candidate, result: Measurement) -> Written | None:
    """Let the recommended candidate write for as many validation examples as the time allows.

    Args:
        work: the choice.
        candidate: the recommended one.
        result: its measurement.

    Returns:
        None for a task whose answers are no texts, and for texts that answer nothing.
    """
    judge = work.rows.judge
    if judge.written_metric is None:
        return None
    left = _SHARE * work.budget.to_the_end()
    seconds_each = float((result.costs or {}).get("latency_p50_seconds") or 1.0)
    n_rows = int(min(MOST_ROWS, len(work.rows.judge_rows), max(FEWEST_ROWS, _USABLE * left / seconds_each)))
    examples = work.rows.judge_rows.select(work.rows.some_to_judge(n_rows))
    try:
        texts = in_own_process(partial(_texts, work, candidate, result, examples), seconds=left)
    except OutOfTimeError as error:
        texts = str(error)
    except KilledError as error:
        texts = str(killed(candidate, error)["reason"])
    if isinstance(texts, str):
        return Written(0, judge.written_metric, reason=texts)
    return compare_written(
        judge.written_metric, texts, examples, baselines=judge.baseline_texts(work.rows.learn, examples)
    )


def compare_written(metric: str, texts: list[str], rows: Dataset, *, baselines: dict[str, list[str]]) -> Written:
    """Measure written texts and those of the baselines, and how they differ.

    Args:
        metric: a metric of written texts.
        texts: of the candidate. ``[rows]``
        rows: with references.
        baselines: their texts, by name. ``[rows]`` each
    """
    references, sources = references_of(rows) or [], texts_of(rows)
    values = {
        name: measure_texts([metric], predictions=written, references=references, sources=sources)[metric]
        for name, written in {"": texts, **baselines}.items()
    }
    ours = _resampled(metric, texts, references)
    differences = {
        name: bootstrap_difference(ours, _resampled(metric, written, references), n_rows=len(rows))
        for name, written in baselines.items()
    }
    return Written(
        rows=len(rows),
        metric=metric,
        value=values.pop(""),
        baselines=values,
        better_by={name: difference for name, difference in differences.items() if difference is not None},
    )


def _resampled(name: str, texts: list[str], references: list[str]) -> Metric:
    """Return the metric as a function of resamples, where higher is better."""
    metric = text_metrics([name])[name]
    statistics = metric.statistics(TextRows(texts, references))
    sign = -1.0 if metric.greater_is_better is False else 1.0

    def value(drawn: Drawn) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        return sign * metric.value(drawn @ statistics)

    return value


def _texts(work: Work, candidate: Candidate, result: Measurement, examples: Dataset) -> list[str] | str:
    """Write in a process of its own; return the reason where that fails."""
    try:
        predictions, _ = write_texts(open_measured(work, candidate, result), examples)
        return list(predictions.predictions)
    except BaseException as error:
        return reason_of(error)
