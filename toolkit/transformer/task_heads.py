"""Heads that label a sequence, its tokens or a span of it, in all three shapes."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import (
    QuestionAnsweringModelOutput,
    Seq2SeqQuestionAnsweringModelOutput,
    Seq2SeqSequenceClassifierOutput,
    SequenceClassifierOutput,
    TokenClassifierOutput,
)
from transformers.utils.generic import ModelOutput, can_return_tuple

from .configuration import TransformerConfig
from .cross_entropy import IGNORED, token_loss
from .dropout import dropout
from .model import TransformerModel, shift_right
from .packing import both_sides
from .pooling import Sequences
from .stacks import TransformerPreTrainedModel


class TransformerForLabels(TransformerPreTrainedModel):
    """A body whose states a small linear layer reads."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.num_labels: int = config.num_labels  # type: ignore[assignment]
        self.model = TransformerModel(config)

    def token_states(
        self, input_ids: Tensor | None, attention_mask: Tensor | None, inputs_embeds: Tensor | None, **kwargs: Any
    ) -> tuple[Any, Sequences]:
        """A state of every token of the input, ``last_hidden_state [batch, length, hidden]``.

        An encoder-decoder reads as BART does (Lewis et al. 2020, section 3.1): the input goes through the encoder
        and, one place later, through the decoder, whose states these are.

        Args:
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`; one side of
                ``cu_seq_lens`` is enough.

        Returns:
            The output of the body, and where the sequences lie.
        """
        sides = [side for side in ("k", "q") if kwargs.get(f"cu_seq_lens_{side}") is not None]
        if sides:
            kwargs |= both_sides(kwargs, sides[0])  # type: ignore[arg-type]
        sequences = Sequences(attention_mask, kwargs.get("cu_seq_lens_k"))
        if self.config.is_encoder_decoder:
            kwargs |= self._decoder_inputs(input_ids, inputs_embeds, sequences)
        outputs = self.model(input_ids, attention_mask, inputs_embeds=inputs_embeds, use_cache=False, **kwargs)
        return outputs, sequences

    def _decoder_inputs(
        self, input_ids: Tensor | None, inputs_embeds: Tensor | None, sequences: Sequences
    ) -> dict[str, Any]:
        """Return the decoder's arguments: the input shifted right, whichever side it is padded on."""
        inputs: dict[str, Any] = {"decoder_attention_mask": sequences.mask}
        if input_ids is not None:
            inputs["decoder_input_ids"] = shift_right(input_ids, self.config, sequences)
        elif inputs_embeds is not None:
            start_id = inputs_embeds.new_full((1, 1), self.config.decoder_start_token_id or 0, dtype=torch.long)
            start = self.model.decoder.embed(start_id, None).to(inputs_embeds.dtype)
            begins = sequences.begins(inputs_embeds)[..., None]
            inputs["decoder_inputs_embeds"] = start.where(begins, inputs_embeds.roll(1, dims=1))
        return inputs

    def drop_out(self, states: Tensor) -> Tensor:
        """Dropout before the head: ``classifier_dropout``, else ``dropout``."""
        probability = self.config.classifier_dropout
        return dropout(states, self.config.dropout if probability is None else probability, training=self.training)


class TransformerForSequenceClassification(TransformerForLabels):
    """A body with a linear layer that labels the whole sequence, or gives it numbers.

    In an encoder the layer reads the mean of the states of the real tokens, else the state of the last one,
    which alone has seen all, unless ``config.classifier_pooling`` says otherwise. ``config.problem_type`` says
    what labels are; where it is None, the first labels do as in the library, and it is noted there.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        width = config.classifier_hidden_size
        self.classifier: nn.Module = nn.Linear(width or config.hidden_size, self.num_labels)
        if width is not None:
            self.classifier = nn.Sequential(nn.Linear(config.hidden_size, width), nn.ReLU(), self.classifier)
        self.pooling = config.classifier_pooling or ("mean" if config.architecture == "encoder" else "last")
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: Any,
    ) -> SequenceClassifierOutput | Seq2SeqSequenceClassifierOutput:
        """Logits of each sequence, and the loss where labels are given.

        Args:
            labels: numbers of classes ``[batch]``, 0 or 1 for each class ``[batch, classes]``, or for
                ``regression`` the targets themselves, of the logits' shape or ``[batch]``; -100 where there is none.
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`; a packed row counts as the
                batch of its sequences.

        Returns:
            With ``logits [batch, classes]``.
        """
        outputs, sequences = self.token_states(input_ids, attention_mask, inputs_embeds, **kwargs)
        logits = self.classifier(self.drop_out(sequences.pooled(outputs.last_hidden_state, self.pooling)))
        loss = None if labels is None else self.loss_of(logits, labels, **kwargs)
        made = Seq2SeqSequenceClassifierOutput if self.config.is_encoder_decoder else SequenceClassifierOutput
        return made(loss=loss, logits=logits, **recorded(outputs, made))

    def loss_of(self, logits: Tensor, labels: Tensor, **kwargs: Any) -> Tensor:
        """Cross entropy, binary cross entropy or squared error, a mean over the labels that are not -100.

        Args:
            logits: ``[batch, classes]``.
            labels: see `forward`.
            kwargs: see `loss_of_classes`.
        """
        kind = self._problem_type(labels)
        if kind == "single_label_classification":
            return loss_of_classes(logits, labels, **kwargs)
        targets = labels.to(logits.device).float()
        flat = logits.float().reshape(targets.shape)
        known = targets != IGNORED
        measure = nn.functional.mse_loss if kind == "regression" else nn.functional.binary_cross_entropy_with_logits
        losses = measure(flat, targets.where(known, flat.detach()), reduction="none")
        return losses.where(known, 0.0).sum() / n_items(targets, **kwargs)

    def _problem_type(self, labels: Tensor) -> str:
        if self.config.problem_type is None:
            if self.num_labels == 1:
                self.config.problem_type = "regression"
            elif labels.dtype in (torch.int64, torch.int32):
                self.config.problem_type = "single_label_classification"
            else:
                self.config.problem_type = "multi_label_classification"
        return self.config.problem_type


class TransformerForTokenClassification(TransformerForLabels):
    """A body with a linear layer that labels every token."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.classifier = nn.Linear(config.hidden_size, self.num_labels)
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        **kwargs: Any,
    ) -> TokenClassifierOutput:
        """Logits of each token, and the loss where labels are given.

        Args:
            labels: ``[batch, length]``, -100 at tokens without one, such as padding.
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`.

        Returns:
            With ``logits [batch, length, classes]``; what it records of an encoder-decoder is the decoder's.
        """
        outputs, _ = self.token_states(input_ids, attention_mask, inputs_embeds, **kwargs)
        logits = self.classifier(self.drop_out(outputs.last_hidden_state))
        loss = None if labels is None else loss_of_classes(logits, labels, **kwargs)
        return TokenClassifierOutput(
            loss=loss,
            logits=logits,
            hidden_states=outputs.get("hidden_states", outputs.get("decoder_hidden_states")),
            attentions=outputs.get("attentions", outputs.get("decoder_attentions")),
        )


class TransformerForQuestionAnswering(TransformerForLabels):
    """A body with a linear layer that tells where an answer begins and ends (Devlin et al. 2019, section 4.2)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.qa_outputs = nn.Linear(config.hidden_size, 2)
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        start_positions: Tensor | None = None,
        end_positions: Tensor | None = None,
        **kwargs: Any,
    ) -> QuestionAnsweringModelOutput | Seq2SeqQuestionAnsweringModelOutput:
        """Logits of every token to begin and to end the answer, and the loss where both positions are given.

        Args:
            start_positions: of the answer's first token, ``[batch]``; one outside of the input is ignored.
            end_positions: of its last token, likewise.
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`.

        Returns:
            With ``start_logits [batch, length]`` and ``end_logits [batch, length]``.
        """
        outputs, _ = self.token_states(input_ids, attention_mask, inputs_embeds, **kwargs)
        logits = self.qa_outputs(outputs.last_hidden_state)
        start_logits, end_logits = logits[..., 0].contiguous(), logits[..., 1].contiguous()
        loss = None
        if start_positions is not None and end_positions is not None:
            if kwargs.get("cu_seq_lens_k") is not None:
                raise ValueError("the answers of a packed row have no loss: give start and end positions with a batch")
            start_loss = loss_of_classes(start_logits, _inside(start_positions, start_logits), **kwargs)
            loss = (start_loss + loss_of_classes(end_logits, _inside(end_positions, end_logits), **kwargs)) / 2
        made = Seq2SeqQuestionAnsweringModelOutput if self.config.is_encoder_decoder else QuestionAnsweringModelOutput
        return made(loss=loss, start_logits=start_logits, end_logits=end_logits, **recorded(outputs, made))


def recorded(outputs: ModelOutput, made: type[ModelOutput]) -> dict[str, Any]:
    """What of a body's output goes into that of a head: the recorded states and attention weights."""
    return {name: value for name, value in outputs.items() if name in made.__dataclass_fields__}  # type: ignore[attr-defined]


def loss_of_classes(logits: Tensor, labels: Tensor, **kwargs: Any) -> Tensor:
    """Cross entropy in nats, a mean over the labels that are not -100; 0 where all are.

    Args:
        logits: ``[..., classes]``.
        labels: ``[...]``, numbers of classes.
        kwargs: of the library; ``num_items_in_batch`` are the labels of the whole batch, over accumulation steps
            and ranks, so that no mean of means is taken.

    Raises:
        ValueError: for a label that is no class (on CPUs; GPUs say so in their own way).
    """
    labels = labels.long()
    if labels.device.type == "cpu" and not torch.compiler.is_compiling():
        strange = labels[(labels >= logits.shape[-1]) | ((labels < 0) & (labels != IGNORED))]
        if strange.numel():
            raise ValueError(
                f"label {int(strange[0])} is none of {logits.shape[-1]} classes: 0 to {logits.shape[-1] - 1} are "
                f"(num_labels), and {IGNORED} for no label"
            )
    return token_loss(logits, labels, num_items_in_batch=n_items(labels, **kwargs))


def n_items(labels: Tensor, **kwargs: Any) -> Tensor | int:
    """What a sum of losses is divided by: ``num_items_in_batch`` of `kwargs`, else the labels that are not -100."""
    given: Tensor | int | None = kwargs.get("num_items_in_batch")
    return (labels != IGNORED).sum().clamp(min=1) if given is None else given


def _inside(positions: Tensor, logits: Tensor) -> Tensor:
    """Positions of ``[batch]`` or ``[batch, 1]``, ignored where the input does not reach them."""
    positions = positions.reshape(-1)
    return positions.masked_fill((positions < 0) | (positions >= logits.shape[1]), IGNORED)
