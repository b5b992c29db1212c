"""Features: the pooled states of a frozen body, one vector a text; equal texts are computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from datasets import Dataset
from numpy.typing import NDArray

from toolkit.adapters.family import adapter_of
from toolkit.adapters.inference import inference
from toolkit.adapters.locate import HUB_FILES
from toolkit.adapters.opened import OpenedBody
from toolkit.cache import file_digest
from toolkit.data.cut_texts import is_counting
from toolkit.data.encode import PaddingCollator, encode, rows_at
from toolkit.data.feature_cache import FeatureCache, complete
from toolkit.data.feature_table import FeatureTable, Places, Vectors, text_keys
from toolkit.errors import IntegrityError
from toolkit.exported import pool
from toolkit.progress import Bar, progress_bar

MEAN = "mean"

_CPU = torch.device("cpu")
# Padded tokens of a batch: on a CPU as many as fit a core's cache, on a GPU enough to keep it busy.
_CPU_TOKENS, _GPU_TOKENS = 2_048, 32_768
# The limits of a unit of work, in rows and padded tokens; an interruption loses at most one unit.
_UNIT_ROWS, _UNIT_TOKENS = 2_048, 131_072


def feature_cache(body: OpenedBody, folder: Path, *, pooling: str = MEAN, bf16: bool = False) -> FeatureCache:
    """Return the cache for the features of a body.

    Args:
        body: opened from `folder`; its `max_length` is part of the key.
        folder: of the model; its weights, configuration and tokenizer are part of the key.
        pooling, bf16: as for `pooled_features`.
    """
    dtype = "bfloat16" if bf16 else "float32"
    return FeatureCache(model_digest(folder), {"pooling": pooling, "max_length": body.max_length, "dtype": dtype})


def model_digest(folder: Path) -> str:
    """Compute one SHA-256 of all files of a model that affect its outputs, in 64 hex digits."""
    files = sorted({file for pattern in HUB_FILES for file in folder.glob(pattern)})
    lines = "".join(f"{file.name} {file_digest(file)}\n" for file in files)
    return hashlib.sha256(lines.encode("utf-8")).hexdigest()


def pooled_features(
    body: OpenedBody,
    rows: Dataset,
    *,
    pooling: str = MEAN,
    layers: Sequence[int] = (-1,),
    cache: FeatureCache | None = None,
    device: torch.device = _CPU,
    bf16: bool = False,
) -> Vectors:
    """Compute one vector for each row, in the order of the rows.

    Batches hold texts of similar length, all layers are pooled in one pass, and equal texts are computed once.

    Args:
        body: frozen; stays on `device`.
        rows: ``text``, optionally ``text_pair``, which is encoded together with it.
        pooling: ``mean``, ``cls``, ``last`` or ``max`` over a text's real tokens, see `toolkit.exported.pool`.
        layers: 0 is the embeddings, -1 the last layer.
        cache: from `feature_cache`, with the same settings; None: nothing is read or kept.
        device: where the body computes.
        bf16: True to compute in bfloat16, which takes about half the time and gives other values.

    Returns:
        ``[rows, dim * layers]``, the layers concatenated, float32.

    Raises:
        RecipeError: if the body lacks one of the layers.
        IntegrityError: if it returns values that are not finite.
    """
    adapter_of(body.family).check_layers(body.model, layers, model=body.name)
    pairs = list(rows["text_pair"]) if "text_pair" in rows.column_names else None
    keys = text_keys(list(rows["text"]), pairs)
    first: dict[bytes, int] = {}
    for row, key in enumerate(keys):
        first.setdefault(key, row)
    table = FeatureTable(list(first), layers)
    if cache is not None:
        cache.fill(table)
    missing = table.missing()
    rows_of = np.fromiter(first.values(), dtype=np.int64)
    known = np.setdiff1d(np.arange(len(first)), missing)
    if len(known) and is_counting():  # the cache does not know how long its texts are
        encode(_take(rows, rows_of[known]), body.tokenizer, max_length=body.max_length)
    if len(missing):
        texts = _take(rows, rows_of[missing])
        reader = _Reader(body, texts, places=missing, pooling=pooling, layers=table.layers, device=device, bf16=bf16)
        with progress_bar(
            "features",
            len(missing),
        ) as bar:
            complete(table, reader.units(), lambda places: reader.read(places, bar), cache=cache, skipped=bar.advance)
    return table.joined(layers, np.array([table.place[key] for key in keys], dtype=np.int64))


def _take(rows: Dataset, indices: NDArray[np.int64]) -> Dataset:
    """Select the texts of some rows, without their labels, as a table of their own."""
    names = [name for name in ("text", "text_pair") if name in rows.column_names]
    chosen = rows.select_columns(names).select(indices)
    return Dataset(pa.table({name: pa.array(list(chosen[name]), pa.string()) for name in names}))


class _Reader:
    """A reader that computes the features of the texts at some places of a table.

    Args:
        body: frozen.
        texts: ``text``, optionally ``text_pair``; one a place.
        places: indices of the texts in the table.
        pooling, layers, device, bf16: as for `pooled_features`.
    """

    def __init__(
        self,
        body: OpenedBody,
        texts: Dataset,
        *,
        places: Places,
        pooling: str,
        layers: Sequence[int],
        device: torch.device,
        bf16: bool,
    ) -> None:
        encoded = encode(texts, body.tokenizer, max_length=body.max_length)
        self._lengths = np.asarray(encoded["length"], dtype=np.int64)
        self._tokens = encoded.remove_columns("length")
        self._collate = PaddingCollator(int(body.tokenizer.pad_token_id))
        self._adapter = adapter_of(body.family)
        self._model = body.model.to(device)  # type: ignore[arg-type]
        self._name = body.name
        self._row = {int(place): row for row, place in enumerate(places)}
        self._places = places
        self._pooling, self._layers, self._device, self._bf16 = pooling, list(layers), device, bf16

    def units(self) -> list[Places]:
        """Divide the places by length, the longest texts first, so that a lack of memory shows at once."""
        cuts = self._portions(np.arange(len(self._places)), most_rows=_UNIT_ROWS, most_tokens=_UNIT_TOKENS)
        return [self._places[rows] for rows in cuts]

    def read(self, places: Places, bar: Bar) -> dict[int, Vectors]:
        """Compute the vectors of some places, ``[len(places), dim]`` by layer."""
        rows = np.array([self._row[int(place)] for place in places])
        n_tokens = _CPU_TOKENS if self._device.type == "cpu" else _GPU_TOKENS
        order: list[NDArray[np.int64]] = []
        batches: list[list[Vectors]] = []
        with inference(), torch.autocast(self._device.type, torch.bfloat16, enabled=self._bf16):
            for batch in self._portions(rows, most_rows=n_tokens, most_tokens=n_tokens):
                batches.append(self._vectors(batch))
                order.append(batch)
                bar.advance(len(batch))
        # From the order of the batches back to that of the places, which are in the order of the rows.
        back = np.argsort(np.concatenate(order))
        return {
            layer: np.concatenate(vectors)[back]
            for layer, vectors in zip(self._layers, zip(*batches, strict=True), strict=True)
        }

    def _portions(self, rows: NDArray[np.int64], *, most_rows: int, most_tokens: int) -> list[NDArray[np.int64]]:
        """Divide rows by length, the longest first; only a single row may exceed the limits with its padding."""
        order = rows[np.argsort(-self._lengths[rows], kind="stable")]
        portions = []
        while len(order):
            size = min(most_rows, max(1, most_tokens // max(1, int(self._lengths[order[0]]))))
            portions.append(order[:size])
            order = order[size:]
        return portions

    def _vectors(self, rows: NDArray[np.int64]) -> list[Vectors]:
        batch = self._collate(rows_at(self._tokens, rows.tolist()))
        inputs: Mapping[str, torch.Tensor] = {name: values.to(self._device) for name, values in batch.items()}
        states = self._adapter.states(self._model, inputs, self._layers)
        pooled = [pool(state, inputs["attention_mask"], how=self._pooling).float() for state in states]
        if not all(bool(torch.isfinite(vectors).all()) for vectors in pooled):
            raise IntegrityError("the model gives numbers that are not finite", where=f"model {self._name}")
        return [vectors.cpu().numpy() for vectors in pooled]
