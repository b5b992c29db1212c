"""The words that every layer shares: tasks, families, methods, and which combinations exist.

The words themselves are defined in DESIGN.md, section 2. Only what works is listed: a name that stands
here can be trained, evaluated and used for prediction.
"""

from __future__ import annotations

from enum import StrEnum


class Task(StrEnum):
    """What the model shall do; the names are the Hub's pipeline tags."""

    TEXT_CLASSIFICATION = "text-classification"
    TRANSLATION = "translation"
    TEXT_GENERATION = "text-generation"
    FILL_MASK = "fill-mask"


class Family(StrEnum):
    """How a Transformer is built: which positions may see which."""

    ENCODER = "encoder"
    DECODER = "decoder"
    ENCODER_DECODER = "encoder-decoder"


class Method(StrEnum):
    """How the pretrained model is used; PEFT methods carry their PEFT name."""

    FULL = "full"
    LORA = "lora"
    DORA = "dora"
    RSLORA = "rslora"
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


PEFT_METHODS = frozenset({Method.LORA, Method.DORA, Method.RSLORA})

SUPPORTED: dict[tuple[Task, Family], frozenset[Method]] = {
    **{(Task.TEXT_CLASSIFICATION, family): frozenset(Method) for family in Family},
    (Task.TRANSLATION, Family.ENCODER_DECODER): frozenset({Method.SCRATCH}),
    (Task.TEXT_GENERATION, Family.DECODER): frozenset({Method.SCRATCH}),
    (Task.TEXT_GENERATION, Family.ENCODER_DECODER): frozenset({Method.SCRATCH}),
    (Task.FILL_MASK, Family.ENCODER): frozenset({Method.SCRATCH}),
}

PROBLEM_METRICS: dict[Problem, tuple[str, ...]] = {
    Problem.SINGLE_LABEL: ("accuracy", "f1", "precision", "recall", "matthews_correlation"),
    Problem.MULTI_LABEL: ("f1", "f1_micro", "exact_match", "precision", "recall"),
    Problem.REGRESSION: ("pearson", "spearman", "mse", "mae"),
}
"""The metrics of text classification, by what its labels are; the default ones are the first two."""

METRICS: dict[Task, tuple[str, ...]] = {
    Task.TEXT_CLASSIFICATION: tuple(dict.fromkeys(name for names in PROBLEM_METRICS.values() for name in names)),
    Task.TRANSLATION: ("bleu", "bleu_lowercase", "chrf", "perplexity"),
    Task.TEXT_GENERATION: ("bits_per_character", "perplexity", "chrf", "bleu"),
    Task.FILL_MASK: ("perplexity", "masked_accuracy"),
}
"""The metrics that a task can be measured by; `toolkit.evaluation` has a class for each."""

_USUAL_METRICS: dict[Task, tuple[str, ...]] = {
    Task.TRANSLATION: ("bleu", "chrf"),
    Task.TEXT_GENERATION: ("bits_per_character", "perplexity"),
    Task.FILL_MASK: ("perplexity", "masked_accuracy"),
}


def default_metrics(task: Task, problem: Problem = Problem.SINGLE_LABEL) -> tuple[str, ...]:
    """What a task is measured by when the recipe does not say: of text classification, by what its labels are."""
    return PROBLEM_METRICS[problem][:2] if task is Task.TEXT_CLASSIFICATION else _USUAL_METRICS[task]
