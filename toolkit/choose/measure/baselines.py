"""Measure the baselines on the validation examples: a model that is worth its cost beats them."""

from __future__ import annotations

from toolkit.choose.look.rows import Rows
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.tasks.judge import Answered


def measure_baselines(rows: Rows) -> list[Measurement]:
    """Measure the baselines of the task that need no pretrained model.

    Args:
        rows: of the choice.
    """
    key = f"choose-{rows.digest}-{len(rows.judge_rows)}"
    return [
        Measurement(
            candidate=baseline.name,
            stage=Stage.BASELINE,
            answers=baseline.values,
            value=rows.judge.value(Answered(baseline.values)),
            interval=rows.judge.interval(Answered(baseline.values)),
            rows_learnt=len(rows.learn),
            seconds=round(baseline.seconds, 2),
            reason=baseline.note,
        )
        for baseline in rows.judge.baselines(rows.learn, rows.judge_rows, key=key)
    ]
