"""Heads with a logit for every token of the vocabulary."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import GenerationMixin
from transformers.cache_utils import Cache, EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutputWithPast, MaskedLMOutput, Seq2SeqLMOutput
from transformers.modeling_utils import slice_logits_to_keep
from transformers.utils.generic import can_return_tuple

from .configuration import TransformerConfig
from .cross_entropy import IGNORED, token_loss
from .model import TransformerModel, shift_right
from .pooling import Sequences
from .stacks import TransformerPreTrainedModel, check_token_ids

BEAMS_SHARE_A_SOURCE = frozenset({"eager", "sdpa"})
"""Attention functions whose masks let the beams of a source share its keys and values."""


class TransformerForTokens(TransformerPreTrainedModel):
    """A body and the output layer, which shares its weights with the embeddings.

    Weights are tied as in Vaswani et al. 2017, section 3.4 (https://arxiv.org/abs/1706.03762), after Press & Wolf
    2017 (https://arxiv.org/abs/1608.05859).

    Raises:
        ValueError: if the configuration has another architecture than this head.
    """

    architecture: str

    def __init__(self, config: TransformerConfig) -> None:
        if config.architecture != self.architecture:
            raise ValueError(
                f"{type(self).__name__} needs architecture={self.architecture!r}, found {config.architecture!r}"
            )
        super().__init__(config)
        self.model = TransformerModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        stack = "decoder" if config.architecture == "decoder" else "encoder"
        self._tied_weights_keys = {"lm_head.weight": f"model.{stack}.embed_tokens.weight"}
        self.post_init()

    def loss_of(self, logits: Tensor, targets: Tensor, **kwargs: Any) -> Tensor:
        """Compute the cross entropy in nats, a mean over the targets that are not -100.

        Args:
            logits: ``[batch, length, vocabulary]``.
            targets: of these logits, already shifted, ``[batch, length]``.
            kwargs: of the library; ``num_items_in_batch`` counts the targets of the whole batch, over accumulation
                steps and ranks, so that no mean of means is taken.

        Raises:
            ValueError: if the targets are empty, or one is outside of the vocabulary.
        """
        if targets.shape[-1] == 0:
            raise ValueError("the targets are empty: labels have a length of 0 tokens, at least 1 is needed")
        check_token_ids(targets, self.config.vocab_size, what="label", ignored=IGNORED)
        return token_loss(logits, targets, num_items_in_batch=kwargs.get("num_items_in_batch"))


class TransformerForConditionalGeneration(TransformerForTokens, GenerationMixin):
    """Encoder and decoder with the output layer: translation, dialogue, summarization."""

    architecture = "encoder-decoder"

    def prepare_decoder_input_ids_from_labels(self, labels: Tensor) -> Tensor:
        """Return the decoder's input for labels ``[batch, length]``; the library's collators call this method."""
        return shift_right(labels, self.config)

    def _expand_inputs_for_generation(
        self, expand_size: int = 1, is_encoder_decoder: bool = False, input_ids: Any = None, **kwargs: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Repeat the inputs of the decoder for each beam, but not those of the source, which beams share."""
        shared: dict[str, Any] = {}
        if self.config._attn_implementation in BEAMS_SHARE_A_SOURCE:
            shared = {name: kwargs.pop(name) for name in ("encoder_outputs", "attention_mask") if name in kwargs}
            is_encoder_decoder = False
        expand: Any = super()._expand_inputs_for_generation  # type: ignore[misc]
        expanded, others = expand(expand_size, is_encoder_decoder, input_ids, **kwargs)
        return expanded, {**others, **shared}

    def _reorder_cache(self, past_key_values: EncoderDecoderCache, beam_idx: Any) -> EncoderDecoderCache:
        """Reorder the cache by the beam that each beam continues; beams never move to another source."""
        if self.config._attn_implementation in BEAMS_SHARE_A_SOURCE:
            past_key_values.self_attention_cache.reorder_cache(beam_idx)
        else:
            past_key_values.reorder_cache(beam_idx)
        return past_key_values

    @can_return_tuple
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: BaseModelOutput | tuple[Tensor, ...] | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        decoder_inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        **kwargs: Any,
    ) -> Seq2SeqLMOutput:
        """Compute the logits of the next target token, and the loss if labels are given.

        Args:
            labels: ``[batch, target_length]``, -100 is ignored; shifted right they are the decoder's input, unless
                that is given.
            logits_to_keep: the number of last positions, or the indices of positions; 0 keeps all.
            input_ids, attention_mask, decoder_input_ids, decoder_attention_mask, encoder_outputs,
                past_key_values, inputs_embeds, decoder_inputs_embeds, use_cache, kwargs: see `TransformerModel`.

        Returns:
            An output with ``logits [batch, target_length, vocabulary]``.
        """
        if labels is not None and decoder_input_ids is None and decoder_inputs_embeds is None:
            decoder_input_ids = shift_right(labels, self.config, Sequences(None, kwargs.get("cu_seq_lens_q")))
        outputs = self.model(
            input_ids,
            attention_mask,
            decoder_input_ids=decoder_input_ids,
            decoder_attention_mask=decoder_attention_mask,
            encoder_outputs=encoder_outputs,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            decoder_inputs_embeds=decoder_inputs_embeds,
            use_cache=use_cache if labels is None else False,
            **kwargs,
        )
        logits = self.lm_head(slice_logits_to_keep(outputs.last_hidden_state, logits_to_keep))
        loss = None if labels is None else self.loss_of(logits, kept(labels, logits_to_keep), **kwargs)
        return Seq2SeqLMOutput(
            loss=loss, logits=logits, **{name: value for name, value in outputs.items() if name != "last_hidden_state"}
        )


class TransformerForCausalLM(TransformerForTokens, GenerationMixin):
    """A decoder with the output layer: a language model."""

    architecture = "decoder"

    @can_return_tuple
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        position_ids: Tensor | None = None,
        **kwargs: Any,
    ) -> CausalLMOutputWithPast:
        """Compute the logits of the next token, and the loss if labels are given.

        Args:
            position_ids: ``[batch, length]``; None counts the tokens that are not padding. The library's ``generate``
                passes them to a model that has this parameter; with a static cache the mask alone does not tell them.
            labels: ``[batch, length]``, aligned with `input_ids` and shifted here; -100 is ignored.
            logits_to_keep: the number of last positions, or the indices of positions; 0 keeps all.
            input_ids, attention_mask, past_key_values, inputs_embeds, use_cache, kwargs: see `TransformerModel`.

        Returns:
            An output with ``logits [batch, length, vocabulary]``.
        """
        outputs = self.model(
            input_ids,
            attention_mask,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache if labels is None else False,
            position_ids=position_ids,
            **kwargs,
        )
        logits = self.lm_head(slice_logits_to_keep(outputs.last_hidden_state, logits_to_keep))
        loss = None
        if labels is not None:
            targets = nn.functional.pad(labels, (0, 1), value=IGNORED)[:, 1:]
            loss = self.loss_of(logits, kept(targets, logits_to_keep), **kwargs)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
        )


class TransformerForMaskedLM(TransformerForTokens):
    """An encoder with the output layer, a masked language model.

    See Devlin et al. 2019, section 3.1 (https://arxiv.org/abs/1810.04805).
    """

    architecture = "encoder"

    @can_return_tuple
    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        labels: Tensor | None = None,
        logits_to_keep: int | Tensor = 0,
        **kwargs: Any,
    ) -> MaskedLMOutput:
        """Compute the logits of every token, and the loss if labels are given.

        Args:
            labels: ``[batch, length]``, -100 at tokens that are not predicted.
            logits_to_keep: the number of last positions, or the indices of positions; 0 keeps all.
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`.

        Returns:
            An output with ``logits [batch, length, vocabulary]``.
        """
        outputs = self.model(input_ids, attention_mask, inputs_embeds=inputs_embeds, **kwargs)
        logits = self.lm_head(slice_logits_to_keep(outputs.last_hidden_state, logits_to_keep))
        loss = None if labels is None else self.loss_of(logits, kept(labels, logits_to_keep), **kwargs)
        return MaskedLMOutput(
            loss=loss, logits=logits, hidden_states=outputs.hidden_states, attentions=outputs.attentions
        )


def kept(targets: Tensor, logits_to_keep: int | Tensor) -> Tensor:
    """Return the targets of the positions that ``slice_logits_to_keep`` keeps.

    Args:
        targets: ``[batch, length]``.
        logits_to_keep: the number of last positions (0: all), or the indices of positions.
    """
    if isinstance(logits_to_keep, int):
        return targets[:, -logits_to_keep:] if logits_to_keep else targets
    return slice_logits_to_keep(targets[..., None], logits_to_keep)[..., 0]
