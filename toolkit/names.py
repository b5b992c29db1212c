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
    SCRATCH = "scratch"


class Split(StrEnum):
    """The three parts of a data set; the test part never chooses anything."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


PEFT_METHODS = frozenset({Method.LORA})

SUPPORTED: dict[tuple[Task, Family], frozenset[Method]] = {
    (Task.TEXT_CLASSIFICATION, Family.ENCODER): frozenset({Method.FULL, Method.LORA, Method.SCRATCH}),
    (Task.TEXT_CLASSIFICATION, Family.DECODER): frozenset({Method.SCRATCH}),
    (Task.TEXT_CLASSIFICATION, Family.ENCODER_DECODER): frozenset({Method.SCRATCH}),
    (Task.TRANSLATION, Family.ENCODER_DECODER): frozenset({Method.SCRATCH}),
    (Task.TEXT_GENERATION, Family.DECODER): frozenset({Method.SCRATCH}),
    (Task.TEXT_GENERATION, Family.ENCODER_DECODER): frozenset({Method.SCRATCH}),
    (Task.FILL_MASK, Family.ENCODER): frozenset({Method.SCRATCH}),
}

METRICS: dict[Task, tuple[str, ...]] = {
    Task.TEXT_CLASSIFICATION: ("accuracy", "f1", "precision", "recall", "matthews_correlation"),
    Task.TRANSLATION: ("bleu", "bleu_lowercase", "chrf", "perplexity"),
    Task.TEXT_GENERATION: ("bits_per_character", "perplexity", "chrf", "bleu"),
    Task.FILL_MASK: ("perplexity", "masked_accuracy"),
}
"""The metrics that a task can be measured by; `toolkit.evaluation` has a class for each."""

DEFAULT_METRICS: dict[Task, tuple[str, ...]] = {
    Task.TEXT_CLASSIFICATION: ("accuracy", "f1"),
    Task.TRANSLATION: ("bleu", "chrf"),
    Task.TEXT_GENERATION: ("bits_per_character", "perplexity"),
    Task.FILL_MASK: ("perplexity", "masked_accuracy"),
}
"""What a task is measured by when the recipe does not say."""
