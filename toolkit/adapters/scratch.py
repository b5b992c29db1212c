"""Our own Transformer from a random start, with a tokenizer learnt from the training texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from transformers import PreTrainedTokenizerBase

from toolkit.adapters.heads import model_class
from toolkit.adapters.open import OpenedModel
from toolkit.names import Family, Task
from toolkit.recipe.schema import OWN_TRANSFORMER
from toolkit.transformer import TransformerConfig


def open_from_scratch(
    settings: Mapping[str, Any],
    tokenizer: PreTrainedTokenizerBase,
    *,
    task: Task,
    labels: Sequence[str] = (),
    max_length: int | None = None,
    generation: Mapping[str, Any] | None = None,
) -> OpenedModel:
    """Make a model with the head that the task needs; all of its weights are new.

    Args:
        settings: fields of `TransformerConfig`, the recipe's ``model.config``.
        tokenizer: settles the vocabulary and its special tokens.
        task: what the model shall do.
        labels: names of the classes, for classification.
        max_length: tokens a text may have; None takes the positions that the model is made for.
        generation: how it shall write, fields of the library's ``GenerationConfig``; saved with the model.
    """
    config = TransformerConfig(
        **settings,
        vocab_size=len(tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        decoder_start_token_id=tokenizer.bos_token_id,
    )
    if labels:
        config.id2label = dict(enumerate(labels))
        config.label2id = {name: index for index, name in enumerate(labels)}
        config.problem_type = "single_label_classification"
    family = Family(config.architecture)
    model = model_class(config, task=task, family=family, model=OWN_TRANSFORMER)(config)
    model.eval()
    if generation:
        model.generation_config.update(**generation)
    length = max_length or config.max_position_embeddings
    tokenizer.model_max_length = length
    names = tuple(name for name, _ in model.named_parameters())
    return OpenedModel(OWN_TRANSFORMER, family, model, tokenizer, tuple(labels), length, names)
