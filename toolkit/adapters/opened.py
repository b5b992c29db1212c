"""Opened models and bodies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.decision import USUAL, Decision
from toolkit.names import Family, Problem

_SEEN: ContextVar[list[str] | None] = ContextVar("_SEEN", default=None)


@contextmanager
def seeing_opened() -> Iterator[list[str]]:
    """Yield a list to which each model and body that is opened in the block adds its name."""
    seen: list[str] = []
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


class _Opened:
    name: str

    def __post_init__(self) -> None:
        seen = _SEEN.get()
        if seen is not None:
            seen.append(self.name)


@dataclass(frozen=True)
class OpenedModel(_Opened):
    """A model that is ready to train, to predict or to score.

    Attributes:
        name: as the user wrote it.
        family: encoder, decoder or encoder-decoder.
        model: float32, or quantized beneath an adapter, on the CPU, in evaluation mode.
        tokenizer: of the model; it truncates at `max_length`.
        labels: names of the classes in the order of the logits; none for tasks whose output is text.
        max_length: limit of a text in tokens.
        new_parameters: names of parameters without pretrained weights, which are initialised at random.
        revision: the hub's commit, for a hub model.
        problem: kind of the labels, for a classification head.
        folder: where the weights are from; None for a model with random weights.
        decision: what follows from its probabilities, for a classification head.
    """

    name: str
    family: Family
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    labels: tuple[str, ...]
    max_length: int
    new_parameters: tuple[str, ...]
    revision: str | None = None
    problem: Problem = Problem.SINGLE_LABEL
    folder: Path | None = None
    decision: Decision = USUAL


@dataclass(frozen=True)
class OpenedBody(_Opened):
    """A pretrained body without a head; of an encoder-decoder the encoder.

    Attributes:
        name: as the user wrote it.
        family: of the model that it is from; `toolkit.adapters.adapter_of` reads its states.
        model: ``model(input_ids, attention_mask)`` returns states; float32, on the CPU, in evaluation mode.
        tokenizer: of the model; it truncates at `max_length`.
        max_length: limit of a text in tokens.
        revision: the hub's commit, for a hub model.
    """

    name: str
    family: Family
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    revision: str | None = None
