"""Measure how likely a pretrained model finds the reference texts, without training, in bits a character.

Bits a character can be compared between models with different tokens.
"""

from __future__ import annotations

import math
import time
from functools import partial

from toolkit.adapters import open_for_scoring
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.measure.work import Work, skipped
from toolkit.choose.measure.zero_shot import ROWS
from toolkit.errors import DataError
from toolkit.evaluation.inference.likelihood import measure_likelihoods
from toolkit.evaluation.inference.padded_likelihood import unknown_share
from toolkit.report.facts import duration
from toolkit.tasks.judge import Answered

MOST_UNKNOWN = 0.01
"""Share of the targets' tokens that may be unknown: one of them stands for a whole word, and costs next to nothing."""

_FIRST_ROWS = 4


def measure_likelihood(work: Work, candidate: Candidate, *, seconds: float) -> Measurement:
    """Score some validation examples with a candidate as it is.

    Args:
        work: a choice whose task generates texts.
        candidate: located; a decoder or an encoder-decoder.
        seconds: time limit.
    """
    return work.measure(
        candidate,
        Stage.ZERO_SHOT,
        partial(score, candidate=candidate, seconds=seconds),
        method=None,
        seconds=seconds,
        settings={"rows": ROWS},
    )


def score(work: Work, candidate: Candidate, *, seconds: float) -> Measurement:
    """Score some validation examples in this process; arguments as of `measure_likelihood`."""
    started = time.monotonic()
    rows, indices = work.rows, work.rows.some_to_judge(ROWS)
    examples = rows.judge_rows.select(indices)
    opened = open_for_scoring(candidate.files(), head="language")
    unknown = unknown_share(opened, examples)
    if unknown >= MOST_UNKNOWN:
        raise DataError(
            f"bits per character cannot be compared: {unknown:.0%} of the targets' tokens are unknown to it"
        )
    opening = time.monotonic() - started
    first = examples.select(range(min(_FIRST_ROWS, len(examples))))
    measure_likelihoods(opened, first)
    needed = (time.monotonic() - started - opening) / len(first) * len(examples)
    if needed > seconds - (time.monotonic() - started):
        would = f"{len(examples)} rows would take about {duration(needed)}"
        reason = f"{would}, and its share of the budget is {duration(seconds)}"
        return skipped(candidate, Stage.ZERO_SHOT, reason, needed=needed)
    begun = time.monotonic()
    bits = (measure_likelihoods(opened, examples).negative_log_likelihood / math.log(2)).tolist()
    answers = Answered(bits, indices)
    return Measurement(
        candidate=candidate.name,
        stage=Stage.ZERO_SHOT,
        family=opened.family.value,
        rows=indices,
        answers=bits,
        value=rows.judge.value(answers),
        interval=rows.judge.interval(answers),
        rate=len(examples) / max(1e-6, time.monotonic() - begun),
        details={"untrained": True},
    )
