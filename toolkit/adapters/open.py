"""Open a model with its tokenizer, for training with a new head or for prediction with the head it has."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from transformers import (
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from toolkit.adapters.family import check_supported, family_of
from toolkit.adapters.heads import auto_class, model_class
from toolkit.adapters.integrity import check_loaded, check_tokenizer_files, check_weight_files
from toolkit.adapters.locate import LocatedModel
from toolkit.adapters.quiet import quiet_library
from toolkit.errors import IntegrityError, RecipeError
from toolkit.names import Family, Method, Task
from toolkit.transformer import TransformerConfig

MAX_LENGTH_WITHOUT_A_LIMIT = 512


@dataclass(frozen=True)
class OpenedModel:
    """A model that is ready to train or to predict.

    Attributes:
        name: as the user wrote it.
        family: how it is built.
        model: float32, on the CPU, in evaluation mode.
        tokenizer: the model's own; it cuts at `max_length`.
        labels: names of the classes in the order of the logits; none for tasks whose output is text.
        max_length: tokens a text may have.
        new_parameters: names of parameters that had no weights and start at random.
        revision: the hub's commit, for a hub model.
    """

    name: str
    family: Family
    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    labels: tuple[str, ...]
    max_length: int
    new_parameters: tuple[str, ...]
    revision: str | None = None


def open_for_training(
    located: LocatedModel, *, labels: Sequence[str], method: Method, max_length: int | None = None
) -> OpenedModel:
    """Open a pretrained body and put a new classification head with these labels on it.

    A head that the checkpoint brings is kept only if it was trained for the same labels in the same order;
    otherwise it starts anew.

    Args:
        located: the model's files.
        labels: names of the classes.
        method: how the model will be used; decides whether the family fits.
        max_length: tokens a text may have; None takes what the model was made for.

    Raises:
        RecipeError: if the family does not fit, or `max_length` exceeds the model's positions.
        IntegrityError: if files are missing or damaged.
    """
    names = dict(enumerate(labels))
    config = open_config(located)
    family = family_of(config)
    check_supported(Task.TEXT_CLASSIFICATION, family, method, model=located.name)
    same_head = getattr(config, "id2label", None) == names
    config.num_labels = len(labels)
    config.id2label, config.label2id = names, {name: index for index, name in names.items()}
    config.problem_type = "single_label_classification"
    model, new_parameters = _load_model(
        located, config=config, task=Task.TEXT_CLASSIFICATION, family=family, new_head=not same_head
    )
    tokenizer = _tokenizer_of(located, model)
    length = _max_length(located, model, tokenizer, max_length)
    tokenizer.model_max_length = length
    if not same_head:
        new_parameters = _reset_head(model, new_parameters)
    return OpenedModel(located.name, family, model, tokenizer, tuple(labels), length, new_parameters, located.revision)


def open_for_prediction(located: LocatedModel, *, task: Task = Task.TEXT_CLASSIFICATION) -> OpenedModel:
    """Open a model with the head that it was trained with.

    Args:
        located: the model's files.
        task: what the head has to be for.

    Raises:
        RecipeError: if the checkpoint has no trained head for the task.
        IntegrityError: if files are missing or damaged.
    """
    config = open_config(located)
    family = family_of(config)
    check_supported(task, family, None, model=located.name)
    if task is not Task.TEXT_CLASSIFICATION and not isinstance(config, TransformerConfig):
        # Texts are scored in packed rows, in which other models would see the texts before their own.
        raise RecipeError(
            f"{task} works with our own Transformer in this version, found a model of the type {config.model_type!r}",
            where=f"model {located.name}",
        )
    model, missing = _load_model(located, config=config, task=task, family=family, new_head=False)
    if missing:
        raise RecipeError(
            f"the model has no trained head for {task} ({missing[0]} is not among its weights); "
            "fine-tune it first: toolkit fine-tune RECIPE",
            where=f"model {located.name}",
        )
    tokenizer = _tokenizer_of(located, model)
    is_classifier = task is Task.TEXT_CLASSIFICATION
    labels = tuple(str(config.id2label[index]) for index in range(config.num_labels)) if is_classifier else ()
    length = _max_length(located, model, tokenizer, None)
    return OpenedModel(located.name, family, model, tokenizer, labels, length, (), located.revision)


def open_config(located: LocatedModel) -> Any:
    """A model's configuration.

    Raises:
        IntegrityError: if it is damaged.
    """
    return _load(AutoConfig, located, trust_remote_code=False)


def open_tokenizer(located: LocatedModel, *, max_length: int | None = None) -> tuple[PreTrainedTokenizerBase, int]:
    """A model's tokenizer without its weights, and the tokens that a text may have.

    Raises:
        RecipeError: if `max_length` exceeds the model's positions.
        IntegrityError: if files are missing or damaged.
    """
    config = open_config(located)
    tokenizer = _load_tokenizer(located)
    with torch.device("meta"):  # the shapes without the weights
        model = AutoModel.from_config(config, trust_remote_code=False)  # type: ignore[no-untyped-call]
    return tokenizer, _max_length(located, model, tokenizer, max_length)


def _load_model(
    located: LocatedModel, *, config: Any, task: Task, family: Family, new_head: bool
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """The model, and the names of those of its parameters that start at random."""
    where = f"model {located.name}"
    check_weight_files(located.folder, where=where)
    # Always named, so that a config.json cannot name code of the hub instead.
    kind = model_class(config, task=task, family=family, model=located.name)
    attention = "sdpa" if kind._supports_sdpa else "eager"
    with quiet_library():
        model, info = _load(
            auto_class(task, family),
            located,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            attn_implementation=attention,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # `check_loaded` names them
            output_loading_info=True,
        )
    missing, mismatched = info["missing_keys"], info["mismatched_keys"]
    check_loaded(model, missing=missing, mismatched=mismatched, new_head=new_head, where=where)
    model.eval()
    return model, tuple(sorted({*missing, *(name for name, *_ in mismatched)}))


def _load(factory: Any, located: LocatedModel, **settings: Any) -> Any:
    try:
        return factory.from_pretrained(str(located.folder), **settings)
    except KeyError as error:
        raise IntegrityError(
            f"a file of the model is damaged: it lacks {error}", where=f"model {located.name}"
        ) from error
    except (SafetensorError, json.JSONDecodeError) as error:
        raise IntegrityError(f"a file of the model is damaged: {error}", where=f"model {located.name}") from error
    except (OSError, ValueError, RuntimeError) as error:
        first_line = str(error).strip().split("\n")[0]
        raise IntegrityError(f"the model cannot be opened: {first_line}", where=f"model {located.name}") from error


def _load_tokenizer(located: LocatedModel) -> PreTrainedTokenizerBase:
    tokenizer: PreTrainedTokenizerBase = _load(AutoTokenizer, located, trust_remote_code=False)
    check_tokenizer_files(tokenizer, located.folder, where=f"model {located.name}")
    if tokenizer.pad_token is None:
        raise IntegrityError("the tokenizer has no padding token", where=f"model {located.name}")
    tokenizer.padding_side = "right"
    return tokenizer


def _tokenizer_of(located: LocatedModel, model: PreTrainedModel) -> PreTrainedTokenizerBase:
    """The tokenizer, if its ids fit the model's embeddings."""
    tokenizer = _load_tokenizer(located)
    rows = int(cast(torch.Tensor, model.get_input_embeddings().weight).shape[0])
    if len(tokenizer) > rows:
        raise IntegrityError(
            f"the tokenizer knows {len(tokenizer)} tokens but the model has embeddings for {rows}; "
            "they do not belong together",
            where=f"model {located.name}",
        )
    return tokenizer


def _max_length(
    located: LocatedModel, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, wanted: int | None
) -> int:
    positions = _usable_positions(model)
    if wanted is None:
        return _shortest_limit(positions, tokenizer)
    if positions and positions < wanted:
        raise RecipeError(
            f"max_length is {wanted} tokens but the model has positions for {positions}; make it {positions} or less",
            where=f"model {located.name}",
        )
    return wanted


def _shortest_limit(positions: int | None, tokenizer: PreTrainedTokenizerBase) -> int:
    # A tokenizer without a limit says 10^30.
    limits = [limit for limit in (positions, tokenizer.model_max_length) if limit and limit < 10**9]
    return min(limits, default=MAX_LENGTH_WITHOUT_A_LIMIT)


def _usable_positions(model: PreTrainedModel) -> int | None:
    """Tokens that the position table has room for; RoBERTa's kin count from after their padding index."""
    positions: int | None = getattr(model.config, "max_position_embeddings", None)
    if positions is None or positions <= 0:
        return None
    tables = [module for name, module in model.named_modules() if name.endswith("position_embeddings")]
    offset = next((table.padding_idx + 1 for table in tables if getattr(table, "padding_idx", None) is not None), 0)
    return positions - int(offset)


def _reset_head(model: PreTrainedModel, new_parameters: tuple[str, ...]) -> tuple[str, ...]:
    """Start at random every head parameter that belongs to other labels than ours."""
    prefix = f"{model.base_model_prefix}."
    head = [name for name, _ in model.named_parameters() if not name.startswith(prefix)]
    inherited = [name for name in head if name not in new_parameters]
    for name in inherited:
        module = model.get_submodule(name.rpartition(".")[0])
        for flagged in module.parameters(recurse=False):
            flagged._is_hf_initialized = False  # type: ignore[attr-defined]
        model._init_weights(module)  # type: ignore[no-untyped-call]
    return tuple(sorted({*new_parameters, *inherited}))


def model_size(folder: Path) -> int:
    """Bytes of the weights in a model folder."""
    return sum(file.stat().st_size for file in folder.glob("*.safetensors"))
