"""The catalogue of well-known models of the hub with their properties, from ``catalogue.yaml``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import yaml

from toolkit.choose.advice.rules import task_rules
from toolkit.names import Family, Task

BYTES_TO_READ = 4
"""Memory of a parameter for inference: float32."""

BYTES_TO_TRAIN = 16
"""Memory of a parameter that AdamW trains in float32, without activations: itself, its gradient and two running means.

Rajbhandari et al. 2020, https://arxiv.org/abs/1910.02054, section 3.1.
"""

MANY_LANGUAGES = "multi"


@dataclass(frozen=True)
class Catalogued:
    """The properties of a model, known without its files.

    Attributes:
        name: the hub id.
        family: of the model.
        parameters: of the body, and of the language head where it has weights of its own.
        disk_bytes: of the published weights.
        languages: ISO 639-1, or ``multi`` for about a hundred.
        licence: the hub's id, or ``unknown``.
        tasks: those that its pretraining or its head is for, by the Hub's pipeline tags.
        max_length: tokens that a text may have.
        checked: date of the last review of the catalogue.
        source: the paper of the model.
    """

    name: str
    family: Family
    parameters: int
    disk_bytes: int
    languages: tuple[str, ...]
    licence: str
    tasks: tuple[str, ...]
    max_length: int
    checked: date
    source: str

    def speaks(self, languages: Iterable[str]) -> bool:
        """Return whether it was pretrained on all of some languages."""
        return MANY_LANGUAGES in self.languages or set(languages) <= set(self.languages)


@cache
def catalogue() -> tuple[Catalogued, ...]:
    """Return every model of the catalogue, by family, the smallest first."""
    content = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return tuple(
        Catalogued(
            name=name,
            family=Family(entry["family"]),
            parameters=entry["parameters"],
            disk_bytes=entry["parameters"] * entry["bytes_each"],
            languages=tuple(entry["languages"]),
            licence=entry["licence"],
            tasks=tuple(entry["tasks"]),
            max_length=entry["max_length"],
            checked=content["checked"],
            source=entry["source"],
        )
        for name, entry in content["models"].items()
    )


def suggest(task: Task | str, languages: Iterable[str] = ("en",), memory: int | None = None) -> tuple[Catalogued, ...]:
    """Return models for a task: first the family to try first, and in each family the smallest first.

    Args:
        task: any task.
        languages: all of them have to be languages of the model.
        memory: limit in bytes for the weights in inference; None: no limit.
    """
    rule = task_rules().get(str(task))
    order = rule.families if rule is not None else ()
    wanted = tuple(languages)
    fitting = [
        model
        for model in catalogue()
        if str(task) in model.tasks
        and model.family in order
        and model.speaks(wanted)
        and (memory is None or model.parameters * BYTES_TO_READ <= memory)
    ]
    return tuple(sorted(fitting, key=lambda model: (order.index(model.family), model.parameters)))
