"""The likelihoods of texts, from which perplexity and bits per character are computed."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Likelihoods:
    """A model's likelihoods of given texts, summed over the tokens of each text.

    Attributes:
        negative_log_likelihood: of all predicted tokens, the end of the text included, in nats. ``[rows]``
        tokens: number of predicted tokens; for fill-mask only the masked ones. ``[rows]``
        characters: of the text, see `count_characters`. ``[rows]``
        correct: number of tokens whose target had the highest probability; None if that was not counted. ``[rows]``

    Raises:
        ValueError: if the lengths differ, or a number is not finite.
    """

    negative_log_likelihood: NDArray[np.floating[Any]]
    tokens: NDArray[np.integer[Any]]
    characters: NDArray[np.integer[Any]]
    correct: NDArray[np.integer[Any]] | None = None

    def __post_init__(self) -> None:
        for name, column in vars(self).items():
            if column is not None and column.shape != (len(self),):
                raise ValueError(f"{name} has the shape {column.shape}; expected {(len(self),)}")
            if column is not None and not np.isfinite(column).all():
                raise ValueError(f"{name} holds numbers that are not finite")

    def __len__(self) -> int:
        return len(self.negative_log_likelihood)


def count_characters(texts: Sequence[str]) -> NDArray[np.int64]:
    """Count the code points of each text in Unicode's form NFC, in which a Korean syllable is one, ``[rows]``.

    The end of the text is not counted, although its likelihood is: that is the usual definition of bits per character.
    """
    return np.array([len(unicodedata.normalize("NFC", text)) for text in texts], dtype=np.int64)
