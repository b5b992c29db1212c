"""Opening of a model with its tokenizer: with a new head, with its own head, or without one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from toolkit.adapters.adapter_folder import is_adapter, load_adapted
from toolkit.adapters.bodies import has_stock_head, load_pooled, load_reader, pooled_config
from toolkit.adapters.classification_head import (
    kept_rows,
    labels_of,
    problem_of,
    reorder_rows,
    reset_head,
    write_labels,
)
from toolkit.adapters.decision import USUAL, decision_of
from toolkit.adapters.family import adapter_of, check_supported, family_of, reading_config
from toolkit.adapters.heads import SEQUENCE_HEAD, Head, check_head
from toolkit.adapters.lengths import settle_length
from toolkit.adapters.loading import load_model, load_tokenizer, load_with_tokenizer, open_config
from toolkit.adapters.locate import LocatedModel
from toolkit.adapters.opened import OpenedBody, OpenedModel
from toolkit.adapters.opening import told
from toolkit.adapters.quantization import quantization_settings
from toolkit.errors import RecipeError
from toolkit.names import Family, Method, Problem
from toolkit.transformer import TransformerConfig

ScoringHead = Literal["masked", "language", "entailment"]


@told
def open_for_training(
    located: LocatedModel,
    head: Head,
    *,
    labels: Sequence[str],
    method: Method,
    problem: Problem = Problem.SINGLE_LABEL,
    max_length: int | None = None,
    quantization: str | None = None,
) -> OpenedModel:
    """Open a pretrained body and put a new head with these labels on it.

    A head of the checkpoint is kept only if it was trained for the same labels and the same problem; its rows are
    reordered to match. Otherwise it is initialised anew.

    Args:
        located: the model's files.
        head: the outputs that the task needs.
        labels: names of the classes; for a regression the name of the number.
        method: how the model will be used; decides whether the family fits.
        problem: kind of the labels.
        max_length: limit of a text in tokens; None takes the model's own limit.
        quantization: ``4bit`` or ``8bit``, for a body that an adapter is trained on; None opens it in float32.

    Raises:
        RecipeError: if the family does not fit, `max_length` exceeds the model's positions, or the model cannot be
            quantized.
        IntegrityError: if files are missing or damaged.
    """
    config = open_config(located)
    family = family_of(config, model=located.name)
    check_supported(head.task, family, method, model=located.name)
    pooled = head.is_pooled and not has_stock_head(config)
    if quantization is not None:
        _check_quantizable(located, config, pooled=pooled)
    if pooled:
        model, new = load_pooled(located, config, pooled_config(config, labels=labels, problem=problem))
    else:
        model, new = _with_new_head(
            located, config, head, family=family, labels=labels, problem=problem, bits=quantization
        )
    tokenizer, length = load_with_tokenizer(located, model, max_length=max_length, labelling=head.is_pooled)
    tokenizer.model_max_length = length
    return OpenedModel(
        located.name,
        family,
        model,
        tokenizer,
        tuple(labels),
        length,
        new,
        revision=located.revision,
        problem=problem,
        folder=located.folder,
    )


def _check_quantizable(located: LocatedModel, config: Any, *, pooled: bool) -> None:
    """Refuse models whose layers are quantized already, or whose classes are the toolkit's own."""
    if getattr(config, "quantization_config", None) is not None:
        found = "it is quantized already"
    elif isinstance(config, TransformerConfig):
        found = "it is the toolkit's own Transformer, which is small"
    elif pooled:
        found = f"transformers has no classification head for models of the type {config.model_type!r}"
    else:
        return
    raise RecipeError(
        f"quantization is for plain models of the library, and {found}; take model.quantization out, or take another "
        "model",
        where=_where(located),
    )


def _with_new_head(
    located: LocatedModel,
    config: Any,
    head: Head,
    *,
    family: Family,
    labels: Sequence[str],
    problem: Problem,
    bits: str | None,
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """Load the library's class, its head kept where it was trained for the same labels."""
    factory = head.auto_class(family)
    check_head(config, factory, head=str(head.task), model=located.name)
    settings = None if bits is None else quantization_settings(bits, config, factory, new_head=head.is_labelled)
    if not head.is_labelled:
        return load_model(factory, located, config=config, quantization=settings)
    rows = kept_rows(config, labels, problem)
    write_labels(config, labels, problem)
    model, new = load_model(factory, located, config=config, new_head=rows is None, quantization=settings)
    if rows is None:
        return model, reset_head(model, new)
    reorder_rows(model, rows)
    return model, new


@told
def open_for_prediction(located: LocatedModel, head: Head) -> OpenedModel:
    """Open a model with the head that it was trained with.

    Args:
        located: the model's files, or an adapter's, which is merged into its base model.
        head: the outputs that the task needs.

    Raises:
        RecipeError: if the checkpoint has no trained head for the task.
        IntegrityError: if files are missing or damaged.
    """
    if is_adapter(located.folder):
        model, reads = load_adapted(located, head)
        return _ready(located, model, reads=reads, head=head)
    config = open_config(located)
    family = family_of(config, model=located.name)
    check_supported(head.task, family, None, model=located.name)
    fix = "fine-tune it first: toolkit fine-tune RECIPE"
    model = _trained(located, config, head.auto_class(family), head=str(head.task), fix=fix)
    return _ready(located, model, reads=located, head=head)


@told
def open_for_scoring(located: LocatedModel, *, head: ScoringHead) -> OpenedModel:
    """Open a model with its pretrained head, to score texts without training.

    Args:
        located: the model's files.
        head: ``masked`` predicts a masked token, ``language`` the next one (of a decoder or an encoder-decoder),
            ``entailment`` is a classifier with a label of this name.

    Raises:
        RecipeError: if the checkpoint has no such head.
        IntegrityError: if files are missing or damaged.
    """
    config = open_config(located)
    family = family_of(config, model=located.name)
    classes = {
        "masked": AutoModelForMaskedLM if family is Family.ENCODER else None,
        "language": adapter_of(family).language_class,
        "entailment": AutoModelForSequenceClassification,
    }
    if classes[head] is None:
        raise RecipeError(f"this is a model of the family {family}, which has no {head} head", where=_where(located))
    fix = "take one that was saved with it"
    model = _trained(located, config, classes[head], head=f"{head} scoring", fix=fix)
    opened = _ready(located, model, reads=located, head=SEQUENCE_HEAD if head == "entailment" else None)
    if head == "entailment" and entailment_index(opened.labels) is None:
        raise RecipeError(
            f"none of the model's labels is entailment: {', '.join(opened.labels[:6])}; take a model trained on NLI",
            where=_where(located),
        )
    return opened


def entailment_index(labels: Sequence[str]) -> int | None:
    """Return the index of the label for entailment; None if there is none."""
    return next((index for index, name in enumerate(labels) if name.lower().startswith("entail")), None)


@told
def open_body(located: LocatedModel, *, max_length: int | None = None) -> OpenedBody:
    """Open a model without its head; of an encoder-decoder the encoder.

    Args:
        located: the model's files.
        max_length: limit of a text in tokens; None takes the model's own limit.

    Raises:
        RecipeError: if `max_length` exceeds the model's positions.
        IntegrityError: if files are missing or damaged.
    """
    config = open_config(located)
    family = family_of(config, model=located.name)
    body = load_reader(located, config)
    tokenizer, length = load_with_tokenizer(located, body, max_length=max_length)
    tokenizer.model_max_length = length
    return OpenedBody(located.name, family, body, tokenizer, length, located.revision)


@told
def open_tokenizer(located: LocatedModel, *, max_length: int | None = None) -> tuple[PreTrainedTokenizerBase, int]:
    """Open a model's tokenizer without its weights.

    Returns:
        The tokenizer, and the limit of a text in tokens.

    Raises:
        RecipeError: if `max_length` exceeds the model's positions.
        IntegrityError: if files are missing or damaged.
    """
    config = open_config(located)
    tokenizer = load_tokenizer(located, config=config)
    with torch.device("meta"):  # shapes without weights
        model = AutoModel.from_config(reading_config(config), trust_remote_code=False)  # type: ignore[no-untyped-call]
    return tokenizer, settle_length(model, tokenizer, max_length, name=located.name)


def model_size(folder: Path) -> int:
    """Return the size of the weights in a model folder, in bytes."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))


def _trained(located: LocatedModel, config: Any, factory: Any, *, head: str, fix: str) -> PreTrainedModel:
    check_head(config, factory, head=head, model=located.name)
    model, missing = load_model(factory, located, config=config)
    if missing:
        raise RecipeError(
            f"the model has no trained head for {head} ({missing[0]} is not among its weights); {fix}",
            where=_where(located),
        )
    return model


def _ready(located: LocatedModel, model: PreTrainedModel, *, reads: LocatedModel, head: Head | None) -> OpenedModel:
    """Return a model with its trained head, and the tokenizer of the folder that it reads with."""
    is_labelled = head is not None and head.is_labelled
    config, family = model.config, family_of(model.config)
    tokenizer, length = load_with_tokenizer(
        reads, model, max_length=None, labelling=head is not None and head.is_pooled
    )
    return OpenedModel(
        located.name,
        family,
        model,
        tokenizer,
        labels_of(config) if is_labelled else (),
        length,
        (),
        revision=located.revision,
        problem=problem_of(config) if is_labelled else Problem.SINGLE_LABEL,
        folder=located.folder,
        decision=decision_of(config, where=_where(located)) if head is not None and head.is_pooled else USUAL,
    )


def _where(located: LocatedModel) -> str:
    return f"model {located.name}"
