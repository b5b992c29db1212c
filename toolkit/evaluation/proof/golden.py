"""Answers of a saved model that are kept beside it, so that anyone can see whether a copy gives the same ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias

from datasets import Dataset

from toolkit.adapters import OpenedModel
from toolkit.adapters.family import reading_config
from toolkit.errors import IntegrityError
from toolkit.files import read_json
from toolkit.names import Family, Task, TaskSpec

GOLDEN_FILE = "golden.json"
SCHEMA = 1
MOST_ROWS = 24
TOLERANCE = 1e-4
TOLERANCE_OF_DEEP_MODELS = 1e-3
_DEEP = 12
_DIGITS = 16

GoldenRow: TypeAlias = Mapping[str, Any]
"""``text``, perhaps ``text_pair`` or ``reference`` (the right text), and what was answered."""


class GoldenTask(Protocol):
    """A task as far as golden rows need it; a room of `toolkit.tasks` is one."""

    spec: ClassVar[TaskSpec]

    def golden_rows(
        self, opened: OpenedModel, rows: Dataset, *, answers: Any = None, most: int
    ) -> list[dict[str, Any]]:
        """Choose test rows."""

    def golden_answers(self, opened: OpenedModel, rows: Sequence[GoldenRow]) -> list[dict[str, Any]]:
        """Answer them."""

    def golden_facts(self, opened: OpenedModel) -> dict[str, Any]:
        """Return what the file says beside the rows."""


def make_golden(
    task: GoldenTask, opened: OpenedModel, rows: Dataset, *, answers: Any = None, most: int = MOST_ROWS
) -> dict[str, Any]:
    """Return the content of ``golden.json``: what a saved model answers to a few test rows.

    Args:
        task: what the model does.
        opened: the saved model as it was opened again.
        rows: the test rows, as they are prepared for the task.
        answers: to all test rows, to find those that are hard to decide; None where they are not known.
        most: rows to keep.

    Returns:
        ``{"schema", "task", "problem", "family", "labels", "max_length", "generation", "tolerance", "rows"}``. Each
        row has what the task answers, and ``ids``, the digest of its token ids.
    """
    asked = task.golden_rows(opened, rows, answers=answers, most=most)
    said = answers_to(task, opened, asked)
    facts = task.golden_facts(opened)
    return {
        "schema": SCHEMA,
        "task": task.spec.task.value,
        "problem": facts["problem"],
        "family": opened.family.value,
        "labels": list(opened.labels),
        "max_length": opened.max_length,
        "generation": facts["generation"],
        "tolerance": tolerance_for(opened, said),
        "rows": [{**row, "ids": ids_digest(plain_ids(opened, row))} for row in said],
    }


def answers_to(task: GoldenTask, opened: OpenedModel, rows: Sequence[GoldenRow]) -> list[dict[str, Any]]:
    """Return golden rows with a model's answers; none of none.

    They come from what makes the reported numbers, so that replaying them with the plain library proves both at once.
    """
    return task.golden_answers(opened, rows) if rows else []


def plain_ids(opened: OpenedModel, row: GoldenRow) -> list[int]:
    """Return the token ids of a row, as the plain tokenizer gives them; of a decoder that answers those of a chat."""
    if opened.family is Family.DECODER and "reference" in row:
        question = [{"role": "user", "content": row["text"]}]
        template: Any = opened.tokenizer.apply_chat_template
        return list(template(question, add_generation_prompt=True, return_dict=False))
    text = (row["text"], row["text_pair"]) if "text_pair" in row else (row["text"],)
    ids: list[int] = opened.tokenizer(*text, truncation=True, max_length=opened.max_length)["input_ids"]
    return ids


def ids_digest(ids: Sequence[int]) -> str:
    """Return a short digest of token ids, the same on every machine."""
    return sha256(",".join(map(str, ids)).encode("ascii")).hexdigest()[:_DIGITS]


def tolerance_for(opened: OpenedModel, said: Sequence[GoldenRow]) -> float:
    """Return the largest gap between two copies of a model that is tolerated, on any machine.

    Logits may differ by 1e-5 of the largest magnitude, those of models of more than 12 layers by ten times as much
    (docs/design.md, section 4.5). At logits of 20 a probability moves by half of that.

    Args:
        opened: the model.
        said: its answers; numbers that are larger than 1 may differ in proportion.
    """
    layers = getattr(reading_config(opened.model.config), "num_hidden_layers", 0) or 0
    usual = TOLERANCE if layers <= _DEEP else TOLERANCE_OF_DEEP_MODELS
    return usual * max([1.0, *(abs(float(row["value"])) for row in said if "value" in row)])


def read_golden(path: Path) -> dict[str, Any] | None:
    """Read a ``golden.json``; return None where there is none.

    Raises:
        IntegrityError: if it is damaged, or of another version.
    """
    if not path.is_file():
        return None
    try:
        golden: Any = read_json(path)
    except (OSError, ValueError) as error:
        raise IntegrityError(
            "this file is damaged; fine-tune again, or take it from a backup", where=str(path)
        ) from error
    return check_golden(golden, where=str(path))


def check_golden(golden: Any, *, where: str) -> dict[str, Any]:
    """Check that content is what `make_golden` writes, and return it.

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
