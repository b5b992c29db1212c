"""What opening a model gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.names import Family, Problem


@dataclass(frozen=True)
class OpenedModel:
    """A model that is ready to train, to predict or to score.

    Attributes:
        name: as the user wrote it.
        family: how it is built.
        model: float32, on the CPU, in evaluation mode.
        tokenizer: the model's own; it cuts at `max_length`.
        labels: names of the classes in the order of the logits; none for tasks whose output is text.
        max_length: tokens a text may have.
        new_parameters: names of parameters that had no weights and start at random.
        revision: the hub's commit, for a hub model.
        problem: what the labels of a text are, for a classification head.
        folder: where the weights are from; None for a model from a random start.
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


@dataclass(frozen=True)
class OpenedBody:
    """A pretrained body without head: what reads the text, of an encoder-decoder the encoder.

    Attributes:
        name: as the user wrote it.
        family: how the model is built that it is from; `toolkit.adapters.adapter_of` reads its states.
        model: ``model(input_ids, attention_mask)`` gives states; float32, on the CPU, in evaluation mode.
        tokenizer: the model's own; it cuts at `max_length`.
        max_length: tokens a text may have.
        revision: the hub's commit, for a hub model.
    """

    name: str
    family: Family
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    revision: str | None = None
