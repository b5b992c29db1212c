"""Bodies without a head, and the toolkit's pooled head for bodies that have none in the library."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from transformers import AutoModel, AutoModelForSeq2SeqLM, AutoModelForSequenceClassification, PreTrainedModel

from toolkit.adapters.classification_head import write_labels
from toolkit.adapters.family import adapter_of, family_of, reading_config
from toolkit.adapters.heads import READS_PADDING
from toolkit.adapters.loading import load_model
from toolkit.adapters.locate import LocatedModel
from toolkit.exported import PooledConfig, PooledForSequenceClassification
from toolkit.names import Problem


def has_stock_head(config: Any) -> bool:
    """Return True if a class with a usable classification head exists for this model, `PooledConfig` among them.

    A head that reads padding is not usable, and neither is one that reads the first token of a decoder, which attends
    to no other.
    """
    is_misled = config.model_type in READS_PADDING or getattr(config, "is_decoder", False)
    return type(config) in AutoModelForSequenceClassification._model_mapping and not is_misled


def load_reader(located: LocatedModel, config: Any) -> PreTrainedModel:
    """Load the body with its weights; of an encoder-decoder the encoder.

    Args:
        located: the files.
        config: of the model.

    Raises:
        IntegrityError: if files are missing, damaged or cannot be trusted, or the body is incomplete.
    """
    if isinstance(config, PooledConfig):
        pooled: Any = load_model(AutoModelForSequenceClassification, located, config=config)[0]
        body: PreTrainedModel = pooled.body
        return body
    adapter = adapter_of(family_of(config))
    if config.model_type == "encoder-decoder":
        return adapter.reader(load_model(AutoModelForSeq2SeqLM, located, config=config, body="encoder.")[0])
    return adapter.reader(load_model(AutoModel, located, config=config, body="")[0])


def pooled_config(config: Any, *, labels: Sequence[str], problem: Problem, **settings: Any) -> PooledConfig:
    """Build the configuration of a body with a pooled head.

    Args:
        config: of the model that the body is from.
        labels: in the order of the logits.
        problem: kind of the labels.
        settings: fields of `PooledConfig` with other values than usual.
    """
    family = family_of(config)
    usual = {"family": family.value, "pooling": adapter_of(family).pooling}
    pooled = PooledConfig(**{"body": reading_config(config).to_dict(), **usual, **settings})
    write_labels(pooled, labels, problem)
    return pooled


def load_pooled(located: LocatedModel, config: Any, pooled: PooledConfig) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """Load a pretrained body with a pooled head of random weights.

    Args:
        located: the files of the body.
        config: of those files.
        pooled: the configuration of the new model.

    Returns:
        The model in evaluation mode, and the names of the head's parameters.
    """
    model = PooledForSequenceClassification(pooled, load_reader(located, config))
    model.train(False)
    return model, tuple(sorted(name for name, _ in model.named_parameters() if not name.startswith("body.")))
