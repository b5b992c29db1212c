"""Words for what the validation rows chose, and for what came of it on other rows: page, terminal and card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from toolkit.adapters.decision import ABSTAIN, NEVER, THRESHOLDS
from toolkit.data.wording import counted
from toolkit.run_result import RunResult, SplitResult
from toolkit.tasks.pages import Rows, Sentence
from toolkit.tasks.text_classification.decide import threshold_stays
from toolkit.wording import number

ABSTENTION = "abstention"
"""The key of a split's details in metrics.json."""


def answered_lines(test: SplitResult) -> list[str]:
    """Return how many rows were answered, and how well; nothing of a model that answers all."""
    found = test.details.get(ABSTENTION)
    if found is None:
        return []
    n_none = test.rows - found["answered"]
    return [
        f"Answered: {found['answered']:,} of {counted(test.rows, 'row')}, coverage {_share(found['coverage'])}; "
        f"precision of the answers {_share(found['precision'])}. The other {n_none:,} are none of these. Metrics are "
        "those of the most probable class of every row."
    ]


def chosen_lines(result: RunResult) -> list[str]:
    """Return what was chosen on the validation rows, and how."""
    found = result.decision
    if found is None:
        return []
    rows = counted(found["rows"], "validation row")
    if "abstain" not in found:
        return [_about_thresholds(found)]
    asked = (
        f"Asked for: a precision of {found['abstain']:g} among the answers, at a confidence of {found['confidence']:g}."
    )
    if found[ABSTAIN] == NEVER:
        return [f"{asked} It is not shown for any part of the {rows}, so nothing is answered."]
    below = "all are answered" if not found[ABSTAIN] else f"those with a probability of {found[ABSTAIN]:.3f} or more"
    return [
        f"{asked} Of the {rows} {below}: {found['answered']:,}, of which {found['right']:,} rightly (precision "
        f"{found['right'] / found['answered']:.3f}, at least {found['precision_at_least']:.3f})."
    ]


def _about_thresholds(found: Mapping[str, Any]) -> str:
    values = found[THRESHOLDS]
    if not values:
        return f"{threshold_stays(found)}.".capitalize()
    low, high = number(min(values)), number(max(values))
    told = f"from {low} to {high}" if low != high else low
    shared = f", {counted(found['shared'], 'label')} with few rows share one" if found["shared"] else ""
    low, high = found["gain"]["ci95"]
    return (
        f"The probability from which a label is given was chosen for {found['threshold']} on the "
        f"{counted(found['rows'], 'validation row')} ({told}{shared}). On rows that did not choose it, it gains "
        f"{found['gain']['value']:+.3f} (95 % interval {low:+.3f} to {high:+.3f}) over a half."
    )


def card_sentences(result: RunResult) -> list[Sentence]:
    """Return the card's sentences on the decision; the arguments are those of `chosen_lines`."""
    found = result.decision
    if found is None:
        return []
    if "abstain" not in found:
        values = found[THRESHOLDS]
        if not values:
            return []
        low, high = (f"{value:+.3f}" for value in found["gain"]["ci95"])
        gain = {"metric": found["threshold"], "gain": f"{found['gain']['value']:+.3f}", "low": low, "high": high}
        return [Sentence("decision.thresholds", gain), Sentence("decision.plain_thresholds")]
    asked = {"asked": f"{found['abstain']:g}", "confidence": f"{found['confidence']:g}"}
    if found[ABSTAIN] == NEVER:
        return [Sentence("decision.never", asked)]
    there = {"answered": found["answered"], "rows": found["rows"], "right": found["right"]}
    test = result.test.details.get(ABSTENTION)
    if test is None:
        return [Sentence("decision.always", {**asked, **there})]
    shares = {gap: text for name in ("coverage", "precision") for gap, text in _gaps(name, test[name]).items()}
    return [
        Sentence("decision.abstains", {**asked, **there, "below": f"{found[ABSTAIN]:.3f}"}),
        Sentence("decision.measured", {**shares, "answered": test["answered"], "rows": Rows(result.test.rows)}),
        Sentence("decision.plain"),
    ]


def _gaps(name: str, entry: Mapping[str, Any]) -> dict[str, str]:
    """Return a share and the ends of its interval, for the gaps of a sentence."""
    low, high = entry["ci95"] or (None, None)
    values = {name: entry["value"], f"{name}_low": low, f"{name}_high": high}
    return {gap: "–" if value is None else f"{value:.3f}" for gap, value in values.items()}


def _share(entry: Mapping[str, Any]) -> str:
    if entry["value"] is None:
        return "–"
    low, high = entry["ci95"]
    return f"{entry['value']:.3f} (95 % interval {low:.3f} to {high:.3f})"
