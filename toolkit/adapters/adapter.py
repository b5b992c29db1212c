"""The interface to a family of models: the padding of its tokenizers, its states, its language head."""

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
    """The base class of the adapters, one a family of models.

    Attributes:
        family: of the models.
        pooling: how a text's states become one vector for models without a classification head in the library.
        language_class: the library's Auto class of the language head; None: the family has none.
    """

    family: ClassVar[Family]
    pooling: ClassVar[str] = "mean"
    language_class: ClassVar[Any] = None

    def settle_tokenizer(self, tokenizer: PreTrainedTokenizerBase, config: Any) -> None:
        """Set up the padding token, and padding on the right.

        Args:
            tokenizer: changed in place.
            config: of the body; gets ``pad_token_id``.

        Raises:
            IntegrityError: if there is no token to pad with.
        """
        if tokenizer.pad_token is None:
            raise IntegrityError("the tokenizer has no padding token")
        tokenizer.padding_side = "right"

    @abstractmethod
    def settle_labelling(self, tokenizer: PreTrainedTokenizerBase) -> None:
        """Set up what a classification head needs beside padding.

        Args:
            tokenizer: changed in place.

        Raises:
            IntegrityError: if the head could not read the tokenizer's output.
        """

    @abstractmethod
    def reader(self, model: PreTrainedModel) -> PreTrainedModel:
        """Return the part of a body that reads the text.

        Args:
            model: without a head.
        """

    def states(self, body: PreTrainedModel, inputs: Mapping[str, Tensor], layers: Sequence[int]) -> list[Tensor]:
        """Compute the states of each token in some layers.

        Args:
            body: as `toolkit.adapters.open_body` opens it.
            inputs: ``input_ids`` and ``attention_mask``, both ``[batch, length]``, and further inputs of the body.
            layers: 0 is the embeddings, -1 the last layer after the last norm, as the body returns it.

        Returns:
            A tensor ``[batch, length, dim]`` for each layer; its values at padding have no meaning.
        """
        settings: dict[str, Any] = {"output_hidden_states": True} if list(layers) != [-1] else {}
        return states_of(body(**inputs, **settings, **self.call_settings()), list(layers))

    def call_settings(self) -> dict[str, Any]:
        """Return the arguments of a body of this family beside its inputs."""
        return {}

    def check_layers(self, body: PreTrainedModel, layers: Sequence[int], *, model: str) -> None:
        """Refuse layers that a body does not have.

        Args:
            body: as `toolkit.adapters.open_body` opens it.
            layers: see `states`.
            model: its name, for the message.

        Raises:
            RecipeError: with the layers that there are.
        """
        n_layers = int(body.config.num_hidden_layers)
        wrong = [layer for layer in layers if not -n_layers - 1 <= layer <= n_layers]
        if wrong:
            listed = ", ".join(str(layer) for layer in wrong)
            raise RecipeError(
                f"there is no layer {listed}; the model has 0 (the embeddings) to {n_layers}, or from the end "
                f"-1 to {-n_layers - 1}",
                where=f"model {model}",
            )
