"""Examine the training texts with each candidate's tokenizer: lengths, truncation, characters that are lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from toolkit.choose.advice.catalogue import catalogue
from toolkit.choose.advice.rules import attention_share
from toolkit.choose.look.candidates import Candidate
from toolkit.choose.look.columns import label_cells
from toolkit.data.doctor import examine
from toolkit.data.doctor_report import SplitReport
from toolkit.data.doctor_tokens import TokenReport, examine_tokens
from toolkit.data.doctor_warnings import split_warnings
from toolkit.data.examples import TEXT_COLUMNS
from toolkit.data.tables import Part, Table
from toolkit.data.tokenizer_losses import Losses, find_losses, hangul_share, reading_warnings
from toolkit.names import Family, Problem
from toolkit.report.facts import count
from toolkit.tasks.interfaces import TaskData
from toolkit.wording import shortened, table

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SAMPLED_ROWS = 5_000
"""Examples that are tokenised, evenly spaced: enough to know a share to a percent."""

MANY_TIMES = 1.5
"""Ratio to the fewest tokens of any candidate from which the number of tokens is worth a warning."""

KOREAN = 0.3
"""Share of Hangul among the letters from which texts count as Korean."""


@dataclass(frozen=True)
class TokenLook:
    """The training texts as one candidate's tokenizer reads them.

    Attributes:
        name: of the candidate.
        report: the doctor's figures: lengths, share of texts that are cut, tokens per character, unknown tokens.
        losses: the shares of the texts that it cannot read.
        attention_share: the share of attention in the operations of a layer at the 95 % length, for an encoder-decoder
            in its encoder; None where the width is not known.
    """

    name: str
    report: TokenReport
    losses: Losses
    attention_share: float | None

    @property
    def reads_badly(self) -> bool:
        """Return True where it loses so much of the texts that other candidates are measured first."""
        return self.losses.reads_badly


@dataclass(frozen=True)
class Look:
    """Facts of the training examples, and how each candidate reads them.

    Attributes:
        rows: training examples.
        classes: examples of each class, the largest first; None without classes.
        text_language: ``ko`` where the texts are mostly Hangul; None: not known.
        length_p95_tokens: the shortest 95 % length among the candidates; None without a tokenizer.
        tokens: one for each candidate with a tokenizer.
        warnings: a line each.
    """

    rows: int
    classes: dict[str, int] | None
    text_language: str | None
    length_p95_tokens: float | None
    tokens: tuple[TokenLook, ...]
    warnings: tuple[str, ...]


def look(data: TaskData, candidates: Sequence[Candidate], *, problem: Problem, max_length: int | None = None) -> Look:
    """Examine the training examples; never the test examples, because the result takes part in choosing.

    Args:
        data: as it was divided.
        candidates: refused ones and those without a tokenizer are left out.
        problem: the kind of label.
        max_length: tokens at which the recipe cuts texts; None: what each candidate takes.
    """
    train = _examined(data, problem)
    # Conflicting labels were reported when the data was divided.
    warnings = split_warnings("", replace(train, conflicting_texts=0), problem=problem)
    texts = sampled_texts(data)
    tokenizers = [(candidate, candidate.tokenizer()) for candidate in candidates]
    tokens = [
        _through(candidate, tokenizer, texts, max_length)
        for candidate, tokenizer in tokenizers
        if tokenizer is not None
    ]
    return Look(
        rows=len(data.train),
        classes=train.classes,
        text_language=text_language(data),
        length_p95_tokens=min((view.report.p95_tokens for view in tokens), default=None),
        tokens=tuple(tokens),
        warnings=(*data.warnings, *warnings, *_warnings(tokens)),
    )


def text_language(data: TaskData) -> str | None:
    """Return ``ko`` where the training texts are mostly Hangul, else None."""
    return language_of([text for column in sampled_texts(data).values() for text in column])


def language_of(texts: Sequence[str]) -> str | None:
    """Return ``ko`` where texts are mostly Hangul, else None."""
    return "ko" if hangul_share(texts) >= KOREAN else None


def look_lines(look: Look) -> list[str]:
    """Format the look for a terminal, without the warnings, which are logged as they are found."""
    is_korean = look.text_language == "ko"
    rows = [
        [
            view.name,
            f"{view.report.tokens_per_character:.2f}",
            f"{view.losses.unknown_characters:.1%}",
            *([f"{view.losses.broken_syllables:.0%}"] if is_korean else []),
            f"{view.report.p95_tokens:,.0f}",
            f"{view.report.truncation_rate:.1%} at {view.report.max_length:,}",
            "" if view.attention_share is None else f"{view.attention_share:.0%}",
        ]
        for view in look.tokens
    ]
    jamo = ["into jamo"] if is_korean else []
    header = ["tokenizer of", "tokens/char", "unknown", *jamo, "95 % up to", "cut", "attention's work"]
    return [rows_line(look), *(["", *table(rows, header=header)] if rows else [])]


def rows_line(look: Look) -> str:
    """Return how many training examples and classes there are."""
    classes = "" if look.classes is None else f" of {count(len(look.classes))} classes, {_smallest(look.classes)}"
    return f"{count(look.rows, 'row')} to learn from{classes}"


def _smallest(classes: Mapping[str, int]) -> str:
    name, rows = min(classes.items(), key=lambda entry: entry[1])
    return f"the smallest {shortened(repr(name))} with {count(rows)}"


def sampled_texts(data: TaskData) -> dict[str, list[str]]:
    """Return evenly spaced training texts by their columns."""
    rows = data.train.select(range(0, len(data.train), -(-len(data.train) // SAMPLED_ROWS)))
    return {name: list(rows[name]) for name in TEXT_COLUMNS if name in rows.column_names}


def _examined(data: TaskData, problem: Problem) -> SplitReport:
    """Return the doctor's report of the training examples."""
    train = data.train
    texts = [list(train[name]) for name in TEXT_COLUMNS if name in train.column_names]
    columns = dict(zip(("text", "text_pair"), texts, strict=False))
    labels = label_cells(train)
    rows = Table(columns | ({"label": labels} if labels else {}), (Part(data.source, range(len(train))),))
    return examine({"train": rows}, problem=problem).splits["train"]


def _through(
    candidate: Candidate, tokenizer: PreTrainedTokenizerBase, texts: Mapping[str, list[str]], max_length: int | None
) -> TokenLook:
    first, *second = texts.values()
    pairs = second[0] if second else None
    if "target" in texts and candidate.family is Family.ENCODER_DECODER:  # encodes the source and generates the target
        first, pairs = [*first, *second[0]], None
    taken = candidate.max_length or tokenizer.model_max_length
    report = examine_tokens(first, tokenizer, min(taken, max_length or taken), pairs=pairs)
    width, is_causal = candidate.hidden_dim, candidate.family is Family.DECODER
    return TokenLook(
        name=candidate.name,
        report=report,
        losses=find_losses([*first, *(pairs or ())], tokenizer),
        attention_share=None if width is None else attention_share(report.p95_tokens, width, is_causal=is_causal),
    )


def _warnings(tokens: Sequence[TokenLook]) -> list[str]:
    readers = [view for view in tokens if not view.reads_badly]  # an unknown word is one token, which is no saving
    fewest = min(readers, key=lambda view: view.report.tokens_per_character, default=None)
    return [f"{view.name}: {line}" for view in tokens for line in (*_lost(view), *_dear(view, fewest))]


def _lost(view: TokenLook) -> list[str]:
    return reading_warnings(view.report, view.losses, better=_korean())


def _dear(view: TokenLook, fewest: TokenLook | None) -> list[str]:
    """Return warnings about more tokens than necessary."""
    lines = []
    each = view.report.tokens_per_character
    if fewest is not None and each >= MANY_TIMES * fewest.report.tokens_per_character > 0:
        times = each / fewest.report.tokens_per_character
        lines.append(
            f"{times:.1f} times the tokens of {fewest.name} for the same texts, and as much more work at least"
        )
    return lines


def _korean() -> str:
    names = [model.name for model in catalogue() if model.languages == ("ko",)]
    return " or ".join(names[:2])
