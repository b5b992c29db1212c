"""The vectors of texts while they are gathered, from the disk and from the model."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]
Places: TypeAlias = NDArray[np.int64]

KEY_BYTES = 16


def text_keys(texts: Sequence[str], pairs: Sequence[str] | None = None) -> list[bytes]:
    """Return a key of 16 bytes for each text, or for each pair of texts."""
    firsts = [digest_of(text.encode("utf-8")) for text in texts]
    if pairs is None:
        return firsts
    return [
        digest_of(first + digest_of(pair.encode("utf-8")), kind=b"pair")
        for first, pair in zip(firsts, pairs, strict=True)
    ]


def digest_of(data: bytes, *, kind: bytes = b"") -> bytes:
    """Return 16 bytes of BLAKE2b; each kind has other digests for the same data."""
    return hashlib.blake2b(data, digest_size=KEY_BYTES, person=kind).digest()


class FeatureTable:
    """The known vectors of some texts.

    Args:
        keys: the keys of the texts, each once.
        layers: the layers of which vectors are needed.
    """

    def __init__(self, keys: Sequence[bytes], layers: Sequence[int]) -> None:
        self.keys = list(keys)
        self.layers = tuple(dict.fromkeys(layers))
        self.place = {key: place for place, key in enumerate(self.keys)}
        self.looked_at: set[str] = set()
        self._known = {layer: np.zeros(len(self.keys), dtype=bool) for layer in self.layers}
        self._vectors: dict[int, Vectors] = {}

    def put(self, layer: int, places: Places, vectors: Vectors) -> None:
        """Add the vectors ``[len(places), dim]`` of one layer."""
        if layer not in self._vectors:
            self._vectors[layer] = np.empty((len(self.keys), vectors.shape[1]), dtype=np.float32)
        self._vectors[layer][places] = vectors
        self._known[layer][places] = True

    def missing(self) -> Places:
        """Return the indices of texts that lack a vector, ascending."""
        return np.flatnonzero(~np.logical_and.reduce(list(self._known.values())))

    def joined(self, layers: Sequence[int], places: Places) -> Vectors:
        """Return the vectors of some texts, the layers end to end, ``[len(places), dim * layers]``."""
        return np.concatenate([self._vectors[layer][places] for layer in layers], axis=1)
