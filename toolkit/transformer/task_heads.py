"""Heads that label a sequence, its tokens or a span of it, in all three architectures."""

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
    """The base class of a body with a small head."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.num_labels: int = config.num_labels  # type: ignore[assignment]
        self.model = TransformerModel(config)

    def token_states(
        self, input_ids: Tensor | None, attention_mask: Tensor | None, inputs_embeds: Tensor | None, **kwargs: Any
    ) -> tuple[Any, Sequences]:
        """Compute the last hidden state of every token of the input.

        An encoder-decoder reads the input twice, as BART does (Lewis et al. 2020, section 3.1,
        https://arxiv.org/abs/1910.13461): in the encoder, and shifted right in the decoder, whose states these are.

        Args:
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`; one side of
                ``cu_seq_lens`` is enough.

        Returns:
            The output of the body with ``last_hidden_state [batch, length, hidden]``, and the sequences of the batch.
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
        """Apply the dropout before the head: ``classifier_dropout``, or ``dropout`` if that is None."""
        probability = self.config.classifier_dropout
        return dropout(states, self.config.dropout if probability is None else probability, training=self.training)


class TransformerForSequenceClassification(TransformerForLabels):
    """A body with a head on its pooled states, for classes, label sets or numbers.

    ``config.classifier_pooling`` names the pooling. By default it is the mean of the real tokens in an encoder, and
    the last token in the other architectures, the only one that attends to all others. ``config.problem_type`` names
    the kind of labels. If it is None, it is set by the first labels, as in the library.
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
        """Compute the logits of each sequence, and the loss if labels are given.

        Args:
            labels: indices of classes ``[batch]``, 0 or 1 for each class ``[batch, classes]``, or the targets of a
                regression, of the logits' shape or ``[batch]``; -100 is ignored.
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`; a packed row counts as the
                batch of its sequences.

        Returns:
            An output with ``logits [batch, classes]``.
        """
        outputs, sequences = self.token_states(input_ids, attention_mask, inputs_embeds, **kwargs)
        logits = self.classifier(self.drop_out(sequences.pooled(outputs.last_hidden_state, self.pooling)))
        loss = None if labels is None else self.loss_of(logits, labels, **kwargs)
        output_class = Seq2SeqSequenceClassifierOutput if self.config.is_encoder_decoder else SequenceClassifierOutput
        return output_class(loss=loss, logits=logits, **recorded(outputs, output_class))

    def loss_of(self, logits: Tensor, labels: Tensor, **kwargs: Any) -> Tensor:
        """Compute cross entropy, binary cross entropy or squared error, a mean over the labels that are not -100.

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
        error = nn.functional.mse_loss if kind == "regression" else nn.functional.binary_cross_entropy_with_logits
        losses = error(flat, targets.where(known, flat.detach()), reduction="none")
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
        """Compute the logits of each token, and the loss if labels are given.

        Args:
            labels: ``[batch, length]``, -100 at tokens without a label, such as padding.
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`.

        Returns:
            An output with ``logits [batch, length, classes]``; the recorded states of an encoder-decoder are those of
            the decoder.
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
    """A body with a linear layer that predicts the first and the last token of an answer.

    See Devlin et al. 2019, section 4.2 (https://arxiv.org/abs/1810.04805).
    """

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
        """Compute the logits of the answer's first and last token, and the loss if both positions are given.

        Args:
            start_positions: of the answer's first token, ``[batch]``; one outside of the input is ignored.
            end_positions: of its last token, as `start_positions`.
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`.

        Returns:
            An output with ``start_logits [batch, length]`` and ``end_logits [batch, length]``.

        Raises:
            ValueError: for positions in a packed row.
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
        is_both = self.config.is_encoder_decoder
        output_class = Seq2SeqQuestionAnsweringModelOutput if is_both else QuestionAnsweringModelOutput
        kept = recorded(outputs, output_class)
        return output_class(loss=loss, start_logits=start_logits, end_logits=end_logits, **kept)


def recorded(outputs: ModelOutput, output_class: type[ModelOutput]) -> dict[str, Any]:
    """Return the recorded states and attention weights of a body that the output of a head has fields for."""
    fields = output_class.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: value for name, value in outputs.items() if name in fields}


def loss_of_classes(logits: Tensor, labels: Tensor, **kwargs: Any) -> Tensor:
    """Compute the cross entropy in nats, a mean over the labels that are not -100; 0 if there is none.

    Args:
        logits: ``[..., classes]``.
        labels: indices of classes, ``[...]``.
        kwargs: of the library; ``num_items_in_batch`` counts the labels of the whole batch, over accumulation steps
            and ranks, so that no mean of means is taken.

    Raises:
        ValueError: for a label that is no class (on CPUs; GPUs raise an error of their own).
    """
    labels = labels.long()
    if labels.device.type == "cpu" and not torch.compiler.is_compiling():
        unknown = labels[(labels >= logits.shape[-1]) | ((labels < 0) & (labels != IGNORED))]
        if unknown.numel():
            raise ValueError(
                f"label {int(unknown[0])} is none of {logits.shape[-1]} classes: 0 to {logits.shape[-1] - 1} are "
                f"(num_labels), and {IGNORED} for no label"
            )
    return token_loss(logits, labels, num_items_in_batch=n_items(labels, **kwargs))


def n_items(labels: Tensor, **kwargs: Any) -> Tensor | int:
    """Return the divisor of a sum of losses: ``num_items_in_batch``, else the number of labels that are not -100."""
    in_batch: Tensor | int | None = kwargs.get("num_items_in_batch")
    return (labels != IGNORED).sum().clamp(min=1) if in_batch is None else in_batch


def _inside(positions: Tensor, logits: Tensor) -> Tensor:
    """Flatten positions of ``[batch]`` or ``[batch, 1]``, with -100 for those outside of the input."""
    positions = positions.reshape(-1)
    return positions.masked_fill((positions < 0) | (positions >= logits.shape[1]), IGNORED)
