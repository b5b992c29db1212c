"""Each combination of task, family, method and kind of rows that `toolkit.names.SPECS` lists, as a recipe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tiny_models import ARCHITECTURES
from transformers import PreTrainedConfig

from toolkit.adapters import Head
from toolkit.errors import RecipeError
from toolkit.names import LORA, SPECS, Family, Method, Problem, Task, TaskSpec
from toolkit.recipe import Recipe, build_recipe
from toolkit.tasks import room_of

_TURNS = {Method.FULL: 0, Method.PEFT: 1, Method.FEATURES: 4, Method.ZERO_SHOT: 5, Method.SCRATCH: 6}
"""Where architectures begin to take turns, so that none meets a method that its head in the library cannot do."""

TRAINED = frozenset({Method.FULL, Method.SCRATCH, Method.PEFT})
STEPS = 2


@dataclass(frozen=True)
class Kind:
    """The columns that rows have, and what their labels are."""

    columns: tuple[str, ...]
    problem: Problem | None = None


OPTIONAL_COLUMNS: Mapping[Task, tuple[Kind, ...]] = {
    Task.TEXT_CLASSIFICATION: (
        Kind(("text", "label"), Problem.SINGLE_LABEL),
        Kind(("text", "text_pair", "label"), Problem.SINGLE_LABEL),
        Kind(("text", "labels"), Problem.MULTI_LABEL),
        Kind(("text", "text_pair", "label"), Problem.REGRESSION),
    )
}
"""The kinds of rows of tasks whose rows can do without some of the columns that their spec lists."""

QUESTIONS = Kind(("context", "question", "target"))
"""Rows whose columns a prompt puts together."""

PROMPT = "the film : {context}\n{question} ?"


def kinds_of(spec: TaskSpec) -> tuple[Kind, ...]:
    """Return all kinds of rows of a task."""
    usual = tuple(Kind(columns, problem) for columns in spec.columns for problem in spec.problems or (None,))
    several = (QUESTIONS,) if spec.task is Task.TEXT_GENERATION else ()
    return OPTIONAL_COLUMNS.get(spec.task, (*usual, *several))


@dataclass(frozen=True)
class Combination:
    """What a model is made for, of what, and how."""

    task: Task
    family: Family
    method: Method
    kind: Kind
    quantization: str | None = None

    @property
    def method_name(self) -> str:
        """Return the method as recipes write it: LoRA stands for all of peft."""
        return LORA if self.method is Method.PEFT else self.method.value

    def __str__(self) -> str:
        """Return a test's name for it."""
        problem = (self.kind.problem,) if self.kind.problem else ()
        bits = (self.quantization,) if self.quantization else ()
        return "-".join((self.task, self.family, self.method, *bits, *problem, *self.kind.columns))

    @property
    def architecture(self) -> str:
        """Return the pretrained architecture; they take turns over methods and kinds of rows."""
        names = architectures(self.task, self.family)
        turn = _TURNS[self.method] + kinds_of(SPECS[self.task]).index(self.kind)
        return names[turn % len(names)]

    def tree(self, data: Mapping[str, str]) -> dict[str, Any]:
        """Return the recipe as plain values.

        Args:
            data: the source of each split.
        """
        chats = "messages" in self.kind.columns  # which have their answers in them
        columns = {name: name for name in self.kind.columns if not (chats and name == "target")}
        tree: dict[str, Any] = {
            "task": self.task.value,
            "method": self.method_name,
            "model": {"name": f"tiny/{self.architecture}"},
            "data": {**data, "columns": columns, "max_length": 32},
            "hub": {"license": "apache-2.0", "language": ["en", "ko"]},
        }
        if self.kind == QUESTIONS:
            tree["data"]["prompt"] = PROMPT
        if self.quantization is not None:
            tree["model"]["quantization"] = self.quantization
        if self.method is Method.SCRATCH:
            sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 24}
            layers = {"encoder_layers": 1, "decoder_layers": 1}
            tree["model"] = {"config": {**sizes, **layers, "architecture": self.family.value}}
            tree["tokenizer"] = {"vocab_size": 320}
        if self.kind.problem is not None:
            tree["model"]["problem_type"] = self.kind.problem.value
        if self.method in TRAINED:
            tree["training"] = {"max_steps": STEPS, "per_device_train_batch_size": 8, "bf16": False}
        return tree

    def recipe(self, data: Mapping[str, str]) -> Recipe:
        """Return the checked recipe."""
        return build_recipe(self.tree(data))


@dataclass(frozen=True)
class CombinedRun:
    """A finished run of a combination."""

    combination: Combination
    folder: Path
    data: dict[str, str]

    @property
    def repo_id(self) -> str:
        """Return a repository for it."""
        return f"alice/{self.folder.name}"


@cache
def architectures(task: Task, family: Family) -> tuple[str, ...]:
    """Return the architectures with the task's head; all of the family where the toolkit brings a head, or refuses."""
    head = room_of(task).head
    named = {name: config for name, (of, config) in ARCHITECTURES.items() if of is family}
    if head.is_pooled or family not in head.classes:
        return tuple(named)
    return tuple(name for name, config in named.items() if has_head(config, head, family))


def has_head(config: PreTrainedConfig, head: Head, family: Family) -> bool:
    """Return whether the library has the head for an architecture."""
    try:
        head.model_class(config, family, model=config.model_type)
    except RecipeError:
        return False
    return True


@cache
def kinds_that_fit(task: Task, family: Family, method: Method) -> tuple[Combination, ...]:
    """Return the combinations of a task, family and method with all kinds of rows that recipes allow."""
    found = []
    for kind in kinds_of(SPECS[task]):
        if (
            SPECS[task].generates
            and family is Family.ENCODER_DECODER
            and kind.columns not in (("source", "target"), QUESTIONS.columns)
        ):
            continue  # no recipe knows the family of a model by its name
        combination = Combination(task, family, method, kind)
        try:
            combination.recipe({"train": "train.jsonl", "test": "test.jsonl"})
        except RecipeError:
            continue
        found.append(combination)
    return tuple(found)


def listed() -> Iterator[tuple[Task, Family, Method]]:
    """Yield what the specs list."""
    for spec in SPECS.values():
        for family, methods in spec.methods.items():
            for method in Method:
                if method in methods:
                    yield spec.task, family, method


def combinations() -> list[Combination]:
    """Return what is tested: everything with the first kind of rows that fits, the other kinds in turns.

    They take turns over families and methods.
    """
    chosen = []
    for task, family, method in listed():
        first, *others = kinds_that_fit(task, family, method) or (None,)
        turn = list(Family).index(family) + list(Method).index(method)
        chosen += [first] if first else []
        chosen += [each for i, each in enumerate(others) if (turn + i) % len(Family) == 0]
    return chosen + (quantized() if find_spec("bitsandbytes") else [])


def quantized() -> list[Combination]:
    """Return an encoder, a decoder and an encoder-decoder in few bits beneath an adapter."""
    places = (
        (Task.TEXT_CLASSIFICATION, Family.ENCODER, "4bit"),
        (Task.TEXT_GENERATION, Family.DECODER, "8bit"),
        (Task.TRANSLATION, Family.ENCODER_DECODER, "4bit"),
    )
    return [replace(kinds_that_fit(task, family, Method.PEFT)[0], quantization=bits) for task, family, bits in places]
