"""Measure how likely a pretrained model, asked without training, finds the reference texts, in bits a character.

Bits a character can be compared between models with different tokens.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from toolkit.adapters import OpenedModel
from toolkit.adapters.writing import longest_target
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.measure.costs import measure_costs
from toolkit.choose.measure.measurement import Measurement, Stage
from toolkit.choose.measure.recipes import recipe_tree
from toolkit.choose.measure.work import Work, skipped
from toolkit.choose.measure.zero_shot import ROWS
from toolkit.errors import DataError
from toolkit.evaluation.inference.generate import write_texts
from toolkit.evaluation.inference.padded_likelihood import unknown_share
from toolkit.names import Method
from toolkit.recipe import build_recipe
from toolkit.report.facts import duration
from toolkit.tasks import room_of
from toolkit.tasks.judge import Answered

MOST_UNKNOWN = 0.01
"""Share of the targets' tokens that may be unknown: one of them stands for a whole word, and costs next to nothing."""

COST_SECONDS = 0.5
"""Limit for measuring each of latency and throughput."""

_FIRST_ROWS = 4
_WRITTEN_AT_ONCE = 4  # texts of a batch where costs are measured


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
        method=Method.ZERO_SHOT.value,
        seconds=seconds,
        settings={"rows": ROWS, "zero_shot": {"language": work.language}},
    )


def open_as_it_is(work: Work, candidate: Candidate, parts: Mapping[str, Any]) -> OpenedModel:
    """Open a candidate, told how it is asked as by the recipe that is handed over.

    Args:
        work: the choice.
        candidate: located.
        parts: sections of the recipe.

    Raises:
        RecipeError: it cannot read such rows.
    """
    recipe = build_recipe(recipe_tree(work.rows, candidate, Method.ZERO_SHOT.value, parts=parts))
    return room_of(work.rows.task).open_untrained(recipe, candidate.files())


def score(work: Work, candidate: Candidate, *, seconds: float) -> Measurement:
    """Score some validation examples in this process; arguments as of `measure_likelihood`."""
    started = time.monotonic()
    rows, indices = work.rows, work.rows.some_to_judge(ROWS)
    examples = rows.judge_rows.select(indices)
    parts = _asked(work, candidate)
    opened = open_as_it_is(work, candidate, parts)
    unknown = unknown_share(opened, examples)
    if unknown >= MOST_UNKNOWN:
        raise DataError(
            f"bits per character cannot be compared: {unknown:.0%} of the targets' tokens are unknown to it"
        )
    opening = time.monotonic() - started
    first = examples.select(range(min(_FIRST_ROWS, len(examples))))
    rows.judge_of(first).answers_by(opened, first)
    needed = (time.monotonic() - started - opening) / len(first) * len(examples)
    spent = time.monotonic() - started
    if needed > seconds - spent:
        needed += spent
        would = f"{len(examples)} rows would take about {duration(needed)}"
        reason = f"{would}, and its share of the budget is {duration(seconds)}"
        return skipped(candidate, Stage.ZERO_SHOT, reason, method=Method.ZERO_SHOT.value, needed=needed)
    begun = time.monotonic()
    bits = rows.judge_of(examples).answers_by(opened, examples)
    rate = len(examples) / max(1e-6, time.monotonic() - begun)
    answers = Answered(bits, indices)
    costs = measure_costs(
        opened,
        examples,
        answer=partial(write_texts, opened),
        batch_rows=_WRITTEN_AT_ONCE,
        most_seconds=COST_SECONDS,
    )
    return Measurement(
        candidate=candidate.name,
        stage=Stage.ZERO_SHOT,
        method=Method.ZERO_SHOT.value,
        family=opened.family.value,
        recipe=parts,
        rows=indices,
        answers=bits,
        value=rows.judge.value(answers),
        interval=rows.judge.interval(answers),
        rate=rate,
        costs=costs.to_json(),
    )


def _asked(work: Work, candidate: Candidate) -> dict[str, Any]:
    """Return the sections of a recipe that ask a candidate, which writes no further than the training targets go."""
    parts: dict[str, Any] = {"zero_shot": {"language": work.language}}
    tokenizer = candidate.tokenizer()
    if tokenizer is not None and "target" in work.rows.learn.column_names:
        longest = longest_target(tokenizer, work.rows.learn)
        parts["evaluation"] = {"generation": {"max_new_tokens": longest}}
    return parts
