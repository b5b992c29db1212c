"""What using a model costs on this machine: size, waiting for one text, texts a second, memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from datasets import Dataset

from toolkit.adapters import OpenedBody, OpenedModel
from toolkit.adapters.open import model_size
from toolkit.choose.peak import memory_taken
from toolkit.data.batches import by_length
from toolkit.data.encode import PaddingCollator
from toolkit.evaluation.device import inference_device, moved
from toolkit.evaluation.generate import write_texts
from toolkit.evaluation.predict import DEFAULT_BATCH_ROWS
from toolkit.names import Family

Answer: TypeAlias = Callable[[Sequence[str]], object]
"""What answers texts; it returns when the answers are there."""

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
    model: OpenedModel | OpenedBody | Answer,
    texts: Sequence[str],
    *,
    answer: Answer | None = None,
    batch_rows: int = DEFAULT_BATCH_ROWS,
    most_seconds: float = 4.0,
) -> Costs:
    """Measure a model that is ready for use; what was never asked before is asked once first.

    Args:
        model: one that was opened, or whatever answers texts, which has no parameters then.
        texts: as they come in use; some of all lengths are taken. Blank ones are left out.
        answer: how the model answers, where that is more than one pass over a text: `writing`.
        batch_rows: texts of a batch.
        most_seconds: after which no further text or batch is begun, for either of the two measurements; a slow model
            still answers three texts and a batch.

    Raises:
        ValueError: there is no text.
    """
    asked = [text for text in texts if text.strip()]
    if not asked:
        raise ValueError("there is no text to measure costs with")
    opened = model if isinstance(model, OpenedModel | OpenedBody) else None
    if opened is None:
        reply: Answer = answer or model  # type: ignore[assignment]
    else:
        reply = answer or reading(opened)
    batches = _batches(asked, batch_rows)
    longest = max(batches, key=lambda batch: sum(map(len, batch)))
    taken = memory_taken(lambda: reply(longest), device=inference_device())
    parameters, weights = (0, 0) if opened is None else _size(opened)
    folder = opened.folder if isinstance(opened, OpenedModel) else None
    p50, p95 = _latency(reply, _spread(asked, _MOST_ALONE), most_seconds)
    return Costs(
        parameters=parameters,
        disk_bytes=weights if folder is None else model_size(folder) or weights,
        latency_p50_seconds=p50,
        latency_p95_seconds=p95,
        texts_per_second=_throughput(reply, batches, most_seconds),
        peak_memory_bytes=None if taken is None else weights + taken,
    )


def reading(opened: OpenedModel | OpenedBody) -> Answer:
    """A model that answers with one pass over its texts: tokens, padding, forward, and the result on the CPU."""
    device = inference_device()
    model = opened.model.to(device)  # type: ignore[arg-type]
    tokenizer = opened.tokenizer
    collate = PaddingCollator(int(tokenizer.pad_token_id))

    def read(texts: Sequence[str]) -> torch.Tensor:
        encoded = tokenizer(list(texts), truncation=True, max_length=opened.max_length, return_attention_mask=False)
        names = [name for name in tokenizer.model_input_names if name in encoded]
        rows = [dict(zip(names, row, strict=True)) for row in zip(*(encoded[name] for name in names), strict=True)]
        with torch.inference_mode():
            output: torch.Tensor = model(**moved(collate(rows), device))[0]
        return output.cpu()

    return read


def writing(opened: OpenedModel) -> Answer:
    """A model that answers by writing a text for each, as its generation settings say."""
    column = "source" if opened.family is Family.ENCODER_DECODER else "text"

    def write(texts: Sequence[str]) -> object:
        return write_texts(opened, Dataset.from_dict({"id": list(range(len(texts))), column: list(texts)}))

    return write


def _size(opened: OpenedModel | OpenedBody) -> tuple[int, int]:
    """Parameters, and bytes of all weights."""
    parameters = list(opened.model.parameters())
    n_bytes = sum(tensor.numel() * tensor.element_size() for tensor in (*parameters, *opened.model.buffers()))
    return sum(tensor.numel() for tensor in parameters), n_bytes


def _spread(texts: Sequence[str], n_most: int) -> list[str]:
    """Some texts that stand for all in their lengths, in an order without rule."""
    ordered = sorted(texts, key=len)
    places = np.unique(np.linspace(0, len(ordered) - 1, min(n_most, len(ordered))).round().astype(int))
    return [ordered[place] for place in np.random.default_rng(0).permutation(places)]


def _batches(texts: Sequence[str], batch_rows: int) -> list[list[str]]:
    """Texts of like length together, the batches in an order without rule."""
    chosen = _spread(texts, batch_rows * _MOST_BATCHES)
    batches = by_length([len(text) for text in chosen], batch_rows)
    return [[chosen[row] for row in batches[place]] for place in np.random.default_rng(0).permutation(len(batches))]


def _latency(reply: Answer, texts: Sequence[str], most_seconds: float) -> tuple[float, float]:
    """How long one text takes: the 50th and the 95th percentile, in seconds."""
    reply(texts[:1])
    waited: list[float] = []
    for text in texts:
        if sum(waited) >= most_seconds and len(waited) >= _FEWEST_ALONE:
            break
        start = time.perf_counter()
        reply([text])
        waited.append(time.perf_counter() - start)
    p50, p95 = np.percentile(waited, [50, 95])
    return float(p50), float(p95)


def _throughput(reply: Answer, batches: Sequence[Sequence[str]], most_seconds: float) -> float:
    """Texts a second."""
    start, n_texts, seconds = time.perf_counter(), 0, 0.0
    for batch in batches:
        reply(batch)
        n_texts, seconds = n_texts + len(batch), time.perf_counter() - start
        if seconds >= most_seconds:
            break
    return n_texts / max(seconds, 1e-9)
