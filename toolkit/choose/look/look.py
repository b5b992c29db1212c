"""Examine the training texts with each candidate's tokenizer: lengths, truncation, characters that are lost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
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
from toolkit.names import Family, Problem
from toolkit.report.facts import count
from toolkit.tasks.interfaces import TaskData
from toolkit.wording import table

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SAMPLED_ROWS = 5_000
"""Examples that are tokenised, evenly spaced: enough to know a share to a percent."""

LOST = 0.01
"""Share of the characters, syllables or texts from which a loss is worth a warning."""

UNREADABLE = 0.1
"""Share of the characters or syllables that are lost from which a model does not read the texts."""

MANY_TIMES = 1.5
"""Ratio to the fewest tokens of any candidate from which the number of tokens is worth a warning."""

KOREAN = 0.3
"""Share of Hangul among the letters from which texts count as Korean."""

_SYLLABLE = re.compile("[\uac00-\ud7a3]")
_ACCENT = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True)
class TokenLook:
    """The training texts as one candidate's tokenizer reads them.

    Attributes:
        name: of the candidate.
        report: the doctor's figures: lengths, share of texts that are cut, tokens per character, unknown tokens.
        unknown_characters: the share of the characters, without white space, in unknown words.
        broken_syllables: the share of the Hangul syllables that its normaliser decomposes into jamo.
        lost_accents: accents that its normaliser removes, divided by the letters of the texts.
        attention_share: the share of attention in the operations of a layer at the 95 % length, for an encoder-decoder
            in its encoder; None where the width is not known.
    """

    name: str
    report: TokenReport
    unknown_characters: float
    broken_syllables: float
    lost_accents: float
    attention_share: float | None

    @property
    def reads_badly(self) -> bool:
        """True where it loses so much of the texts that other candidates are measured first."""
        return self.unknown_characters >= UNREADABLE or self.broken_syllables >= UNREADABLE


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


def look(data: TaskData, candidates: Sequence[Candidate], *, problem: Problem) -> Look:
    """Examine the training examples; never the test examples, because the result takes part in choosing.

    Args:
        data: as it was divided.
        candidates: refused ones and those without a tokenizer are left out.
        problem: the kind of label.
    """
    train = _examined(data, problem)
    # Conflicting labels were reported when the data was divided.
    warnings = split_warnings("", replace(train, conflicting_texts=0), problem=problem)
    texts = _sampled(data)
    tokenizers = [(candidate, candidate.tokenizer()) for candidate in candidates]
    tokens = [_through(candidate, tokenizer, texts) for candidate, tokenizer in tokenizers if tokenizer is not None]
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
    return "ko" if _hangul_share(_sampled(data)) >= KOREAN else None


def look_lines(look: Look) -> list[str]:
    """Format the look for a terminal, without the warnings, which are logged as they are found."""
    is_korean = look.text_language == "ko"
    rows = [
        [
            view.name,
            f"{view.report.tokens_per_character:.2f}",
            f"{view.unknown_characters:.1%}",
            *([f"{view.broken_syllables:.0%}"] if is_korean else []),
            f"{view.report.p95_tokens:,.0f}",
            f"{view.report.truncation_rate:.1%} at {view.report.max_length:,}",
            "" if view.attention_share is None else f"{view.attention_share:.0%}",
        ]
        for view in look.tokens
    ]
    jamo = ["into jamo"] if is_korean else []
    header = ["tokenizer of", "tokens/char", "unknown", *jamo, "95 % up to", "cut", "attention's work"]
    classes = "" if look.classes is None else f" of {count(len(look.classes))} classes, {_smallest(look.classes)}"
    lines = [f"{count(look.rows, 'row')} to learn from{classes}"]
    return [*lines, "", *table(rows, header=header)] if rows else lines


def _smallest(classes: Mapping[str, int]) -> str:
    name, rows = min(classes.items(), key=lambda entry: entry[1])
    return f"the smallest {name!r} with {count(rows)}"


def _sampled(data: TaskData) -> dict[str, list[str]]:
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


def _through(candidate: Candidate, tokenizer: PreTrainedTokenizerBase, texts: Mapping[str, list[str]]) -> TokenLook:
    first, *second = texts.values()
    pairs = second[0] if second else None
    if "target" in texts and candidate.family is Family.ENCODER_DECODER:  # encodes the source and generates the target
        first, pairs = [*first, *second[0]], None
    report = examine_tokens(first, tokenizer, candidate.max_length or tokenizer.model_max_length, pairs=pairs)
    every = [*first, *(pairs or ())]
    broken, lost = _normalised_away(every, tokenizer)
    width, is_causal = candidate.hidden_dim, candidate.family is Family.DECODER
    return TokenLook(
        name=candidate.name,
        report=report,
        unknown_characters=_unknown_characters(every, tokenizer) if report.unknown_rate else 0.0,
        broken_syllables=broken,
        lost_accents=lost,
        attention_share=None if width is None else attention_share(report.p95_tokens, width, is_causal=is_causal),
    )


def _normalised_away(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> tuple[float, float]:
    """Return the share of Hangul syllables, and the accents a letter, that a tokenizer's normaliser removes."""
    normalizer = getattr(getattr(tokenizer, "backend_tokenizer", None), "normalizer", None)
    if normalizer is None:
        return 0.0, 0.0
    cleaned = [normalizer.normalize_str(text) for text in texts]
    syllables, kept_syllables = (_found(_SYLLABLE, which) for which in (texts, cleaned))
    accents, kept_accents = (_found(_ACCENT, map(_decomposed, which)) for which in (texts, cleaned))
    broken = max(0, syllables - kept_syllables) / max(1, syllables)
    return broken, max(0, accents - kept_accents) / max(1, _letters(texts))


def _found(pattern: re.Pattern[str], texts: Iterable[str]) -> int:
    return sum(len(pattern.findall(text)) for text in texts)


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def _letters(texts: Iterable[str]) -> int:
    return sum(sum(map(str.isalpha, text)) for text in texts)


def _unknown_characters(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase) -> float:
    """Return the share of the characters, without white space, that are in unknown tokens."""
    if not tokenizer.is_fast:  # only those of the tokenizers library have offsets
        return 0.0
    encoded = tokenizer(list(texts), return_offsets_mapping=True, add_special_tokens=False, verbose=False)
    lost = sum(
        len("".join(text[start:end].split()))
        for text, ids, offsets in zip(texts, encoded["input_ids"], encoded["offset_mapping"], strict=True)
        for token, (start, end) in zip(ids, offsets, strict=True)
        if token == tokenizer.unk_token_id
    )
    return lost / max(1, sum(len("".join(text.split())) for text in texts))


def _hangul_share(texts: Mapping[str, Sequence[str]]) -> float:
    every = [text for column in texts.values() for text in column]
    return _found(_SYLLABLE, every) / max(1, _letters(every))


def _warnings(tokens: Sequence[TokenLook]) -> list[str]:
    readers = [view for view in tokens if not view.reads_badly]  # an unknown word is one token, which is no saving
    fewest = min(readers, key=lambda view: view.report.tokens_per_character, default=None)
    return [f"{view.name}: {line}" for view in tokens for line in (*_lost(view), *_dear(view, fewest))]


def _lost(view: TokenLook) -> list[str]:
    """Return warnings about parts of the texts that a candidate cannot read."""
    lines = []
    if view.broken_syllables >= LOST:
        lines.append(
            f"its tokenizer takes {view.broken_syllables:.0%} of the Hangul syllables apart into jamo, two or three "
            f"tokens each that it has hardly ever read; a model that has learnt Korean keeps them whole{_korean()}"
        )
    if view.unknown_characters >= LOST:
        lines.append(
            f"{view.unknown_characters:.0%} of the characters stand in words that its tokenizer gives up as unknown "
            f"({view.report.unknown_rate:.1%} of the tokens); what they say is lost to the model"
        )
    if view.lost_accents >= LOST:
        lines.append(
            f"its tokenizer takes the accents from {view.lost_accents:.0%} of the letters, so that words become the "
            "same"
        )
    if view.report.truncation_rate >= LOST:
        lines.append(
            f"{view.report.truncation_rate:.0%} of the texts are longer than the {view.report.max_length:,} tokens "
            "that it reads, and are cut"
        )
    return lines


def _dear(view: TokenLook, fewest: TokenLook | None) -> list[str]:
    """Return warnings about more tokens than necessary."""
    lines = []
    each = view.report.tokens_per_character
    if each > 1:
        lines.append(
            f"{each:.2f} tokens a character, more than one: its tokenizer was not made for this language, and spells "
            "it out in parts of letters"
        )
    if fewest is not None and each >= MANY_TIMES * fewest.report.tokens_per_character > 0:
        times = each / fewest.report.tokens_per_character
        lines.append(
            f"{times:.1f} times the tokens of {fewest.name} for the same texts, and as much more work at least"
        )
    return lines


def _korean() -> str:
    names = [model.name for model in catalogue() if model.languages == ("ko",)]
    return f", such as {' or '.join(names[:2])}"
