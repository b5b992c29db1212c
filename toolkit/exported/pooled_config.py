"""The configuration of a body with a pooled head."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from typing import Any, Literal, get_args

from huggingface_hub.dataclasses import strict
from transformers import AutoConfig, PreTrainedConfig
from transformers.configuration_utils import SubConfigSpec
from transformers.utils.type_validators import interval

Pooling = Literal["mean", "cls", "last", "max"]

POOLINGS: tuple[str, ...] = get_args(Pooling)
"""How the states of a text's tokens become one vector; see `pool`."""


@strict
class PooledConfig(PreTrainedConfig):
    """The configuration of a body, its pooling and its head.

    Args:
        body: configuration of the pretrained body; of an encoder-decoder the encoder alone is used.
        family: of the model that the body is from: ``encoder``, ``decoder`` or ``encoder-decoder``.
        pooling: how the states of a text's tokens become one vector, see `pool`.
        layers: layers whose outputs are pooled and concatenated: 0 is the embeddings, -1 the last layer after its norm.
        head_hidden_size: width of the head's hidden layer, with ReLU; None: the head is one linear layer.
        classifier_dropout: before each linear layer of the head, in training.

    Raises:
        huggingface_hub.errors.StrictDataclassError: for a value of the wrong type or range.
    """

    model_type = "toolkit-pooled"
    sub_configs_defaults = {  # noqa: RUF012, the library's form
        "body": SubConfigSpec(config_class=AutoConfig, model_type="bert")
    }

    body: dict[str, Any] | PreTrainedConfig | None = None
    family: Literal["encoder", "decoder", "encoder-decoder"] = "encoder"
    pooling: Pooling = "mean"
    layers: list[int] | tuple[int, ...] = (-1,)
    head_hidden_size: int | None = None
    classifier_dropout: float | int = interval(min=0.0, max=1.0)(default=0.1)

    def __post_init__(self, **kwargs: Any) -> None:
        super().__post_init__(**kwargs)
        self.layers = list(self.layers)
        if not self.layers:
            raise ValueError("layers is empty; -1 is the last layer")
        # Code that the body was published with does not define this model.
        self.body.__dict__.pop("auto_map", None)

    @property
    def hidden_size(self) -> int:
        """Width of the body."""
        return int(self.body.hidden_size)  # type: ignore[union-attr]

    @property
    def pad_token_id(self) -> int | None:
        """Padding token of the body."""
        return getattr(self.body, "pad_token_id", None)
