"""Our own Transformer with random weights, and a tokenizer that is trained on the training texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from toolkit.adapters.classification_head import write_labels
from toolkit.adapters.heads import Head
from toolkit.adapters.opened import OpenedModel
from toolkit.adapters.writing import check_stops, update_generation
from toolkit.data.vocabulary import train_tokenizer
from toolkit.errors import ResourceError
from toolkit.names import Family, Problem
from toolkit.progress import warn
from toolkit.recipe import TokenizerSection
from toolkit.recipe.config_keys import completed_config, least_parameters
from toolkit.recipe.schema import OWN_TRANSFORMER
from toolkit.shortage import memory_bytes
from toolkit.transformer import TransformerConfig

LONGEST_TEXT = 10**6  # tokens that a tokenizer allows until its model is made


def open_from_scratch(
    settings: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerBase,
    head: Head,
    *,
    labels: Sequence[str] = (),
    problem: Problem = Problem.SINGLE_LABEL,
    max_length: int | None = None,
    generation: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> OpenedModel:
    """Make a model with the head that the task needs; all of its weights are random.

    Args:
        settings: fields of `TransformerConfig`, the recipe's ``model.config``.
        tokenizer: settles the vocabulary and its special tokens.
        head: the outputs that the task needs.
        labels: names of the classes, for classification; for a regression the name of the number.
        problem: kind of the labels.
        max_length: limit of a text in tokens; None takes the positions of the configuration.
        generation: fields of the library's ``GenerationConfig``; saved with the model.
        seed: by which texts are drawn, where they are.

    Raises:
        RecipeError: as `update_generation` and `check_stops`.
        ResourceError: if the weights alone are larger than the memory of this machine.
    """
    n_bytes = 4 * least_parameters(completed_config(settings), vocab_size=len(tokenizer))
    most = memory_bytes()
    if most is not None and n_bytes > most:
        found = f"these sizes take {n_bytes / 1e9:,.1f} GB at least, and this machine has {most / 1e9:,.1f} GB"
        raise ResourceError(f"{found}; lower hidden_size or the layers", where="model.config")
    config = TransformerConfig(
        **settings,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.bos_token_id,
    )
    length = max_length or config.max_position_embeddings
    config.max_position_embeddings = max(length, config.max_position_embeddings)
    if labels:
        write_labels(config, labels, problem)
    family = Family(config.architecture)
    model = head.model_class(config, family, model=OWN_TRANSFORMER)(config)
    model.eval()
    if generation:
        update_generation(model.generation_config, generation, seed=seed)
    tokenizer.model_max_length = length
    names = tuple(name for name, _ in model.named_parameters())
    opened = OpenedModel(OWN_TRANSFORMER, family, model, tokenizer, tuple(labels), length, names, problem=problem)
    if generation:
        check_stops(opened)
    return opened


def learn_tokenizer(
    section: TokenizerSection, rows: Dataset, columns: Sequence[str], *, kept_in: Path
) -> PreTrainedTokenizerBase:
    """Train a tokenizer on every text of the training split, or load that of an earlier process of this run.

    Args:
        section: the recipe's ``tokenizer``.
        rows: to learn from.
        columns: of `rows` that hold texts.
        kept_in: the folder that keeps it, so that a resumed run has the very same, whatever versions are installed.

    Raises:
        RecipeError: if the vocabulary is too small for the characters of the texts.
        DataError: if the texts have no characters.
    """
    if kept_in.is_dir():
        kept: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(str(kept_in), trust_remote_code=False)
        return kept
    tokenizer = train_tokenizer(
        [text for name in columns for text in rows[name]],
        kind=section.train,
        vocab_size=section.vocab_size,
        lowercase=section.lowercase,
        max_length=LONGEST_TEXT,
    )
    if len(tokenizer) < section.vocab_size:
        warn(f"the texts gave {len(tokenizer):,} tokens, fewer than the {section.vocab_size:,} of tokenizer.vocab_size")
    partial = kept_in.with_name(f"{kept_in.name}.partial")
    tokenizer.save_pretrained(str(partial))
    partial.rename(kept_in)
    return tokenizer
