"""The body of our Transformer, in the shape that its configuration names."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers.cache_utils import Cache
from transformers.modeling_outputs import BaseModelOutput, Seq2SeqModelOutput
from transformers.utils.generic import can_return_tuple

from .configuration import TransformerConfig
from .cross_entropy import IGNORED
from .pooling import ONE_A_ROW, Sequences
from .stacks import TransformerDecoder, TransformerEncoder, TransformerPreTrainedModel


def shift_right(token_ids: Tensor, config: TransformerConfig, sequences: Sequences = ONE_A_ROW) -> Tensor:
    """Shift tokens one position to the right, as the decoder reads them; each sequence begins with the start token.

    Args:
        token_ids: ``[batch, length]``; -100 becomes padding.
        config: names the start token and the padding.
        sequences: where each sequence begins.

    Returns:
        ``[batch, length]``.
    """
    shifted = token_ids.roll(1, dims=-1)
    shifted = shifted.masked_fill(sequences.begins(token_ids), config.decoder_start_token_id or 0)
    return shifted.masked_fill(shifted == IGNORED, config.pad_token_id or 0)


class TransformerModel(TransformerPreTrainedModel):
    """Encoder, decoder or both, without a head.

    This is figure 1 of Vaswani et al. 2017 (https://arxiv.org/abs/1706.03762) without the last linear layer.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.encoder = TransformerEncoder(config) if config.architecture != "decoder" else None
        self.decoder = TransformerDecoder(config) if config.architecture != "encoder" else None
        if config.is_encoder_decoder:
            self._tied_weights_keys = {"decoder.embed_tokens.weight": "encoder.embed_tokens.weight"}
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the embeddings of the source tokens; with one stack, its own."""
        stack: Any = self.encoder if self.encoder is not None else self.decoder
        embeddings: nn.Embedding = stack.embed_tokens
        return embeddings

    def set_input_embeddings(self, value: nn.Embedding) -> None:  # type: ignore[override]
        """Replace the embeddings in every stack that shares them."""
        if self.encoder is not None:
            self.encoder.embed_tokens = value
        if self.decoder is not None and (self.encoder is None or self.config.tie_word_embeddings):
            self.decoder.embed_tokens = value

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
        use_cache: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Run the stacks.

        Args:
            input_ids: ``[batch, length]``, the source or the only sequence.
            attention_mask: ``[batch, length]``, 0 where padded.
            decoder_input_ids: ``[batch, target_length]``, beginning with ``decoder_start_token_id``.
            decoder_attention_mask: ``[batch, past + target_length]``.
            encoder_outputs: an earlier output of the encoder, instead of `input_ids`.
            past_key_values: the cache of the decoder.
            inputs_embeds, decoder_inputs_embeds: ``[batch, length, hidden]``, instead of ids.
            use_cache: return a cache.
            kwargs: of the stacks; ``cu_seq_lens_q/k`` and ``max_length_q/k`` mean that ids are packed rows, the
                target by ``_q`` and the source by ``_k``.

        Returns:
            The output of the one stack, or a ``Seq2SeqModelOutput``, with ``last_hidden_state [batch, length,
            hidden]``.
        """
        # The encoder needs it too: else it reads the configuration, and warns if gradient checkpointing is on.
        no_cache = {"use_cache": False}
        if self.encoder is None or self.decoder is None:
            settings = (
                {"past_key_values": past_key_values, "use_cache": use_cache} if self.encoder is None else no_cache
            )
            stack: Any = self.encoder if self.decoder is None else self.decoder
            return stack(input_ids, attention_mask, inputs_embeds=inputs_embeds, **settings, **kwargs)
        if encoder_outputs is None:
            encoded = self.encoder(input_ids, attention_mask, inputs_embeds=inputs_embeds, **no_cache, **kwargs)
        else:
            is_tuple = isinstance(encoder_outputs, tuple)
            encoded = BaseModelOutput(*encoder_outputs) if is_tuple else encoder_outputs
        kwargs.pop("position_ids", None)  # of the source
        decoded = self.decoder(
            decoder_input_ids,
            decoder_attention_mask,
            encoded.last_hidden_state,
            attention_mask,
            past_key_values=past_key_values,
            inputs_embeds=decoder_inputs_embeds,
            use_cache=use_cache,
            **kwargs,
        )
        return Seq2SeqModelOutput(
            last_hidden_state=decoded.last_hidden_state,
            past_key_values=decoded.past_key_values,
            decoder_hidden_states=decoded.hidden_states,
            decoder_attentions=decoded.attentions,
            cross_attentions=decoded.cross_attentions,
            encoder_last_hidden_state=encoded.last_hidden_state,
            encoder_hidden_states=encoded.hidden_states,
            encoder_attentions=encoded.attentions,
        )
