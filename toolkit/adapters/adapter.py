"""What a family of models needs to be told apart by: its tokenizer's padding, its states, its language head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from toolkit.errors import IntegrityError, RecipeError
from toolkit.exported.pooled import states_of
from toolkit.names import Family


class Adapter(ABC):
    """One family of models behind the interface that all of them share.

    Attributes:
        family: whose adapter this is.
        pooling: how a text's states become one vector where the library has no classification head.
        language_class: the library's Auto class of the language head; None: the family has none.
    """

    family: ClassVar[Family]
    pooling: ClassVar[str] = "mean"
    language_class: ClassVar[Any] = None

    def settle_tokenizer(self, tokenizer: PreTrainedTokenizerBase, config: Any) -> None:
        """Settle what fills a batch: the padding token, and that it stands on the right.

        Args:
            tokenizer: changed in place.
            config: of what reads the text; gets ``pad_token_id``.

        Raises:
            IntegrityError: if there is nothing to fill a batch with.
        """
        if tokenizer.pad_token is None:
            raise IntegrityError("the tokenizer has no padding token")
        tokenizer.padding_side = "right"

    @abstractmethod
    def settle_labelling(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Settle what a classification head needs of a text beside padding.

        Args:
            tokenizer: changed in place.

        Raises:
            IntegrityError: if the head could not read what the tokenizer gives.
        """

    @abstractmethod
    def reader(self, model: PreTrainedModel) -> PreTrainedModel:
        """The part of a body that reads the text.

        Args:
            model: without head.
        """

    def states(self, body: PreTrainedModel, inputs: Mapping[str, Tensor], layers: Sequence[int]) -> list[Tensor]:
        """What some layers give for each token.

        Args:
            body: as `toolkit.adapters.open_body` opens it.
            inputs: ``input_ids`` and ``attention_mask``, both ``[batch, length]``, and what else the body takes.
            layers: 0 is the embeddings, -1 the last layer, after the last norm, as the body gives it.

        Returns:
            A tensor ``[batch, length, dim]`` for each layer; at padding they hold anything.
        """
        settings: dict[str, Any] = {"output_hidden_states": True} if list(layers) != [-1] else {}
        return states_of(body(**inputs, **settings, **self.call_settings()), list(layers))

    def call_settings(self) -> dict[str, Any]:
        """What a body of this family is called with beside its inputs."""
        return {}

    def check_layers(self, body: PreTrainedModel, layers: Sequence[int], *, model: str) -> None:
        """Refuse layers that a body has not.

        Args:
            body: as `toolkit.adapters.open_body` opens it.
            layers: see `states`.
            model: its name, for the message.

        Raises:
            RecipeError: naming the layers that there are.
        """
        n_layers = int(body.config.num_hidden_layers)
        wrong = [layer for layer in layers if not -n_layers - 1 <= layer <= n_layers]
        if wrong:
            told = ", ".join(str(layer) for layer in wrong)
            raise RecipeError(
                f"there is no layer {told}; the model has 0 (the embeddings) to {n_layers}, or from the end "
                f"-1 to {-n_layers - 1}",
                where=f"model {model}",
            )
