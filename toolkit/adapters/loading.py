"""Loading of a model's files by the library, with one line for whatever is wrong with them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, cast

import torch
from transformers import AutoConfig, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from toolkit.adapters.family import adapter_of, family_of, reading_config
from toolkit.adapters.integrity import check_kinds, check_loaded, check_tokenizer_files, check_weight_files
from toolkit.adapters.lengths import settle_length
from toolkit.adapters.locate import LocatedModel
from toolkit.adapters.opening import told
from toolkit.adapters.quantization import library_settings, settle_computing
from toolkit.adapters.quiet import quiet_library
from toolkit.adapters.settings_check import check_settings
from toolkit.errors import IntegrityError


def open_config(located: LocatedModel) -> Any:
    """Load a model's configuration.

    Raises:
        IntegrityError: if it is damaged.
    """
    check_settings(located.folder, where=f"model {located.name}")
    config = load(located, AutoConfig, trust_remote_code=False)
    config._attn_implementation = None  # the file could name code on the hub here
    return config


def load_model(
    factory: Any,
    located: LocatedModel,
    *,
    config: Any,
    body: str | None = None,
    new_head: bool = False,
    quantization: Mapping[str, Any] | None = None,
) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """Load a model with its weights, in float32 and in evaluation mode.

    Args:
        factory: an Auto class.
        located: the files.
        config: of the model to load.
        body: prefix of the names of the body's parameters; None: that of the class.
        new_head: True if the head will be initialised anew, so that it need not fit.
        quantization: of `toolkit.adapters.quantization.quantization_settings`, for a body that stays as it is.

    Returns:
        The model, and the names of its parameters that were initialised at random.

    Raises:
        IntegrityError: if files are missing, damaged or cannot be trusted, or the body is incomplete.
    """
    where = f"model {located.name}"
    check_weight_files(located.folder, where=where)
    with quiet_library():
        model, info = load(
            located,
            factory,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            ignore_mismatched_sizes=True,  # `check_loaded` names them
            output_loading_info=True,
            **({} if quantization is None else {"quantization_config": library_settings(quantization)}),
        )
    if quantization is not None:
        settle_computing(model, where=where)
    missing, mismatched = info["missing_keys"] - _computed(model), info["mismatched_keys"]
    body = f"{model.base_model_prefix}." if body is None else body
    check_kinds(located.folder, model, where=where)
    check_loaded(model, missing=missing, mismatched=mismatched, body=body, new_head=new_head, where=where)
    model.eval()
    return model, tuple(sorted({*missing, *(name for name, *_ in mismatched)}))


def _computed(model: PreTrainedModel) -> set[str]:
    """Return the names of parameters that the library computes and does not save, such as Marian's positions."""
    return {f"{name}.weight" for name, module in model.named_modules() if hasattr(module, "create_weight")}


def load_tokenizer(located: LocatedModel, *, config: Any, labelling: bool = False) -> PreTrainedTokenizerBase:
    """Load a model's tokenizer, and set up its padding as the family needs it.

    Args:
        located: the files.
        config: of the model; the padding token is written into it.
        labelling: True if a classification head will read its tokens.

    Raises:
        IntegrityError: if its files are missing or damaged, or the model could not read its batches.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Recommended: pip install sacremoses")  # of which Marian's makes no use
        tokenizer: PreTrainedTokenizerBase = load(located, AutoTokenizer, trust_remote_code=False)
    check_tokenizer_files(tokenizer, located.folder, where=f"model {located.name}")
    adapter = adapter_of(family_of(config))
    try:
        adapter.settle_tokenizer(tokenizer, reading_config(config))
        if labelling:
            adapter.settle_labelling(tokenizer)
    except IntegrityError as error:
        raise IntegrityError(error.faults[0].message, where=f"model {located.name}") from None
    _settle_segments(tokenizer, reading_config(config))
    return tokenizer


def _settle_segments(tokenizer: PreTrainedTokenizerBase, config: Any) -> None:
    """Take segment ids out of a tokenizer's outputs where the model has one segment: the second has no embedding.

    Such models are RoBERTas with a tokenizer of BERT, as those of KLUE are (Park et al. 2021,
    https://arxiv.org/abs/2105.09680). The names are saved with the tokenizer, so that plain transformers does the same.
    """
    names = [name for name in tokenizer.model_input_names if name != "token_type_ids"]
    if getattr(config, "type_vocab_size", None) == 1 and names != tokenizer.model_input_names:
        tokenizer.model_input_names = names
        tokenizer.init_kwargs["model_input_names"] = names


def load_with_tokenizer(
    located: LocatedModel, model: PreTrainedModel, *, max_length: int | None, labelling: bool = False
) -> tuple[PreTrainedTokenizerBase, int]:
    """Load the tokenizer of an opened model, and check that its ids fit the embeddings.

    Args:
        located: the files.
        model: the padding token is written into its configuration.
        max_length: limit of a text in tokens; None takes the model's own limit.
        labelling: True if the model has a classification head.

    Returns:
        The tokenizer, and the limit of a text in tokens.

    Raises:
        RecipeError: if the model has positions for fewer tokens.
        IntegrityError: if the tokenizer is damaged or belongs to another model.
    """
    tokenizer = load_tokenizer(located, config=model.config, labelling=labelling)
    rows = int(cast(torch.Tensor, model.get_input_embeddings().weight).shape[0])
    if len(tokenizer) > rows:
        raise IntegrityError(
            f"the tokenizer knows {len(tokenizer)} tokens but the model has embeddings for {rows}; "
            "they do not belong together",
            where=f"model {located.name}",
        )
    return tokenizer, settle_length(model, tokenizer, max_length, name=located.name)


@told
def load(located: LocatedModel, /, factory: Any, **settings: Any) -> Any:
    """Load an object of the library from a model's folder.

    Args:
        located: the files.
        factory: a class with ``from_pretrained``.
        settings: arguments of ``from_pretrained``.

    Raises:
        IntegrityError: in one line, for files that cannot be read.
    """
    return factory.from_pretrained(str(located.folder), **settings)
