"""Golden rows of token classification: texts of one window, with the tag and the probabilities of each token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.evaluation.proof.golden import plain_ids
from toolkit.evaluation.proof.golden_rows import choose_rows
from toolkit.tasks.token_classification.predict import logits_of_windows, open_windows, pad_id, scheme_of
from toolkit.tasks.token_classification.predictions import TagPredictions
from toolkit.tasks.token_classification.schemes import OUTSIDE
from toolkit.tasks.token_classification.sentences import rows_in

ROWS_AT_ONCE = 4
LONGEST = 64
"""Tokens of a golden row at most: each of them has a probability for each tag."""


def golden_rows(
    opened: OpenedModel, rows: Dataset, *, answers: TagPredictions | None, most: int
) -> list[dict[str, Any]]:
    """Choose texts of all labels and lengths that are one window, and those that are hard to decide.

    Args:
        opened: with its trained head.
        rows: the test rows.
        answers: to all of them; None where they are not known.
        most: how many to choose.
    """
    sentences = rows_in(rows)
    longest = min(opened.max_length, LONGEST)
    windows = open_windows([sentence.text for sentence in sentences], opened)
    n_tokens = [0] * len(sentences)
    for window in windows:
        n_tokens[window.row] += len(window.offsets)
    fitting = [row for row, count in enumerate(n_tokens) if 0 < count <= longest]
    parse = scheme_of(opened).parse
    first = [next((tag for tag in sentences[row].tags or () if tag != OUTSIDE), OUTSIDE) for row in fitting]
    chosen = choose_rows(
        [sentences[row].text for row in fitting],
        labels=[parse(tag).label for tag in first],
        confidence=None if answers is None else [float(answers.confidence[row]) for row in fitting],
        most=most,
    )
    kept = [{"text": sentences[fitting[index]].text} for index in chosen]
    return [row for row in kept if plain_ids(opened, row)]


def golden_answers(opened: OpenedModel, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the tag of each token of the text, and the probabilities of all tags, token after token."""
    windows = open_windows([row["text"] for row in rows], opened)
    logits = logits_of_windows(opened.model, windows, pad_token_id=pad_id(opened), batch_windows=ROWS_AT_ONCE)
    answers = []
    for row, window, found in zip(rows, windows, logits, strict=True):
        shares = torch.from_numpy(found[window.owned]).softmax(dim=-1)
        tags = [opened.labels[index] for index in shares.argmax(dim=-1).tolist()]
        answers.append({"text": row["text"], "prediction": tags, "probabilities": shares.flatten().double().tolist()})
    return answers
