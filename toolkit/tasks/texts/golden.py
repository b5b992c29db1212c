"""Golden rows of tasks whose output is text: texts that are scored, and a few that are written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from datasets import Dataset
from transformers import GenerationConfig

from toolkit.adapters import OpenedModel
from toolkit.adapters.layouts import PROMPT, prompt_of
from toolkit.adapters.writing import stops_of
from toolkit.data.encode import asked_texts
from toolkit.data.messages import CHAT, USER, Message, to_cell
from toolkit.data.several_inputs import INPUTS
from toolkit.evaluation.inference.generate import references_of, write_texts
from toolkit.evaluation.inference.likelihood import measure_likelihoods
from toolkit.evaluation.proof.golden import GoldenRow, plain_ids
from toolkit.evaluation.proof.golden_rows import choose_rows, rows_to_dataset, spread
from toolkit.names import Family

NEW_TOKENS = 24
MOST_WRITTEN = 6


def chosen_texts(rows: Dataset, *, most: int, prompt: str | None = None) -> tuple[list[int], list[str]]:
    """Choose test rows by their texts.

    Args:
        rows: with ``source``, ``messages``, ``inputs`` or ``text``.
        most: how many to choose.
        prompt: what is made of a source.

    Returns:
        The indices of the rows, and what a model reads of each: of a chat the last message.
    """
    if CHAT in rows.column_names and INPUTS not in rows.column_names:
        texts = [json.loads(cell)[-1]["content"] for cell in rows[CHAT]]
    elif "text" not in rows.column_names:
        texts = asked_texts(rows[:], prompt)
    else:
        texts = list(rows["text"])
    chosen = choose_rows([text if text.strip() else "" for text in texts], most=most)
    return chosen, [texts[index] for index in chosen]


def golden_rows(opened: OpenedModel, rows: Dataset, *, most: int) -> list[dict[str, Any]]:
    """Choose rows to score; a few of them are written as well, and have a ``prediction``.

    Right texts that the model would cut are shortened here, and so is what a language model reads: not every reader
    cuts at the same position. Of a decoder those rows are written that leave room for it.

    Args:
        opened: with its trained head.
        rows: the test rows.
        most: how many to choose.
    """
    chosen, texts = chosen_texts(rows, most=most, prompt=prompt_of(opened.tokenizer))
    references = None if "text" in rows.column_names else references_of(rows)
    if references is None:
        asked: list[dict[str, Any]] = [{"text": _fitting(opened, text, opened.max_length - 1)} for text in texts]
    else:
        # A decoder has its template around question and answer, and reads both.
        decodes = opened.family is Family.DECODER
        room = opened.max_length // 4 if decodes else opened.max_length - 1
        asked = [
            {
                "text": _fitting(opened, text, room) if decodes else text,
                "reference": _fitting(opened, references[index], room),
            }
            for index, text in zip(chosen, texts, strict=True)
        ]
        asked = [row for row in asked if row["reference"].strip()]
    short = asked
    if opened.family is Family.DECODER:  # what is longer is cut by us, and by nobody else
        short = [row for row in asked if len(plain_ids(opened, row)) <= opened.max_length // 2]
    asked = [row for row in asked if not _spells_special_tokens(opened, row)]
    for row in spread([row for row in short if row in asked], MOST_WRITTEN):
        row["prediction"] = ""
    return asked


def golden_answers(opened: OpenedModel, rows: Sequence[GoldenRow]) -> list[dict[str, Any]]:
    """Return rows with ``log_likelihood`` in nats and the ``tokens`` that it sums, some with what is written.

    Args:
        opened: with its trained head.
        rows: those with ``prediction``, whatever it is, are written too.
    """
    inputs = [{name: row[name] for name in ("text", "reference") if name in row} for row in rows]
    with _as_it_is(opened):
        likelihoods = measure_likelihoods(opened, _asked(opened, inputs))
        said: list[dict[str, Any]] = [
            {"log_likelihood": -float(loss), "tokens": int(tokens)}
            for loss, tokens in zip(likelihoods.negative_log_likelihood, likelihoods.tokens, strict=True)
        ]
        wanted = [index for index, row in enumerate(rows) if "prediction" in row]
        if wanted:
            asked = _asked(opened, [inputs[index] for index in wanted])
            with _greedy(opened):
                texts, _ = write_texts(opened, asked)
            for index, text in zip(wanted, texts.predictions, strict=True):
                said[index]["prediction"] = text
    return [{**row, **answer} for row, answer in zip(inputs, said, strict=True)]


def _asked(opened: OpenedModel, rows: Sequence[Mapping[str, str]]) -> Dataset:
    """Return golden rows in the columns that the model reads."""
    if "reference" not in rows[0]:
        return rows_to_dataset(rows, {"text": "text"})
    if opened.family is Family.ENCODER_DECODER:
        return rows_to_dataset(rows, {"source": "text", "target": "reference"})
    chats = [{**row, "chat": to_cell([Message(role=USER, content=row["text"])])} for row in rows]
    return rows_to_dataset(chats, {CHAT: "chat", "target": "reference"})


def generation_settings(opened: OpenedModel) -> dict[str, Any]:
    """Return how the few texts of a ``golden.json`` are written: without chance and without beams, and not far.

    A model that draws its texts draws none of these: other machines and versions have other random numbers.
    """
    stops = {"stop_strings": list(stops_of(opened))} if stops_of(opened) else {}
    n_tokens = max(1, min(NEW_TOKENS, opened.max_length // 2 - 1))
    return {"do_sample": False, "num_beams": 1, "max_new_tokens": n_tokens, **stops}


@contextmanager
def _as_it_is(opened: OpenedModel) -> Iterator[None]:
    """Let a model read sources without the prompt, which is part of golden rows already."""
    kept = opened.tokenizer.init_kwargs
    prompt = kept.pop(PROMPT, None)
    try:
        yield
    finally:
        if prompt is not None:
            kept[PROMPT] = prompt


@contextmanager
def _greedy(opened: OpenedModel) -> Iterator[None]:
    model: Any = opened.model
    usual = model.generation_config
    model.generation_config = GenerationConfig.from_dict({**usual.to_dict(), **generation_settings(opened)})
    try:
        yield
    finally:
        model.generation_config = usual


def _fitting(opened: OpenedModel, text: str, most: int) -> str:
    """Return the text, or its beginning where it has too many tokens."""
    while len(opened.tokenizer(text, verbose=False)["input_ids"]) > most and len(text) > 1:
        text = text[: len(text) // 2]
    return text


def _spells_special_tokens(opened: OpenedModel, row: Mapping[str, Any]) -> bool:
    """Return whether a plain tokenizer takes part of a text for a special token; training reads it as text."""
    texts = [row["text"], row.get("reference", "")]
    return any(
        opened.tokenizer(text, verbose=False)["input_ids"]
        != opened.tokenizer(text, split_special_tokens=True, verbose=False)["input_ids"]
        for text in texts
    )
