"""The card's sentences on what the test split showed that the model does badly, and on what was not measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.hub.card.markdown import Markdown
from toolkit.hub.card.slices import slice_name, slices
from toolkit.hub.card.words import Words, words_of
from toolkit.names import Method
from toolkit.report.comparison import compare_in
from toolkit.report.measures import Measure, metric_name
from toolkit.run_result import RunResult
from toolkit.tasks import room_of


def measured_limits(result: RunResult, words: Words | None = None) -> list[Markdown]:
    """Return one sentence a finding: baselines that are not beaten, confusions, texts that are harder.

    Args:
        result: of the run.
        words: of the card; English if not given.
    """
    words = words or words_of("en")
    of_task = [words.sentence(sentence) for sentence in room_of(result.task).pages.limits(result.test)]
    return [*_not_beaten(result, words), *of_task, *_harder_texts(result, words)]


def unmeasured(result: RunResult, words: Words | None = None) -> list[Markdown]:
    """Return what nobody should take for known, a sentence each.

    Args:
        result: of the run.
        words: of the card; English if not given.
    """
    words = words or words_of("en")
    of_task = room_of(result.task).pages.unmeasured(result)
    asked = result.way is Method.ZERO_SHOT
    is_calibrated = "calibration" in result.test.details
    keys = {
        "other": True,
        "prompts": asked,
        "seeds": not asked,
        "groups": True,
        "calibrated": "calibrated" in of_task and not is_calibrated,
        "people": "people" in of_task,
        "seen": result.way is not Method.SCRATCH,
        "other_speed": True,
    }
    return [words(f"unmeasured.{key}") for key, holds in keys.items() if holds]


def _not_beaten(result: RunResult, words: Words) -> list[Markdown]:
    """Return the metrics in which a baseline is at least as good."""
    comparisons = [compare_in(result, name) for name in result.test.metrics]
    return [
        words(
            "limits.not_beaten",
            metric=words.name(found.ours.words.name),
            ours=found.ours.text,
            theirs=found.theirs.text,
            baseline=words.name(found.baseline),
        )
        for found in comparisons
        if found is not None and not found.is_beaten
    ]


def _harder_texts(result: RunResult, words: Words) -> list[Markdown]:
    """Return of each kind of slices the worst, where its interval and that of the best do not overlap."""
    by_kind: dict[tuple[str, str | None], list[tuple[Mapping[str, Any], Measure]]] = {}
    for entry, measure in slices(result):
        by_kind.setdefault((entry["by"], entry.get("column")), []).append((entry, measure))
    sentences = []
    for group in by_kind.values():
        (worst_entry, worst), *_, (best_entry, best) = sorted(group, key=lambda pair: pair[1].goodness)
        if worst.is_apart(best):
            sentences.append(
                words(
                    "limits.worse",
                    kind=slice_name(worst_entry, result, words),
                    metric=words.name(metric_name((result.test.slices or {})["metric"])),
                    value=worst.text,
                    best=best.text,
                    best_kind=slice_name(best_entry, result, words),
                )
            )
    return sentences
