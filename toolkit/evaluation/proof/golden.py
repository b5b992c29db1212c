"""Answers of a saved model that are kept beside it, so that anyone can see whether a copy gives the same ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.adapters.family import reading_config
from toolkit.errors import IntegrityError
from toolkit.evaluation.inference.generate import references_of
from toolkit.evaluation.proof.golden_answers import MOST_WRITTEN, GoldenRow, answers, generation_settings
from toolkit.evaluation.proof.golden_rows import choose_rows, spread
from toolkit.names import Family, Task

GOLDEN_FILE = "golden.json"
SCHEMA = 1
MOST_ROWS = 24
TOLERANCE = 1e-4
TOLERANCE_OF_DEEP_MODELS = 1e-3
_DEEP = 12
_DIGITS = 16


def make_golden(
    opened: OpenedModel,
    rows: Dataset,
    *,
    task: Task,
    predictions: Any = None,
    most: int = MOST_ROWS,
) -> dict[str, Any]:
    """The content of ``golden.json``: what a saved model answers to a few test rows.

    Args:
        opened: the saved model as it was opened again.
        rows: the test rows, as `toolkit.data` prepares them for the task.
        task: what the model does.
        predictions: of all test rows, to find those that are hard to decide: whatever measuring them gave, or None.
        most: rows to keep.

    Returns:
        ``{"schema", "task", "problem", "family", "labels", "max_length", "generation", "tolerance", "rows"}``; see
        `toolkit.evaluation.proof.golden_answers.answers` for the rows. Each also has ``ids``, the digest of its token
        ids.
    """
    asked = golden_rows(opened, rows, task=task, predictions=predictions, most=most)
    said = answers(opened, asked, task=task)
    is_label = task is Task.TEXT_CLASSIFICATION
    writes = task in (Task.TRANSLATION, Task.TEXT_GENERATION)
    return {
        "schema": SCHEMA,
        "task": task.value,
        "problem": opened.problem.value if is_label else None,
        "family": opened.family.value,
        "labels": list(opened.labels),
        "max_length": opened.max_length,
        "generation": generation_settings(opened) if writes else None,
        "tolerance": tolerance_for(opened, said),
        "rows": [{**row, "ids": ids_digest(plain_ids(opened, row))} for row in said],
    }


def golden_rows(
    opened: OpenedModel,
    rows: Dataset,
    *,
    task: Task,
    predictions: Any = None,
    most: int = MOST_ROWS,
) -> list[dict[str, Any]]:
    """Test rows to ask a model about, without answers; the arguments are those of `make_golden`.

    Right texts that the model would cut are shortened here, and so is what a language model reads: not every reader
    cuts at the same place. A text for fill-mask gets its mask.
    """
    names = [name for name in ("source", "text", "text_pair") if name in rows.column_names]
    columns = [list(rows[name]) for name in names]
    is_label = task is Task.TEXT_CLASSIFICATION
    confidence = getattr(predictions, "confidence", None)
    chosen = choose_rows(
        ["\n".join(cells) if all(map(str.strip, cells)) else "" for cells in zip(*columns, strict=True)],
        labels=[str(label) for label in rows["reference"]] if is_label and "reference" in rows.column_names else None,
        confidence=None if confidence is None else list(confidence),
        most=most,
    )
    keys = ["text", "text_pair"][: len(names)]
    asked = [dict(zip(keys, (column[row] for column in columns), strict=True)) for row in chosen]
    if is_label:
        return [row for row in asked if plain_ids(opened, row)]
    if task is Task.FILL_MASK:
        return [{"text": _with_mask(opened, row["text"])} for row in asked]
    references = references_of(rows) if opened.family is Family.ENCODER_DECODER else None
    return _text_rows(opened, asked, references=None if references is None else [references[row] for row in chosen])


def _text_rows(
    opened: OpenedModel, asked: Sequence[dict[str, Any]], *, references: Sequence[str] | None
) -> list[dict[str, Any]]:
    """Rows that are scored; a few of them are written as well, those of a language model that leave room for it."""
    if references is None:
        rows = [{"text": _fitting(opened, row["text"], opened.max_length - 1)} for row in asked]
        short = [row for row in rows if len(plain_ids(opened, row)) <= opened.max_length // 2]
    else:
        rows = [
            {**row, "reference": _fitting(opened, reference, opened.max_length - 1)}
            for row, reference in zip(asked, references, strict=True)
        ]
        rows = [row for row in rows if row["reference"].strip()]
        short = rows
    rows = [row for row in rows if not _spells_special_tokens(opened, row)]
    for row in spread([row for row in short if row in rows], MOST_WRITTEN):
        row["prediction"] = ""
    return rows


def plain_ids(opened: OpenedModel, row: GoldenRow) -> list[int]:
    """The token ids of a row, as the plain tokenizer gives them."""
    text = (row["text"], row["text_pair"]) if "text_pair" in row else (row["text"],)
    ids: list[int] = opened.tokenizer(*text, truncation=True, max_length=opened.max_length)["input_ids"]
    return ids


def ids_digest(ids: Sequence[int]) -> str:
    """A short digest of token ids, the same everywhere."""
    return sha256(",".join(map(str, ids)).encode("ascii")).hexdigest()[:_DIGITS]


def tolerance_for(opened: OpenedModel, said: Sequence[GoldenRow]) -> float:
    """The largest gap between two copies of a model, on whatever machine, that is no fault.

    DESIGN.md 4.5 allows logits a difference of 1e-5 of the largest magnitude, and models of more than 12 layers ten
    times as much; at logits of 20 a probability moves by half of that.

    Args:
        opened: the model.
        said: its answers; numbers that are larger than 1 may differ in proportion.
    """
    layers = getattr(reading_config(opened.model.config), "num_hidden_layers", 0) or 0
    usual = TOLERANCE if layers <= _DEEP else TOLERANCE_OF_DEEP_MODELS
    return usual * max([1.0, *(abs(float(row["value"])) for row in said if "value" in row)])


def read_golden(path: Path) -> dict[str, Any] | None:
    """The content of a ``golden.json``; None: there is none.

    Raises:
        IntegrityError: if it is damaged, or of another version.
    """
    if not path.is_file():
        return None
    try:
        golden: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise IntegrityError(
            "this file is damaged; fine-tune again, or take it from a backup", where=str(path)
        ) from error
    return check_golden(golden, where=str(path))


def check_golden(golden: Any, *, where: str) -> dict[str, Any]:
    """The content of a ``golden.json`` if it is what `make_golden` writes.

    Raises:
        IntegrityError: if it is not.
    """
    try:
        version, kept = golden["schema"], [row for row in golden["rows"] if _is_row(row)]
        whole = len(kept) == len(golden["rows"]) and golden["tolerance"] > 0 and golden["max_length"] > 0
        whole = whole and golden["family"] in set(Family) and all(isinstance(name, str) for name in golden["labels"])
        Task(golden["task"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(f"this is no {GOLDEN_FILE} of the toolkit", where=where) from error
    if version != SCHEMA or not whole:
        raise IntegrityError(f"this is no {GOLDEN_FILE} of this version of the toolkit", where=where)
    return dict(golden)


def _is_row(row: Any) -> bool:
    numbers = [*row.get("probabilities", []), *(row[name] for name in ("value", "log_likelihood") if name in row)]
    is_text = all(isinstance(row.get(name, ""), str) for name in ("text", "text_pair", "reference", "ids"))
    whole = {"text", "ids"} <= row.keys() and isinstance(row.get("tokens", 1), int)
    return whole and is_text and bool(numbers) and all(isinstance(number, float | int) for number in numbers)


def _fitting(opened: OpenedModel, text: str, most: int) -> str:
    """The text, or its beginning where it has too many tokens."""
    while len(opened.tokenizer(text, verbose=False)["input_ids"]) > most and len(text) > 1:
        text = text[: len(text) // 2]
    return text


def _with_mask(opened: OpenedModel, text: str) -> str:
    """The text with a word hidden, near its middle, or as far before it as the model reads."""
    words, mask = text.split(), str(opened.tokenizer.mask_token)
    place = len(words) // 2
    while True:
        masked = " ".join([*words[:place], mask, *words[place + 1 :]])
        if place == 0 or opened.tokenizer.mask_token_id in plain_ids(opened, {"text": masked}):
            return masked
        place //= 2


def _spells_special_tokens(opened: OpenedModel, row: Mapping[str, Any]) -> bool:
    """Whether a plain tokenizer takes part of a text for a special token; training reads it as text."""
    texts = [row["text"], row.get("reference", "")]
    return any(
        opened.tokenizer(text, verbose=False)["input_ids"]
        != opened.tokenizer(text, split_special_tokens=True, verbose=False)["input_ids"]
        for text in texts
    )
