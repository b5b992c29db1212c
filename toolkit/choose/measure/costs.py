"""Measure the costs of a model in use on this machine: size, latency, throughput, memory."""

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
from toolkit.adapters.inference import inference
from toolkit.adapters.open import model_size
from toolkit.choose.measure.peak import memory_taken
from toolkit.data.batches import by_length
from toolkit.data.encode import PaddingCollator
from toolkit.evaluation.inference.device import inference_device, moved

Answer: TypeAlias = Callable[[Dataset], object]
"""Answers some examples; returns when the answers are computed."""

BATCH_ROWS = 16
_TEXTS = ("text", "text_pair", "source", "messages", "inputs")
# Single texts: enough for the 95th percentile, and the fewest that say anything.
_MOST_ALONE, _FEWEST_ALONE = 60, 3
_MOST_BATCHES = 16


@dataclass(frozen=True)
class Costs:
    """The costs of a model in use.

    Attributes:
        parameters: of the model, each counted once.
        disk_bytes: of its weights.
        latency_p50_seconds, latency_p95_seconds: from one text to its answer; the 50th and the 95th percentile.
        latency_low_seconds, latency_high_seconds: the 95 % interval of the 50th percentile.
        texts_per_second: in batches of texts of similar length.
        peak_memory_bytes: of the weights and of answering the batch of the longest texts, without Python and its
            libraries; None where it cannot be measured.
    """

    parameters: int
    disk_bytes: int
    latency_p50_seconds: float
    latency_p95_seconds: float
    latency_low_seconds: float
    latency_high_seconds: float
    texts_per_second: float
    peak_memory_bytes: int | None

    def to_json(self) -> dict[str, Any]:
        """Return all figures by name."""
        return asdict(self)


def measure_costs(
    opened: OpenedModel | OpenedBody,
    rows: Dataset,
    *,
    answer: Answer | None = None,
    batch_rows: int = BATCH_ROWS,
    most_seconds: float = 4.0,
) -> Costs:
    """Measure a model, after one batch to warm up.

    Args:
        opened: the model.
        rows: examples as they come in use: ``text``, perhaps ``text_pair``, or ``source``. A sample of all lengths is
            used, without blank texts.
        answer: lets the model answer; None: one forward pass.
        batch_rows: examples of a batch.
        most_seconds: limit for each of latency and throughput, after which no further example or batch begins; a slow
            model still answers three examples and one batch.

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
    p50, p95, low, high = _latency(
        reply, [rows.select([index]) for index in _spread(lengths, _MOST_ALONE)], most_seconds
    )
    return Costs(
        parameters=parameters,
        disk_bytes=weights if folder is None else model_size(folder) or weights,
        latency_p50_seconds=p50,
        latency_p95_seconds=p95,
        latency_low_seconds=low,
        latency_high_seconds=high,
        texts_per_second=_throughput(reply, [rows.select(batch) for batch in batches], most_seconds),
        peak_memory_bytes=None if taken is None else weights + taken,
    )


def reading(opened: OpenedModel | OpenedBody) -> Answer:
    """Return a function that tokenizes, pads, runs one forward pass and copies its output to the CPU."""
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
        with inference():
            output: torch.Tensor = model(**moved(collate(inputs), device))[0]
        return output.cpu()

    return read


def _size(opened: OpenedModel | OpenedBody) -> tuple[int, int]:
    """Return the number of parameters and the bytes of all weights."""
    parameters = list(opened.model.parameters())
    n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in (*parameters, *opened.model.buffers()))
    return sum(tensor.numel() for tensor in parameters), n_bytes


def _lengths(rows: Dataset) -> NDArray[np.int64]:
    """Return the characters of each example without white space at the ends, ``[examples]``."""
    texts = zip(*(rows[name] for name in _TEXTS if name in rows.column_names), strict=True)
    return np.array([sum(len(text.strip()) for text in of_row) for of_row in texts], dtype=np.int64)


def _spread(lengths: NDArray[np.int64], n_most: int) -> NDArray[np.int64]:
    """Return the indices of a sample over all lengths, in random order, without blank texts."""
    ordered = np.argsort(lengths, kind="stable")[np.count_nonzero(lengths == 0) :]
    indices = np.unique(np.linspace(0, len(ordered) - 1, min(n_most, len(ordered))).round().astype(int))
    return np.random.default_rng(0).permutation(ordered[indices])


def _batches(lengths: NDArray[np.int64], batch_rows: int) -> list[list[int]]:
    """Return the indices of batches of similar length, in random order."""
    chosen = _spread(lengths, batch_rows * _MOST_BATCHES)
    batches = by_length(lengths[chosen].tolist(), batch_rows)
    return [chosen[batches[index]].tolist() for index in np.random.default_rng(0).permutation(len(batches))]


def _latency(reply: Answer, rows: Sequence[Dataset], most_seconds: float) -> tuple[float, float, float, float]:
    """Measure the seconds of one example: the 50th and the 95th percentile, and the 95 % interval of the 50th.

    The interval is between order statistics (Conover 1999, Practical Nonparametric Statistics, section 3.2).
    """
    reply(rows[0])
    waited: list[float] = []
    for row in rows:
        if sum(waited) >= most_seconds and len(waited) >= _FEWEST_ALONE:
            break
        start = time.perf_counter()
        reply(row)
        waited.append(time.perf_counter() - start)
    p50, p95 = np.percentile(waited, [50, 95])
    ordered, reach = np.sort(waited), 0.98 * np.sqrt(len(waited))
    ends = np.clip([len(waited) / 2 - reach, len(waited) / 2 + reach], 0, len(waited) - 1)
    low, high = ordered[int(ends[0])], ordered[int(np.ceil(ends[1]))]
    return float(p50), float(p95), float(low), float(high)


def _throughput(reply: Answer, batches: Sequence[Dataset], most_seconds: float) -> float:
    """Measure the examples a second."""
    start, n_rows, seconds = time.perf_counter(), 0, 0.0
    for batch in batches:
        reply(batch)
        n_rows, seconds = n_rows + len(batch), time.perf_counter() - start
        if seconds >= most_seconds:
            break
    return n_rows / max(seconds, 1e-9)
