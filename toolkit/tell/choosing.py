"""The candidates of a story, from what `toolkit choose` has written, and its advice on the families."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.choose.advice.advise import Advice, advise
from toolkit.evaluation.metrics.difference import Difference
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.files import read_json
from toolkit.names import Problem
from toolkit.report.language import Language
from toolkit.report.measures import Measure
from toolkit.report.story import Attempt, Candidate, Choosing, FamilyAdvice, Figure

RECORD = "choose.json"


def choosing_of(
    attempts: Sequence[Attempt], *, ledger: Path, names: Mapping[str, str], language: Language
) -> tuple[list[Choosing], list[str]]:
    """Read the record of each choice whose steps are among the attempts.

    Args:
        attempts: all.
        ledger: relative folders count from here, and from where the ledger's folder stands.
        names: of the baselines in words.
        language: of the sentences.

    Returns:
        Choices in the order of time, and a line for each whose record cannot be read.
    """
    found, warnings = [], []
    for name in dict.fromkeys(each.trial.output_dir for each in attempts if each.is_step):
        places = [Path(name), ledger.absolute().parent.parent / name]
        file = next((place / RECORD for place in places if (place / RECORD).is_file()), None)
        if file is None:
            warnings.append(language.say("{folder}: the record of this choice is gone", folder=name))
            continue
        try:
            found.append(_choosing(file, read_json(file), names=names, language=language))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            warnings.append(language.say("{folder}: the record of this choice cannot be read", folder=name))
    return found, warnings


def families_of(
    task: str, *, problem: Problem | None, n_rows: int | None, attempts: Sequence[Attempt], language: Language
) -> tuple[tuple[Advice, ...], tuple[FamilyAdvice, ...]]:
    """Return the advice on the families, also as the story tells it.

    Args:
        task: its name.
        problem: the kind of label; None where that is not known.
        n_rows: training rows; None where that is not known.
        attempts: all.
        language: of the sentences.
    """
    advice = advise(task, problem=problem or Problem.SINGLE_LABEL, n_rows=n_rows, language=language.code)
    tried = Counter(each.trial.family for each in attempts)
    return advice, tuple(
        FamilyAdvice(
            name=of_family.family.value,
            suits=of_family.suits,
            tried=tried[of_family.family.value],
            reasons=tuple((reason.text, reason.source) for reason in of_family.reasons),
        )
        for of_family in advice
    )


def _choosing(file: Path, record: Mapping[str, Any], *, names: Mapping[str, str], language: Language) -> Choosing:
    metric, chosen = str(record["metric"]), record["recommended"]
    worth = {_name(entry) for entry in record["front"]}
    entries = [("candidates", entry) for entry in record["candidates"]]
    entries += [("baselines", entry) for entry in record["baselines"]]
    candidates = [
        _candidate(
            entry,
            metric=metric,
            source=f"{file}, {part}",
            names=names,
            language=language,
            is_recommended=chosen is not None and _name(entry) == _name(chosen),
            is_worth_it=_name(entry) in worth,
        )
        for part, entry in entries
    ]
    return Choosing(
        folder=str(file.parent),
        metric=metric,
        why=language.told(str(record["why"])),
        candidates=tuple(sorted(candidates, key=_rank)),
        seconds=float(record["budget"]["used_seconds"]),
    )


def _name(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return entry["model"], entry["method"], entry["stage"], entry["value"]


def _rank(candidate: Candidate) -> float:
    return float("inf") if candidate.figure is None else -candidate.figure.measure.goodness


def _candidate(
    entry: Mapping[str, Any],
    *,
    metric: str,
    source: str,
    names: Mapping[str, str],
    language: Language,
    is_recommended: bool,
    is_worth_it: bool,
) -> Candidate:
    value, ends, better = entry["value"], entry["ci95"], entry.get("recommended_is_better_by")
    figure = None
    if value is not None:
        interval = None if ends is None else (float(ends[0]), float(ends[1]))
        figure = Figure(metric=metric, entry=MetricValue(float(value), interval), rows=entry["rows"], source=source)
    return Candidate(
        model=str(entry["model"]) if entry["method"] is not None else names.get(entry["model"], str(entry["model"])),
        family=entry["family"],
        method=entry["method"],
        stage=str(entry["stage"]),
        status=str(entry["status"]),
        figure=figure if figure is None or Measure.of(figure.entry, metric).value is not None else None,
        better_by=None if better is None else Difference(float(better["value"]), *map(float, better["ci95"])),
        seconds=entry["seconds"],
        costs=entry["costs"] or {},
        reason=None if entry["reason"] is None else language.told(entry["reason"]),
        is_recommended=is_recommended,
        is_worth_it=is_worth_it,
    )
