"""Heads that give a probability to every token of the vocabulary."""

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
"""Attention functions whose masks allow it; it spares the keys and values of all beams but one."""


class TransformerForTokens(TransformerPreTrainedModel):
    """A body with the last linear layer, whose weights are those of the embeddings (section 3.4).

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
        """Cross entropy in nats, a mean over the targets that are not -100.

        Args:
            logits: ``[batch, length, vocabulary]``.
            targets: for these very logits, ``[batch, length]``.
            kwargs: of the library; ``num_items_in_batch`` are the targets of the whole batch, over
                accumulation steps and ranks, so that no mean of means is taken.

        Raises:
            ValueError: if there is no target, or one outside of the vocabulary.
        """
        if targets.shape[-1] == 0:
            raise ValueError("the targets are empty: labels have a length of 0 tokens, at least 1 is needed")
        check_token_ids(targets, self.config.vocab_size, what="label", ignored=IGNORED)
        return token_loss(logits, targets, num_items_in_batch=kwargs.get("num_items_in_batch"))


class TransformerForConditionalGeneration(TransformerForTokens, GenerationMixin):
    """Encoder and decoder with the output layer: translation, dialogue, summaries."""

    architecture = "encoder-decoder"

    def prepare_decoder_input_ids_from_labels(self, labels: Tensor) -> Tensor:
        """What the decoder reads for these labels, ``[batch, length]``; the library's collators call it."""
        return shift_right(labels, self.config)

    def _expand_inputs_for_generation(
        self, expand_size: int = 1, is_encoder_decoder: bool = False, input_ids: Any = None, **kwargs: Any
    ) -> tuple[Any, dict[str, Any]]:
        """Repeat what differs between the beams of a source; the source itself they share."""
        of_sources: dict[str, Any] = {}
        if self.config._attn_implementation in BEAMS_SHARE_A_SOURCE:
            of_sources = {name: kwargs.pop(name) for name in ("encoder_outputs", "attention_mask") if name in kwargs}
            is_encoder_decoder = False
        expand: Any = super()._expand_inputs_for_generation  # type: ignore[misc]
        expanded, others = expand(expand_size, is_encoder_decoder, input_ids, **kwargs)
        return expanded, {**others, **of_sources}

    def _reorder_cache(self, past_key_values: EncoderDecoderCache, beam_idx: Any) -> EncoderDecoderCache:
        """Let each beam go on from the one it was chosen from; beams never move to another source."""
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
        """Logits of the next target token, and the loss where labels are given.

        Args:
            labels: ``[batch, target_length]``, -100 where there is none; the decoder's input, if not given, is
                these shifted right.
            logits_to_keep: the last so many positions, or the positions themselves; 0 is all.
            input_ids, attention_mask, decoder_input_ids, decoder_attention_mask, encoder_outputs,
                past_key_values, inputs_embeds, decoder_inputs_embeds, use_cache, kwargs: see `TransformerModel`.

        Returns:
            With ``logits [batch, target_length, vocabulary]``.
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
        """Logits of the next token, and the loss where labels are given.

        Args:
            position_ids: ``[batch, length]``; None counts the tokens that are not padded. The library's ``generate``
                gives them to a model that names them, and has to where a static cache hides what is padded.
            labels: ``[batch, length]`` as `input_ids`, -100 where none is; they are shifted here.
            logits_to_keep: the last so many positions, or the positions themselves; 0 is all.
            input_ids, attention_mask, past_key_values, inputs_embeds, use_cache, kwargs: see `TransformerModel`.

        Returns:
            With ``logits [batch, length, vocabulary]``.
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
    """An encoder with the output layer, which tells hidden tokens (Devlin et al. 2019, section 3.1)."""

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
        """Logits of every token, and the loss where labels are given.

        Args:
            labels: ``[batch, length]``, -100 at tokens that are not asked for.
            logits_to_keep: the positions to give logits for; 0 is all.
            input_ids, attention_mask, inputs_embeds, kwargs: see `TransformerModel`.

        Returns:
            With ``logits [batch, length, vocabulary]``.
        """
        outputs = self.model(input_ids, attention_mask, inputs_embeds=inputs_embeds, **kwargs)
        logits = self.lm_head(slice_logits_to_keep(outputs.last_hidden_state, logits_to_keep))
        loss = None if labels is None else self.loss_of(logits, kept(labels, logits_to_keep), **kwargs)
        return MaskedLMOutput(
            loss=loss, logits=logits, hidden_states=outputs.hidden_states, attentions=outputs.attentions
        )


def kept(targets: Tensor, logits_to_keep: int | Tensor) -> Tensor:
    """The targets of the positions that ``slice_logits_to_keep`` keeps.

    Args:
        targets: ``[batch, length]``.
        logits_to_keep: the last so many positions (0: all), or the positions themselves.
    """
    if isinstance(logits_to_keep, int):
        return targets[:, -logits_to_keep:] if logits_to_keep else targets
    return slice_logits_to_keep(targets[..., None], logits_to_keep)[..., 0]
