"""Bodies without head, and the pooled head that the toolkit puts on those for which the library has none."""

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
    """Whether there is a class for this model with a head that labels texts; `PooledConfig` counts as one.

    Not one that reads what would be padding, or, in a decoder, the first token, which has seen no other.
    """
    is_misled = config.model_type in READS_PADDING or getattr(config, "is_decoder", False)
    return type(config) in AutoModelForSequenceClassification._model_mapping and not is_misled


def load_reader(located: LocatedModel, config: Any) -> PreTrainedModel:
    """What reads the text, with its weights: of an encoder-decoder the encoder.

    Args:
        located: the files.
        config: the model's.

    Raises:
        IntegrityError: if files are missing, damaged or not to be trusted, or the body is not whole.
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
    """The configuration of a body with a pooled head.

    Args:
        config: of the model that the body is from.
        labels: in the order of the logits.
        problem: what the labels of a text are.
        settings: fields of `PooledConfig` that shall be other than usual.
    """
    family = family_of(config)
    usual = {"family": family.value, "pooling": adapter_of(family).pooling}
    made = PooledConfig(**{"body": reading_config(config).to_dict(), **usual, **settings})
    write_labels(made, labels, problem)
    return made


def load_pooled(located: LocatedModel, config: Any, made: PooledConfig) -> tuple[PreTrainedModel, tuple[str, ...]]:
    """A pretrained body with a pooled head that starts at random.

    Args:
        located: the files of the body.
        config: that they have.
        made: what the model shall be.

    Returns:
        The model in evaluation mode, and the names of the head's parameters.
    """
    model = PooledForSequenceClassification(made, load_reader(located, config))
    model.train(False)
    return model, tuple(sorted(name for name, _ in model.named_parameters() if not name.startswith("body.")))
