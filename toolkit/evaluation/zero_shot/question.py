"""Settle and check how a model predicts without training, before its weights are opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedConfig

from toolkit.adapters import (
    LocatedModel,
    OpenedBody,
    OpenedModel,
    entailment_index,
    family_of,
    open_body,
    open_config,
    open_for_scoring,
    open_tokenizer,
)
from toolkit.errors import RecipeError
from toolkit.evaluation.zero_shot.calibration import Calibration
from toolkit.evaluation.zero_shot.labels import check_words, clean_labels, words_for
from toolkit.evaluation.zero_shot.templates import Template, templates_for
from toolkit.names import Family
from toolkit.recipe.schema import ZeroShotSection

FAMILIES: dict[str, tuple[Family, ...]] = {
    "similarity": (Family.ENCODER,),
    "mask": (Family.ENCODER,),
    "entailment": tuple(Family),
    "likelihood": (Family.DECODER, Family.ENCODER_DECODER),
}
"""The families that each scorer works with."""

DEFAULT_CALIBRATION: Calibration = "content-free"
"""The best calibration on average over four data sets (benchmarks/zero_shot.py). On the three English ones ``batch``
was 0.03 better, within the intervals, and 0.17 worse on the Korean one, whose classes differ in size. It also makes the
prediction of a text depend on the other texts."""

_TELL_REAL_FROM_FALSE = frozenset({"electra", "funnel"})
"""Model types whose pretraining head detects replaced tokens, so that it cannot fill a mask."""


@dataclass(frozen=True)
class Question:
    """The settings of a prediction without training.

    Attributes:
        scorer: one of `FAMILIES`.
        labels: the candidate labels.
        words: the verbalizer of each label.
        templates: their probabilities are averaged.
        calibration: of likelihoods; None for other scorers.
        n_shots: labelled examples in the prompt.
    """

    scorer: str
    labels: tuple[str, ...]
    words: tuple[str, ...]
    templates: tuple[Template, ...]
    calibration: Calibration | None
    n_shots: int


def settle_question(
    located: LocatedModel,
    *,
    labels: Sequence[str],
    settings: ZeroShotSection,
    is_pair: bool = False,
    n_rows: int | None = None,
) -> Question:
    """Fill in defaults for the kind of model, and refuse settings that cannot work.

    Args:
        located: the model's files; its weights are not opened.
        labels: the candidate labels.
        settings: the recipe's ``zero_shot``.
        is_pair: whether the examples are pairs of texts.
        n_rows: the number of examples; None: not known.

    Raises:
        RecipeError: empty, repeated or indistinguishable labels, a scorer or a calibration that does not fit, a
            broken template.
        IntegrityError: files are missing or damaged.
    """
    labels = clean_labels(labels)
    config = open_config(located)
    family = family_of(config, model=located.name)
    scorer = settings.scorer or _usual_scorer(config, family)
    _check_scorer(scorer, config, family, where=f"model {located.name}")
    _check_settings(settings, scorer, is_pair=is_pair, n_rows=n_rows)
    templates = templates_for(settings, scorer=scorer, is_pair=is_pair)
    words = words_for(labels, settings.label_words)
    tokenizer, _ = open_tokenizer(located)
    check_words(labels, words, tokenizer)
    if scorer == "mask" and tokenizer.mask_token is None:
        raise RecipeError(
            "the tokenizer has no mask token, which the scorer mask fills in; take the scorer similarity",
            where=f"model {located.name}",
        )
    calibration = (settings.calibration or DEFAULT_CALIBRATION) if scorer == "likelihood" else None
    return Question(scorer, labels, words, templates, calibration, settings.shots)


def open_for_question(located: LocatedModel, question: Question) -> OpenedModel | OpenedBody:
    """Open a model with the head that a scorer needs, or without a head.

    Raises:
        RecipeError: the checkpoint has no such head.
        IntegrityError: files are missing or damaged.
    """
    if question.scorer == "similarity":
        return open_body(located)
    if question.scorer == "entailment":
        return open_for_scoring(located, head="entailment")
    return open_for_scoring(located, head="masked" if question.scorer == "mask" else "language")


def _usual_scorer(config: Any, family: Family) -> str:
    """Return the scorer that suits a model's pretraining, by the name of its class."""
    class_name = next(iter(config.architectures or ()), "")
    if class_name.endswith("ForSequenceClassification") and _is_entailment(config):
        return "entailment"
    if family is not Family.ENCODER:
        return "likelihood"
    fills_masks = (
        class_name.endswith(("ForMaskedLM", "ForPreTraining")) and config.model_type not in _TELL_REAL_FROM_FALSE
    )
    return "mask" if fills_masks else "similarity"


def _is_entailment(config: PreTrainedConfig) -> bool:
    return entailment_index([str(name) for name in (config.id2label or {}).values()]) is not None


def _check_scorer(scorer: str, config: PreTrainedConfig, family: Family, *, where: str) -> None:
    if family not in FAMILIES[scorer]:
        fitting = ", ".join(name for name, families in FAMILIES.items() if family in families)
        raise RecipeError(
            f"the scorer {scorer} works with the families {', '.join(FAMILIES[scorer])}, and this model is of the "
            f"family {family}; scorers for it: {fitting}",
            where=where,
        )
    if scorer == "entailment" and not _is_entailment(config):
        raise RecipeError(
            "the scorer entailment needs a classifier trained on natural language inference, and none of this model's "
            "labels is entailment; leave the scorer out",
            where=where,
        )


def _check_settings(settings: ZeroShotSection, scorer: str, *, is_pair: bool, n_rows: int | None) -> None:
    faults = []
    if scorer != "likelihood":
        given = {"calibration": settings.calibration, "shots": settings.shots}
        faults += [
            f"{name} is for the scorer likelihood, and this is {scorer}; leave it out"
            for name, value in given.items()
            if value
        ]
        if is_pair and scorer != "mask":
            faults.append(f"the scorer {scorer} reads single texts, and the rows are pairs; take mask or likelihood")
    elif settings.calibration == "batch" and n_rows == 1:
        faults.append("the calibration batch compares a text with the others, and there is one; take content-free")
    if faults:
        raise RecipeError(*faults)
