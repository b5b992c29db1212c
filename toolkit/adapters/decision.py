"""How a classifier decides by its probabilities, where that is not the usual way; its ``config.json`` keeps it.

Plain transformers keeps the keys and ignores them, so they travel with every copy of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.adapters.json_files import read_object
from toolkit.adapters.settings_check import CONFIG
from toolkit.adapters.temperature import TEMPERATURE
from toolkit.errors import IntegrityError
from toolkit.files import write_json_atomically

ABSTAIN = "abstain_below"
"""The key for the probability below which the most probable class is no answer."""

THRESHOLDS = "label_thresholds"
"""The key for the probability from which each label is given, in the order of the logits."""

NEVER = 2.0
"""Above every probability: a model that abstains below it answers nothing."""


@dataclass(frozen=True)
class Decision:
    """What follows from the probabilities of a row.

    Attributes:
        abstain_below: of one class a text, the probability below which the most probable class is no answer.
        thresholds: of several labels, or of two classes, the probability from which each is given, ``[n_labels]``;
            those of two classes add up to 1. None are the usual ones: a half, or the most probable class.
    """

    abstain_below: float = 0.0
    thresholds: tuple[float, ...] = ()

    @property
    def abstains(self) -> bool:
        """Return whether there can be rows without an answer."""
        return self.abstain_below > 0

    def to_json(self) -> dict[str, Any]:
        """Return the keys of ``config.json``: those that say something."""
        said = {ABSTAIN: self.abstain_below if self.abstains else None, THRESHOLDS: list(self.thresholds) or None}
        return {key: value for key, value in said.items() if value is not None}


USUAL = Decision()
"""The most probable class, or every label with a probability of a half."""


def decision_of(config: Any, *, where: str) -> Decision:
    """Return how a model decides.

    Args:
        config: of the model, or any object with the two keys as attributes.
        where: the model, for messages.

    Raises:
        IntegrityError: the thresholds are no probabilities, or not as many as there are labels.
    """
    below, thresholds = getattr(config, ABSTAIN, None), getattr(config, THRESHOLDS, None)
    given = [] if thresholds is None else thresholds if isinstance(thresholds, list) else [None]
    numbers = [*given, *([] if below is None else [below])]
    if not all(isinstance(number, float | int) and not isinstance(number, bool) for number in numbers):
        raise IntegrityError(f"{ABSTAIN} and {THRESHOLDS} are no numbers", where=where)
    if not all(0 <= number <= NEVER for number in numbers):
        raise IntegrityError(f"{ABSTAIN} and {THRESHOLDS} are no probabilities", where=where)
    if given and len(given) != config.num_labels:
        raise IntegrityError(f"{len(given)} {THRESHOLDS} for {config.num_labels} labels", where=where)
    return Decision(float(below or 0.0), tuple(map(float, given)))


def keep_decision(folder: Path, config: Any, decision: Decision) -> None:
    """Write into a saved model's folder how it decides.

    Args:
        folder: of the model or the adapter, with its ``config.json``.
        config: of the open model, changed in place.
        decision: to keep.
    """
    for key, value in decision.to_json().items():
        setattr(config, key, value)
    write_json_atomically(folder / CONFIG, {**read_object(folder / CONFIG), **decision.to_json()})


def forget_decision(config: Any) -> None:
    """Take out of a configuration how a model decided that is about to learn something else, and its temperature."""
    for key in (ABSTAIN, THRESHOLDS, TEMPERATURE):
        if hasattr(config, key):
            delattr(config, key)
