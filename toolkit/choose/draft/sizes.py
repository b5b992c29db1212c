"""The sizes of a recipe that fit rows: splits, tokens of a text, examples of a step, epochs and evaluations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from toolkit.adapters.lengths import MAX_LENGTH_WITHOUT_A_LIMIT
from toolkit.choose.look.candidates import Candidate
from toolkit.names import Family

_CUT_AS_A_SHARE = 5_000
"""Rows below which splits are shares: fixed numbers of rows would take too many of them."""

_TEST_ROWS, _WRITTEN_ROWS = 1_000, 500
"""Rows that measure a result; fewer where a text has to be written for each."""

_ROWS_A_CLASS = 20
_STEPS = 1_000
"""Steps that a training takes at least, if they are no more than `_MOST_EPOCHS`."""

_MOST_EPOCHS, _PATIENT_FROM = 10, 5
_TEMPLATE_TOKENS = 32
"""Tokens for the words that a prompt or a chat template puts around a row."""

_OWN_LENGTH = 256
_CHARACTERS_A_TOKEN = {"ko": 1.8}
_USUAL_CHARACTERS_A_TOKEN = 4.0
"""Letters of a token where there is no tokenizer to ask, of other languages: English in a vocabulary of 30,000."""


@dataclass(frozen=True)
class Length:
    """Tokens of a text, and why.

    Attributes:
        tokens: at which texts are cut.
        why: a sentence for the recipe.
    """

    tokens: int
    why: str


def split_sizes(n_rows: int, *, n_classes: int, generates: bool) -> tuple[dict[str, Any], str]:
    """Return the sizes of the test and the validation split, and why.

    Args:
        n_rows: that are divided.
        n_classes: of their labels; 0 without classes.
        generates: whether a text has to be written for each test row.
    """
    if n_rows < _CUT_AS_A_SHARE:
        rows = round(0.2 * n_rows)
        return {"test_size": 0.2, "validation_size": 0.1}, _precision(rows, n_classes=n_classes, generates=generates)
    rows = _WRITTEN_ROWS if generates else min(max(_TEST_ROWS, _ROWS_A_CLASS * n_classes), n_rows // 5)
    return {"test_size": rows, "validation_size": rows}, _precision(rows, n_classes=n_classes, generates=generates)


def _precision(rows: int, *, n_classes: int, generates: bool) -> str:
    if generates:
        return f"{rows:,} test rows; a text is written for each of them, which takes most of the time of measuring."
    if not n_classes:
        return f"{rows:,} test rows measure the result; nothing is chosen or learnt from them."
    points = 100 * 0.98 / math.sqrt(max(rows, 1))
    return f"{rows:,} test rows tell a share such as accuracy to within {points:.1f} points (95 %)."


def text_length(
    texts: Mapping[str, Sequence[str]], candidate: Candidate, *, language: str | None, in_parts: bool
) -> Length:
    """Return the tokens of a text that fit some rows.

    Args:
        texts: columns of sampled rows; two of a decoder or an encoder make one text.
        candidate: the model; without its tokenizer lengths are estimated from letters.
        language: of the texts, ``ko`` or None.
        in_parts: whether longer texts are read in parts, so that nothing is cut.
    """
    most = candidate.max_length or MAX_LENGTH_WITHOUT_A_LIMIT
    lengths, asks = _lengths(texts, candidate, language)
    median, p95, longest = (math.ceil(float(value)) for value in np.percentile(lengths, [50, 95, 100]))
    figures = f"{asks}: half of the rows have up to {median:,} tokens, 95 % up to {p95:,}, the longest {longest:,}"
    if candidate.located is None and not candidate.parameters:
        most = _OWN_LENGTH
    wanted = longest if longest <= 2 * p95 else math.ceil(1.25 * p95)
    tokens = min(most, 8 * math.ceil(wanted / 8))
    share = float((np.asarray(lengths) > tokens).mean())
    if in_parts:
        return Length(tokens, f"{figures}. Longer texts are read in parts.")
    return Length(tokens, f"{figures}. {f'{share:.1%} of them are cut' if share else 'Nothing is cut'}.")


def _lengths(texts: Mapping[str, Sequence[str]], candidate: Candidate, language: str | None) -> tuple[list[int], str]:
    counted: list[list[int]]
    columns = list(texts.values())
    apart = candidate.family is Family.ENCODER_DECODER and "target" in texts
    around = _TEMPLATE_TOKENS if "target" in texts and candidate.family is not Family.ENCODER_DECODER else 0
    tokenizer = candidate.tokenizer()
    if tokenizer is None:
        each = _CHARACTERS_A_TOKEN.get(language or "", _USUAL_CHARACTERS_A_TOKEN)
        counted = [[math.ceil(len(text) / each) + 2 for text in column] for column in columns]
        asks = "Estimated from letters, as there is no tokenizer to ask yet"
    else:
        counted = [
            [len(ids) for ids in tokenizer(list(column), return_attention_mask=False, verbose=False)["input_ids"]]
            for column in columns
        ]
        asks = "Counted by the model's tokenizer"
    rows: list[tuple[int, ...]] = list(zip(*counted, strict=True))
    return [(max(row) if apart else sum(row)) + around for row in rows], asks


def epochs_for(n_rows: int, batch: int) -> int:
    """Return the epochs of a training: enough steps to learn from few rows, one pass over many."""
    return min(_MOST_EPOCHS, max(1, math.ceil(_STEPS * batch / max(1, n_rows))))


def fitted_batch(batch: int, n_rows: int) -> int:
    """Return the examples of a step: as many as are usual, but so that an epoch of few rows has several steps."""
    return max(1, min(batch, 1 << int(math.log2(max(1, n_rows // 8)))))


def evaluations(epochs: int, steps: int) -> tuple[dict[str, Any], str]:
    """Return when a training is validated, and why.

    Args:
        epochs: of the training.
        steps: of an epoch.
    """
    if epochs == 1 and steps >= 5:
        return {"eval_strategy": "steps", "eval_steps": max(1, steps // 5)}, "Validated five times in its only epoch."
    patience = {"early_stopping_patience": 3} if epochs >= _PATIENT_FROM else {}
    return patience, "It ends when three validations in a row bring nothing better." if patience else ""
