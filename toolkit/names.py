"""The words that every layer shares: tasks, families, methods, and which combinations exist.

The words themselves are defined in docs/design.md, section 2. Only what works is listed: a name that stands
here can be trained, evaluated and used for prediction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Task(StrEnum):
    """What the model shall do; the names are the Hub's pipeline tags."""

    TEXT_CLASSIFICATION = "text-classification"
    TOKEN_CLASSIFICATION = "token-classification"  # noqa: S105
    TRANSLATION = "translation"
    SUMMARIZATION = "summarization"
    TEXT_GENERATION = "text-generation"
    FILL_MASK = "fill-mask"


class Family(StrEnum):
    """How a Transformer is built: which positions may see which."""

    ENCODER = "encoder"
    DECODER = "decoder"
    ENCODER_DECODER = "encoder-decoder"


class Method(StrEnum):
    """How the pretrained model is used.

    Of PEFT there are many methods, which the installed peft names (`toolkit.recipe.peft_methods`). Recipes and results
    have the name of the one that is meant; `method_of` tells what it is.
    """

    FULL = "full"
    PEFT = "peft"
    FEATURES = "features"
    ZERO_SHOT = "zero-shot"
    SCRATCH = "scratch"


class Problem(StrEnum):
    """What the labels of a text are; the library's names of ``problem_type``."""

    SINGLE_LABEL = "single_label_classification"
    MULTI_LABEL = "multi_label_classification"
    REGRESSION = "regression"


class Split(StrEnum):
    """The three parts of a data set; the test part never chooses anything."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


LORA = "lora"
"""The PEFT method that is advised and tried where none is named (Hu et al. 2021, https://arxiv.org/abs/2106.09685)."""


def method_of(name: str) -> Method:
    """Return how a method uses the pretrained model: every name that is not the toolkit's own is one of peft's."""
    return Method(name) if name in set(Method) else Method.PEFT


ALL_METHODS = frozenset(Method)


@dataclass(frozen=True)
class TaskSpec:
    """What a recipe has to know about a task; everything else is in the task's room (`toolkit.tasks`).

    Attributes:
        task: the task.
        columns: the alternatives of columns that a row may have, by the task's own names.
        methods: what each family of models can do for the task.
        metrics: names of the metrics, the default ones first; empty where the labels decide (`problems`).
        n_default_metrics: how many of them are reported where a recipe names none.
        problems: what the labels may be, each with its metrics.
        abstains: kinds of labels of which a model may withhold its answer.
        calibrates: kinds of labels whose probabilities have a temperature.
        thresholds: metrics for which the probability from which a label is given can be chosen, by kind of labels.
        chooses_by: what chooses the best weights on the validation rows by default: the first metric, or the loss.
        generates: whether the output is a new text.
        packs: whether rows lie behind each other without padding in training.
        hides_tokens: whether learning hides tokens of the text, others in each epoch.
        labels_tokens: whether each token of a text has a label, which the loss can weigh.
    """

    task: Task
    columns: tuple[tuple[str, ...], ...]
    methods: Mapping[Family, frozenset[Method]]
    metrics: tuple[str, ...] = ()
    n_default_metrics: int = 2
    problems: Mapping[Problem, tuple[str, ...]] = field(default_factory=dict)
    abstains: frozenset[Problem] = frozenset()
    calibrates: frozenset[Problem] = frozenset()
    thresholds: Mapping[Problem, tuple[str, ...]] = field(default_factory=dict)
    chooses_by: Literal["metric", "loss"] = "metric"
    generates: bool = False
    packs: bool = False
    hides_tokens: bool = False
    labels_tokens: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the names of all columns that the task can read."""
        return tuple(dict.fromkeys(name for columns in self.columns for name in columns))

    @property
    def families(self) -> tuple[Family, ...]:
        """Return the families that can do the task from a random start."""
        return tuple(family for family in Family if Method.SCRATCH in self.methods.get(family, ()))

    def metrics_of(self, problem: Problem) -> tuple[str, ...]:
        """Return the metrics that there are, the default ones first.

        Args:
            problem: what the labels are; only read where the task has labels of several kinds.
        """
        return self.problems[problem] if self.problems else self.metrics

    @property
    def all_metrics(self) -> tuple[str, ...]:
        """Return the metrics of the task for every kind of labels."""
        return tuple(dict.fromkeys((*self.metrics, *(name for names in self.problems.values() for name in names))))


_SCRATCH = frozenset({Method.SCRATCH})

_WRITES = frozenset({Method.FULL, Method.PEFT, Method.ZERO_SHOT})

_HEADS = frozenset({Method.FULL, Method.PEFT, Method.FEATURES, Method.SCRATCH})

_SPECS = (
    TaskSpec(
        Task.TEXT_CLASSIFICATION,
        columns=(("text", "text_pair", "label"), ("text", "text_pair", "labels")),
        methods=dict.fromkeys(Family, ALL_METHODS),
        problems={
            Problem.SINGLE_LABEL: ("accuracy", "f1", "precision", "recall", "matthews_correlation"),
            Problem.MULTI_LABEL: ("f1", "f1_micro", "exact_match", "precision", "recall"),
            Problem.REGRESSION: ("pearson", "spearman", "mse", "mae"),
        },
        abstains=frozenset({Problem.SINGLE_LABEL}),
        calibrates=frozenset({Problem.SINGLE_LABEL, Problem.MULTI_LABEL}),
        thresholds={
            Problem.SINGLE_LABEL: ("f1", "accuracy", "matthews_correlation"),
            Problem.MULTI_LABEL: ("f1", "f1_micro"),
        },
    ),
    TaskSpec(
        Task.TOKEN_CLASSIFICATION,
        columns=(("tokens", "tags"), ("text", "spans")),
        methods=dict.fromkeys(Family, _HEADS),
        metrics=("entity_f1", "entity_precision", "entity_recall", "token_accuracy"),
        n_default_metrics=3,
        labels_tokens=True,
    ),
    TaskSpec(
        Task.TRANSLATION,
        columns=(("source", "target"),),
        methods={Family.ENCODER_DECODER: _SCRATCH | _WRITES, Family.DECODER: _WRITES},
        metrics=(
            "bleu",
            "chrf",
            "bleu_lowercase",
            "perplexity",
            "bits_per_character",
            "exact_match",
            "length_ratio",
            "copied_4grams",
            "repeated_4grams",
        ),
        chooses_by="loss",
        generates=True,
        packs=True,
    ),
    TaskSpec(
        Task.SUMMARIZATION,
        columns=(("source", "target"),),
        methods={Family.ENCODER_DECODER: _SCRATCH | _WRITES, Family.DECODER: _WRITES},
        metrics=(
            "rouge1",
            "rouge2",
            "rougeL",
            "chrf",
            "rougeLsum",
            "bleu",
            "exact_match",
            "length_ratio",
            "copied_4grams",
            "repeated_4grams",
            "perplexity",
            "bits_per_character",
        ),
        n_default_metrics=3,
        chooses_by="loss",
        generates=True,
        packs=True,
    ),
    TaskSpec(
        Task.TEXT_GENERATION,
        columns=(("text",), ("source", "target"), ("messages", "target")),
        methods={Family.DECODER: _SCRATCH | _WRITES, Family.ENCODER_DECODER: _SCRATCH | _WRITES},
        metrics=(
            "bits_per_character",
            "perplexity",
            "chrf",
            "rougeL",
            "exact_match",
            "squad_exact_match",
            "squad_f1",
            "bleu",
            "rouge1",
            "rouge2",
            "rougeLsum",
            "length_ratio",
            "copied_4grams",
            "repeated_4grams",
        ),
        chooses_by="loss",
        generates=True,
        packs=True,
    ),
    TaskSpec(
        Task.FILL_MASK,
        columns=(("text",),),
        methods={Family.ENCODER: _SCRATCH},
        metrics=("perplexity", "masked_accuracy"),
        chooses_by="loss",
        packs=True,
        hides_tokens=True,
    ),
)

SPECS: Mapping[Task, TaskSpec] = {spec.task: spec for spec in _SPECS}
"""The spec of every task."""


def default_metrics(task: Task, problem: Problem = Problem.SINGLE_LABEL) -> tuple[str, ...]:
    """Return what a task is measured by when the recipe does not say.

    Args:
        task: the task.
        problem: what its labels are, where it has labels of several kinds.
    """
    return SPECS[task].metrics_of(problem)[: SPECS[task].n_default_metrics]
