"""What the doctor found, as lines of text for a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple
from textwrap import wrap

from toolkit.data.doctor_doubts import Doubt, Examination, ModelReport
from toolkit.data.doctor_report import DoctorReport, SplitReport
from toolkit.data.doctor_tokens import TokenReport
from toolkit.data.wording import counted
from toolkit.language.spoken import ENGLISH, language, translated
from toolkit.names import Problem
from toolkit.terminal import wrapped
from toolkit.wording import number

WIDTH = 80
CLASSES_SHOWN = 10
_DOUBTS_SHOWN = 3


def examination_summary(found: Examination) -> list[str]:
    """Return what was found: figures, warnings, rows to look at, and lines for a recipe."""
    tokens = None if found.model is None else found.model.tokens
    lines = doctor_summary(found.data, tokens, more=() if found.model is None else _model_warnings(found.model))
    if found.model is not None:
        lines += ["", *_wrapped(_trust_lines(found.model))]
    return [*lines, "", "A recipe for these data:", "", *found.recipe] if found.recipe else lines


def doctor_summary(report: DoctorReport, tokens: TokenReport | None, *, more: Iterable[str] = ()) -> list[str]:
    """Return the figures of data, perhaps of their tokens, and what to look at.

    Args:
        report: of the data.
        tokens: of a model's tokenizer.
        more: warnings from elsewhere.
    """
    lines = [report.source]
    lines += [f"encoding of {name}: {encoding}" for name, encoding in report.encodings.items()]
    lines += report.notes
    for name, split in report.splits.items():
        lines += ["", *_split_lines(name if len(report.splits) > 1 else "", split, problem=report.problem)]
    if tokens is not None:
        lines += ["", *_token_lines(tokens)]
    warnings = [f"! {translated(line)}" for line in (*report.warnings, *more)]
    return _wrapped([*lines, "", *(warnings or ["Nothing to warn of."])])


def _wrapped(lines: Iterable[str]) -> list[str]:
    return [part for line in lines for part in (_wrap(translated(line)) if line else [""])]


def _wrap(line: str) -> list[str]:
    indent = "    " if line.startswith(" ") else "  "
    if language() != ENGLISH:
        first, *others = wrapped(line, WIDTH - len(indent))
        return [first, *(f"{indent}{part}" for part in others)]
    return wrap(
        line,
        WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _split_lines(name: str, split: SplitReport, *, problem: Problem) -> list[str]:
    lengths = split.characters
    lines = [
        f"{name + ': ' if name else ''}{counted(split.rows, 'row')}, {split.empty_rows:,} without text",
        f"characters of a text: {lengths.min:,} to {lengths.max:,}, median {lengths.median:,.0f}, "
        f"95 % at most {lengths.p95:,.0f}",
        f"repeated rows: {split.exact_duplicates:,} letter for letter, {split.normalised_duplicates:,} but for "
        "case and spaces",
    ]
    if len(split.scripts) > 1:
        lines.append("scripts: " + ", ".join(f"{script} {rows:,}" for script, rows in split.scripts.items()))
    if split.classes is not None:
        noun = "labels" if problem is Problem.MULTI_LABEL else "classes"
        shown = [f"{label} {rows:,}" for label, rows in list(split.classes.items())[:CLASSES_SHOWN]]
        more = f" and {len(split.classes) - CLASSES_SHOWN} more" if len(split.classes) > CLASSES_SHOWN else ""
        lines.append(f"{noun}: {len(split.classes)} ({', '.join(shown)}{more})")
        if problem is Problem.MULTI_LABEL:
            lines.append(f"rows without any label: {split.unlabelled_rows:,}")
    if split.scores is not None:
        low, mean, sd, high = (number(value) for value in astuple(split.scores))
        lines.append(f"scores: {low} to {high}, mean {mean}, standard deviation {sd}")
    lines += [
        f"different labels for one text: {conflict.text!r} is "
        + ", ".join(f"{label} at {place}" for label, place in zip(conflict.labels, conflict.places, strict=True))
        for conflict in split.conflicts
    ]
    return lines


def _token_lines(tokens: TokenReport) -> list[str]:
    return [
        f"tokens of a text: median {tokens.median_tokens:,.0f}, 95 % at most {tokens.p95_tokens:,.0f}, "
        f"longest {tokens.max_tokens:,}",
        f"cut at {tokens.max_length:,} tokens: {tokens.truncation_rate:.1%} of the texts",
        f"unknown tokens: {tokens.unknown_rate:.2%}; tokens per character: {tokens.tokens_per_character:.2f}",
    ]


def _model_warnings(model: ModelReport) -> list[str]:
    trust = model.trust
    lines = [f"{model.name}: {line}" for line in model.warnings]
    if trust is not None and trust.across:
        lines.append(f"{counted(trust.across, 'row')} nearly repeat a row of another split")
    return lines


def _trust_lines(model: ModelReport) -> list[str]:
    trust = model.trust
    if trust is None:
        return [
            f"{model.name} loses too much of these texts to tell which rows to look at: name a model that reads them."
        ]
    some = "" if trust.rows == trust.of_rows else f", {trust.rows:,} of the {trust.of_rows:,} rows"
    lines = [f"Rows to look at, by the features of {model.name}{some}:"]
    if trust.wrong_share is not None and trust.agreement is not None:
        lines.append(
            f"labels that other rows contradict: {len(trust.labels):,}. About {trust.wrong_share:.0%} of all labels "
            "may be wrong, fewer if the model reads these texts badly: heads on its features give "
            f"{trust.agreement:.0%} of these labels to rows that they have not learnt from."
        )
        lines += _first(trust.labels)
    lines.append(f"rows that nearly repeat another: {len(trust.near_duplicates):,}")
    lines += _first(trust.near_duplicates)
    lines.append(f"texts unlike all others: {len(trust.outliers):,}")
    lines += _first(trust.outliers)
    for file, n_rows in model.files.items():
        lines.append(f"{file} has all rows, these {n_rows:,} first: correct its labels, and use it as data.")
    if not model.files and trust.doubts:
        lines.append("--output checked.csv writes all rows, these first, to be corrected and used as data.")
    return lines


def _first(doubts: tuple[Doubt, ...]) -> list[str]:
    return [
        f"  {doubt.row.place}: {doubt.row.text} – "
        + (f"{doubt.row.label}, rather {doubt.suggestion}" if doubt.suggestion else doubt.reason)
        for doubt in doubts[:_DOUBTS_SHOWN]
    ]
