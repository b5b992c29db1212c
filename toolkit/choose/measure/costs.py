"""What using a model costs on this machine: size, waiting for one text, texts a second, memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters import OpenedBody, OpenedModel
from toolkit.adapters.open import model_size
from toolkit.choose.measure.peak import memory_taken
from toolkit.data.batches import by_length
from toolkit.data.encode import PaddingCollator
from toolkit.evaluation.inference.device import inference_device, moved

Answer: TypeAlias = Callable[[Dataset], object]
"""What answers rows; it returns when the answers are there."""

BATCH_ROWS = 16
_TEXTS = ("text", "text_pair", "source")
# As many as 95 % can be told from, and as many as are worth waiting for.
_MOST_ALONE, _FEWEST_ALONE = 60, 3
_MOST_BATCHES = 16


@dataclass(frozen=True)
class Costs:
    """What using a model costs.

    Attributes:
        parameters: of the model, each counted once.
        disk_bytes: of its weights.
        latency_p50_seconds, latency_p95_seconds: from one text to its answer; half, and 95 %, take no longer.
        texts_per_second: in batches of texts of like length.
        peak_memory_bytes: the weights, and what answering a batch of long texts takes beside them, at most. Python and
            its libraries come on top. None where it cannot be told.
    """

    parameters: int
    disk_bytes: int
    latency_p50_seconds: float
    latency_p95_seconds: float
    texts_per_second: float
    peak_memory_bytes: int | None

    def to_json(self) -> dict[str, Any]:
        """All of it by name."""
        return asdict(self)


def measure_costs(
    opened: OpenedModel | OpenedBody,
    rows: Dataset,
    *,
    answer: Answer | None = None,
    batch_rows: int = BATCH_ROWS,
    most_seconds: float = 4.0,
) -> Costs:
    """Measure a model that is ready for use; what was never asked before is asked once first.

    Args:
        opened: the model.
        rows: as they come in use, with ``text``, of pairs ``text_pair`` too, or ``source``; some of all lengths are
            taken. Blank ones are left out.
        answer: how the model answers, where that is more than one pass over a text.
        batch_rows: rows of a batch.
        most_seconds: after which no further row or batch is begun, for either of the two measurements; a slow model
            still answers three rows and a batch.

    Raises:
        ValueError: there is no text.
    """
    rows = rows.select_columns([name for name in ("id", *_TEXTS) if name in rows.column_names])
    lengths = _lengths(rows)
    if not lengths.any():
        raise ValueError("there is no text to measure costs with")
    reply = answer or reading(opened)
    batches = _batches(lengths, batch_rows)
    longest = rows.select(max(batches, key=lambda batch: int(lengths[batch].sum())))
    taken = memory_taken(lambda: reply(longest), device=inference_device())
    parameters, weights = _size(opened)
    folder = opened.folder if isinstance(opened, OpenedModel) else None
    p50, p95 = _latency(reply, [rows.select([place]) for place in _spread(lengths, _MOST_ALONE)], most_seconds)
    return Costs(
        parameters=parameters,
        disk_bytes=weights if folder is None else model_size(folder) or weights,
        latency_p50_seconds=p50,
        latency_p95_seconds=p95,
        texts_per_second=_throughput(reply, [rows.select(batch) for batch in batches], most_seconds),
        peak_memory_bytes=None if taken is None else weights + taken,
    )


def reading(opened: OpenedModel | OpenedBody) -> Answer:
    """A model that answers with one pass over its texts: tokens, padding, forward, and the result on the CPU."""
    device = inference_device()
    model = opened.model.to(device)  # type: ignore[arg-type]
    tokenizer = opened.tokenizer
    collate = PaddingCollator(int(tokenizer.pad_token_id))
    settings: dict[str, Any] = {
        "truncation": True,
        "max_length": opened.max_length,
        "return_attention_mask": False,
    }

    def read(rows: Dataset) -> torch.Tensor:
        columns = rows[:]
        encoded = tokenizer(columns["text"], columns.get("text_pair"), **settings)
        names = [name for name in tokenizer.model_input_names if name in encoded]
        inputs = [dict(zip(names, row, strict=True)) for row in zip(*(encoded[name] for name in names), strict=True)]
        with torch.inference_mode():
            output: torch.Tensor = model(**moved(collate(inputs), device))[0]
        return output.cpu()

    return read


def _size(opened: OpenedModel | OpenedBody) -> tuple[int, int]:
    """Parameters, and bytes of all weights."""
    parameters = list(opened.model.parameters())
    n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in (*parameters, *opened.model.buffers()))
    return sum(tensor.numel() for tensor in parameters), n_bytes


def _lengths(rows: Dataset) -> NDArray[np.int64]:
    """Characters of each row, white space at the ends left out, ``[rows]``."""
    texts = zip(*(rows[name] for name in _TEXTS if name in rows.column_names), strict=True)
    return np.array([sum(len(text.strip()) for text in of_row) for of_row in texts], dtype=np.int64)


def _spread(lengths: NDArray[np.int64], n_most: int) -> NDArray[np.int64]:
    """The places of some rows that stand for all in their lengths, in an order without rule; none is blank."""
    ordered = np.argsort(lengths, kind="stable")[np.count_nonzero(lengths == 0) :]
    places = np.unique(np.linspace(0, len(ordered) - 1, min(n_most, len(ordered))).round().astype(int))
    return np.random.default_rng(0).permutation(ordered[places])


def _batches(lengths: NDArray[np.int64], batch_rows: int) -> list[list[int]]:
    """The places of rows of like length together, the batches in an order without rule."""
    chosen = _spread(lengths, batch_rows * _MOST_BATCHES)
    batches = by_length(lengths[chosen].tolist(), batch_rows)
    return [chosen[batches[place]].tolist() for place in np.random.default_rng(0).permutation(len(batches))]


def _latency(reply: Answer, rows: Sequence[Dataset], most_seconds: float) -> tuple[float, float]:
    """How long one row takes: the 50th and the 95th percentile, in seconds."""
    reply(rows[0])
    waited: list[float] = []
    for row in rows:
        if sum(waited) >= most_seconds and len(waited) >= _FEWEST_ALONE:
            break
        start = time.perf_counter()
        reply(row)
        waited.append(time.perf_counter() - start)
    p50, p95 = np.percentile(waited, [50, 95])
    return float(p50), float(p95)


def _throughput(reply: Answer, batches: Sequence[Dataset], most_seconds: float) -> float:
    """Rows a second."""
    start, n_rows, seconds = time.perf_counter(), 0, 0.0
    for batch in batches:
        reply(batch)
        n_rows, seconds = n_rows + len(batch), time.perf_counter() - start
        if seconds >= most_seconds:
            break
    return n_rows / max(seconds, 1e-9)
