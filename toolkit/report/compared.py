"""Compared runs as lines for a terminal, and the tables that page and notebook show too."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from toolkit.evaluation.metrics.difference import Difference, is_tie
from toolkit.evaluation.metrics.metric_value import MetricValue
from toolkit.report import facts
from toolkit.report.comparison import Comparison
from toolkit.report.language import ENGLISH, Language
from toolkit.report.measures import NOT_DEFINED, Measure
from toolkit.report.metric_words import MetricWords, metric_words
from toolkit.report.standing import beside_baseline
from toolkit.trials.compared import (
    ComparedPair,
    ComparedRun,
    ComparedRuns,
    DisputedRow,
    FreeBaseline,
    Note,
    Tested,
)
from toolkit.wording import Heading, shortened, table

SURE = 0.05
"""Adjusted p from which a difference stays open."""

_COSTS = {"train_seconds": "training", "evaluate_seconds": "testing", "model_bytes": "size"}
_SPARE = ("seed", "method", "model", "testing")
_HOLM, _OWN = "p, Holm", "95 %"

Grid = tuple[Sequence[str], list[list[str]]]
"""A header, and rows."""


def compared_lines(compared: ComparedRuns) -> list[str]:
    """Return runs side by side, what differs between their recipes, the tests, and rows to read."""
    lines = [f"{facts.count(len(compared.runs), 'run')} of {compared.task}, {on_rows(compared)}", ""]
    lines += _table(runs_grid(compared), spare=_SPARE)
    beside = baseline_lines(compared)
    lines += ["", *beside] if beside else []
    told = [f"{name} is not compared: {reason}." for name, reason in compared.left_out.items()]
    told += [sentence_of(note) for note in compared.notes]
    lines += ["", *told] if told else []
    lines += ["", Heading("What differs between the recipes"), *_recipe_lines(compared)]
    spare = ("p", _OWN) if len(compared.pairs) > 1 else (_OWN,)
    lines += ["", Heading("Paired differences on the same rows"), *_table(metrics_grid(compared), spare=spare)]
    lines += [about_p(compared), *mcnemar_lines(compared)]
    for index, pair in enumerate(compared.pairs, start=1):
        lines += ["", *_disagreement_lines(pair, letter(0), letter(index))]
    return lines


def sentence_of(note: Note, language: Language = ENGLISH) -> str:
    """Return what makes a comparison less than it seems, as a sentence."""
    told = language.say(note.english, **note.gaps)
    return f"{told[0].upper()}{told[1:]}."


def letter(index: int) -> str:
    """Return the letter that stands for a run: A to Z, then A2 and so on."""
    turn, place = divmod(index, len(ascii_uppercase))
    return f"{ascii_uppercase[place]}{turn + 1 if turn else ''}"


def on_rows(compared: ComparedRuns) -> str:
    """Return the number of rows that they are compared on."""
    return f"compared on {facts.count(compared.rows, 'test row')}"


def baseline_lines(compared: ComparedRuns, language: Language = ENGLISH) -> list[str]:
    """Return of each run the free baseline that it is not shown to beat, a line each; none where all are beaten."""
    return [
        f"{letter(index)}: {beside_baseline(_beside(run.baseline), language, rows=_own_rows(run, compared))}"
        for index, run in enumerate(compared.runs)
        if run.baseline is not None
    ]


def _own_rows(run: ComparedRun, compared: ComparedRuns) -> int:
    return 0 if run.rows == compared.rows else run.rows


def _beside(found: FreeBaseline) -> Comparison:
    theirs = Measure.of(found.entry, found.metric)
    return Comparison(Measure(words=theirs.words), theirs, found.name, True, found.difference)


def _table(grid: Grid, *, spare: Sequence[str] = ()) -> list[str]:
    header, rows = grid
    return table(rows, header=header, spare=[name for name in spare if name in header])


def runs_grid(compared: ComparedRuns) -> Grid:
    """Return quality, by the first metric, and costs of each run."""
    name = next(iter(compared.runs[0].metrics), None)
    costs = [key for key in _COSTS if any(run.cost.get(key) is not None for run in compared.runs)]
    quality = [] if name is None else [metric_words(name).heading]
    header = ["", "run", *quality, *(_COSTS[key] for key in costs), "parameters", "model", "method", "seed"]
    rows = [
        [
            letter(index),
            run.name,
            *([] if name is None else [Measure.of(run.metrics[name], name).text]),
            *(_cost(key, run.cost.get(key)) for key in costs),
            f"{run.parameters[1]:,} of {run.parameters[0]:,}",
            run.model,
            run.method,
            str(run.seed),
        ]
        for index, run in enumerate(compared.runs)
    ]
    return header, rows


def _cost(key: str, value: float | None) -> str:
    if value is None:
        return "–"
    return facts.duration(value) if key.endswith("seconds") else facts.amount(value, "B")


def _recipe_lines(compared: ComparedRuns) -> list[str]:
    return _table(recipe_grid(compared)) if compared.recipe else ["Nothing: the recipes are the same."]


def recipe_grid(compared: ComparedRuns) -> Grid:
    """Return what differs between the recipes."""
    header = ["key", *(letter(index) for index in range(len(compared.runs)))]
    return header, [[each.key, *map(written, each.values)] for each in compared.recipe]


def written(value: Any) -> str:
    """Return a recipe's value for people; a dash where there is none."""
    return "–" if value is None else shortened(str(value))


def metrics_grid(compared: ComparedRuns, language: Language = ENGLISH) -> Grid:
    """Return each metric of each run with its interval, and its paired difference from the first run."""
    adjusted = [_HOLM] if len(compared.pairs) > 1 else []
    rows = []
    for name, first in compared.runs[0].metrics.items():
        words = metric_words(name)
        rows.append(
            [language.heading(words), letter(0), *_measured(first, name, language), *[""] * (4 + len(adjusted))]
        )
        for index, pair in enumerate(compared.pairs, start=1):
            tested = pair.metrics[name]
            rows.append(
                [
                    "",
                    letter(index),
                    *_measured(compared.runs[index].metrics[name], name, language),
                    *_difference(tested.difference, words, language),
                    _p(tested.p),
                    *(_p(tested.p_holm) for _ in adjusted),
                    language.name(_better(tested, words, letter(index))),
                ]
            )
    header = ["metric", "", "value", _OWN, f"from {letter(0)}", "paired 95 %", "p", *adjusted, "better run"]
    return [language.name(cell) for cell in header], rows


def _measured(entry: MetricValue, name: str, language: Language) -> tuple[str, str]:
    measure = Measure.of(entry, name)
    return (language.name(measure.text) if measure.value is None else measure.text), language.interval(measure)


def _difference(difference: Difference | None, words: MetricWords, language: Language) -> tuple[str, str]:
    if difference is None:
        return language.name(NOT_DEFINED), ""
    value = words.number(difference.value)
    sign = "+" if difference.value > 0 else ""
    low, high = words.number(difference.low), words.number(difference.high)
    return f"{sign}{value}", language.say("{low} to {high}", low=low, high=high)


def _better(tested: Tested, words: MetricWords, other: str) -> str:
    """Return the letter of the better run; the adjusted p-value and the interval have to agree."""
    if tested.difference is None or tested.p_holm is None or words.greater_is_better is None:
        return ""
    if is_tie(tested.difference) or tested.p_holm >= SURE:
        return "open"
    return other if (tested.difference.value > 0) is words.greater_is_better else letter(0)


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def about_p(compared: ComparedRuns, language: Language = ENGLISH) -> str:
    """Return how intervals and p-values were made."""
    adjusted = language.say("; p, Holm is adjusted for the number of runs") if len(compared.pairs) > 1 else ""
    return language.say(
        "Intervals and p by the paired bootstrap{adjusted}. Open: these rows do not settle which is better.",
        adjusted=adjusted,
    )


def mcnemar_lines(compared: ComparedRuns, language: Language = ENGLISH) -> list[str]:
    """Return McNemar's test of each run beside the first, a sentence each."""
    lines = []
    for index, pair in enumerate(compared.pairs, start=1):
        found = pair.mcnemar
        if found is None:
            continue
        adjusted = language.say(" ({p} by Holm)", p=_p(found.p_holm)) if len(compared.pairs) > 1 else ""
        lines.append(
            language.say(
                "McNemar's exact test of {metric}: {other} alone is right on {rows}, {first} alone on {n}: p {p}"
                "{adjusted}.",
                metric=language.name(metric_words(found.metric).name),
                other=letter(index),
                rows=language.count(found.only_second, "row"),
                first=letter(0),
                n=found.only_first,
                p=_p(found.p),
                adjusted=adjusted,
            )
        )
    return lines


def _disagreement_lines(pair: ComparedPair, first: str, second: str) -> list[str]:
    found = pair.disagreement
    if not found.rows:
        return [Heading(f"{first} and {second} give the same answer to every row")]
    lines = [
        Heading(f"{first} and {second} differ on {facts.count(found.rows, 'row')}"),
        f"{second} is better on {found.second_better:,}, {first} on {found.first_better:,}.",
    ]
    return lines + [line for row in found.examples for line in _row_lines(row, first, second)]


def _row_lines(row: DisputedRow, first: str, second: str) -> list[str]:
    right = [] if row.reference is None else [("right", row.reference)]
    answers = [*right, (first, row.first), (second, row.second)]
    return [f"  {row.id}: {shortened(row.text)}", *(f"    {who}: {shortened(text)}" for who, text in answers)]
