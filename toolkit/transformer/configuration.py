"""The configuration of our Transformer: three architectures, the paper's base model by default, modern variants."""

# mypy: disable-error-code="no-untyped-call, untyped-decorator"

import dataclasses
import difflib
from typing import Any, Literal

from huggingface_hub.dataclasses import strict
from transformers import GenerationConfig, PreTrainedConfig
from transformers.utils.type_validators import interval

PRESETS: dict[str, dict[str, Any]] = {
    "tiny": {
        "hidden_size": 128,
        "encoder_layers": 2,
        "decoder_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 512,
    },
    "small": {
        "hidden_size": 256,
        "encoder_layers": 3,
        "decoder_layers": 3,
        "num_attention_heads": 8,
        "intermediate_size": 1024,
    },
    "base": {
        "hidden_size": 512,
        "encoder_layers": 6,
        "decoder_layers": 6,
        "num_attention_heads": 8,
        "intermediate_size": 2048,
    },
    "big": {
        "hidden_size": 1024,
        "encoder_layers": 6,
        "decoder_layers": 6,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
        "dropout": 0.3,
    },
}
"""Sizes by name; ``base`` and ``big`` are from Vaswani et al. 2017, table 3 (https://arxiv.org/abs/1706.03762)."""

# The keywords of `PreTrainedConfig` beside its fields, its settable properties and the settings of generation.
_LIBRARY_KEYWORDS = frozenset(
    {
        "attn_implementation",
        "auto_map",
        "custom_pipelines",
        "experts_implementation",
        "model_type",
        "name_or_path",
        "num_labels",
        "output_attentions",
        "per_layer_config",
        "quantization_config",
        "tie_last_hidden_states",
        "tokenizer_class",
        "torch_dtype",
        "_commit_hash",
    }
)


@strict
class TransformerConfig(PreTrainedConfig):
    """The configuration of a Transformer (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762).

    Args:
        architecture: ``encoder`` (every token sees every other), ``decoder`` (a token sees those before it) or
            ``encoder-decoder`` (the decoder sees the encoder's output too).
        vocab_size: tokens of the vocabulary, shared by encoder and decoder.
        hidden_size: width of the residual stream, *d_model* in the paper.
        encoder_layers, decoder_layers: depths. An architecture with one stack reads its own alone, and takes
            ``num_hidden_layers`` as another name for it.
        num_attention_heads: of the queries.
        num_key_value_heads: of the keys and values (grouped-query attention, Ainslie et al. 2023); None: as many
            as of the queries.
        intermediate_size: width inside the feed-forward network, *d_ff* in the paper.
        max_position_embeddings: rows of the table of learned positions. The other ways know no limit; for them it
            is the length that the model was made for.
        position: how order gets in. ``sinusoidal`` (section 3.5), ``learned``, ``rotary`` (Su et al. 2021),
            ``alibi`` (Press et al. 2022; symmetric where a token sees both sides, so that an encoder cannot tell a
            text from its mirror image) or ``none``.
        rope_theta: base of the rotary wavelengths.
        norm: ``post`` normalises the sum after each sublayer (the paper), ``pre`` its input (Xiong et al. 2020),
            with one more norm behind the last layer.
        norm_type: ``layernorm`` or ``rmsnorm`` (Zhang & Sennrich 2019).
        norm_eps: added to the variance.
        activation: of the feed-forward network: ``relu``, ``gelu``, or ``swiglu`` with its gate (Shazeer 2020).
        bias: whether projections have biases.
        sliding_window: tokens that a token of a decoder sees, itself among them; in an encoder so many to each
            side of itself; None: all. Attention to the encoder sees all.
        dropout: of embeddings and of each sublayer's output (section 5.4).
        attention_dropout: of attention weights.
        activation_dropout: inside the feed-forward network.
        classifier_dropout: before a classification head; None: `dropout`.
        classifier_pooling: how a head that labels a sequence makes one vector of its states: ``mean``, ``cls`` (the
            first), ``last`` or ``max``; None: ``mean`` in an encoder, else ``last``.
        classifier_hidden_size: width of a hidden layer with ReLU in that head; None: it is one linear layer.
        tie_word_embeddings: one matrix for both embeddings and the output (section 3.4).
        scale_embeddings: multiply embeddings by the square root of `hidden_size` (section 3.4).
        initializer_range: standard deviation of the initial embeddings of a model that does not scale them;
            see `TransformerPreTrainedModel` for everything else.
        use_cache: keep keys and values while generating.
        pad_token_id, bos_token_id, eos_token_id: as in the library.
        decoder_start_token_id: the token before a target's first one.

    Raises:
        huggingface_hub.errors.StrictDataclassError: for a value of the wrong type or range, and for values
            that exclude each other.
        TypeError: for an unknown keyword.
    """

    model_type = "toolkit-transformer"
    keys_to_ignore_at_inference = ["past_key_values"]  # noqa: RUF012, the library's form

    architecture: Literal["encoder", "decoder", "encoder-decoder"] = "encoder-decoder"
    vocab_size: int = interval(min=1)(default=37000)
    hidden_size: int = interval(min=1)(default=512)
    encoder_layers: int = interval(min=1)(default=6)
    decoder_layers: int = interval(min=1)(default=6)
    num_attention_heads: int = interval(min=1)(default=8)
    num_key_value_heads: int | None = None
    intermediate_size: int = interval(min=1)(default=2048)
    max_position_embeddings: int = interval(min=1)(default=512)
    position: Literal["sinusoidal", "learned", "rotary", "alibi", "none"] = "sinusoidal"
    rope_theta: float | int = 10000.0
    norm: Literal["post", "pre"] = "post"
    norm_type: Literal["layernorm", "rmsnorm"] = "layernorm"
    norm_eps: float | int = 1e-5
    activation: Literal["relu", "gelu", "swiglu"] = "relu"
    bias: bool = True
    sliding_window: int | None = None
    dropout: float | int = interval(min=0.0, max=1.0)(default=0.1)
    attention_dropout: float | int = interval(min=0.0, max=1.0)(default=0.0)
    activation_dropout: float | int = interval(min=0.0, max=1.0)(default=0.0)
    classifier_dropout: float | int | None = None
    classifier_pooling: Literal["mean", "cls", "last", "max"] | None = None
    classifier_hidden_size: int | None = None
    tie_word_embeddings: bool = True
    scale_embeddings: bool = True
    initializer_range: float | int = interval(min=0.0, max=1.0)(default=0.02)
    use_cache: bool = True
    pad_token_id: int | None = 0
    bos_token_id: int | None = 1
    eos_token_id: int | list[int] | None = 2
    decoder_start_token_id: int | None = 1

    @classmethod
    def from_preset(cls, name: str, **changes: Any) -> "TransformerConfig":
        """Build a configuration of a named size.

        Args:
            name: one of `PRESETS`.
            changes: fields with other values.

        Raises:
            ValueError: if there is no such preset.
        """
        if name not in PRESETS:
            raise ValueError(f"there is no preset {name!r}{_did_you_mean(name, PRESETS)}; one of {', '.join(PRESETS)}")
        return cls(**{**PRESETS[name], **changes})

    def __post_init__(self, **kwargs: Any) -> None:
        depth = kwargs.pop("num_hidden_layers", None)
        if self.transformers_version is None:  # else it comes from a file, perhaps of a later version of the library
            _refuse_unknown(kwargs)
        self.is_encoder_decoder = self.architecture == "encoder-decoder"
        if depth is not None:
            if self.is_encoder_decoder:
                raise ValueError(
                    f"num_hidden_layers={depth} leaves open which stack is meant where architecture is "
                    "'encoder-decoder'; write encoder_layers and decoder_layers"
                )
            self.num_hidden_layers = depth
        if self.num_key_value_heads is None:
            self.num_key_value_heads = self.num_attention_heads
        super().__post_init__(**kwargs)

    @property
    def num_hidden_layers(self) -> int:
        """Depth of the one stack; of an encoder-decoder the encoder's, as in BART."""
        return self.decoder_layers if self.architecture == "decoder" else self.encoder_layers

    @num_hidden_layers.setter
    def num_hidden_layers(self, depth: int) -> None:
        if self.architecture == "decoder":
            self.decoder_layers = depth
        else:
            self.encoder_layers = depth

    @property
    def head_dim(self) -> int:
        """Width of an attention head."""
        return self.hidden_size // self.num_attention_heads

    def validate_architecture(self) -> None:
        """Refuse sizes and choices that exclude each other, naming both keys."""
        heads, groups = self.num_attention_heads, self.num_key_value_heads
        if self.hidden_size % heads:
            raise ValueError(f"num_attention_heads={heads} does not divide hidden_size={self.hidden_size}")
        if groups is not None and (groups < 1 or heads % groups):
            raise ValueError(f"num_key_value_heads={groups} does not divide num_attention_heads={heads}")
        if self.position == "rotary" and self.head_dim % 2:
            raise ValueError(
                f"position='rotary' turns pairs of numbers, but hidden_size={self.hidden_size} over "
                f"num_attention_heads={heads} makes heads of {self.head_dim}; that number has to be even"
            )
        if self.position == "sinusoidal" and self.hidden_size % 2:
            raise ValueError(f"position='sinusoidal' needs an even hidden_size, found hidden_size={self.hidden_size}")
        if self.classifier_hidden_size is not None and self.classifier_hidden_size < 1:
            raise ValueError(f"classifier_hidden_size={self.classifier_hidden_size} is no width; 1 or more, or None")
        if self.sliding_window is not None and self.sliding_window < 2:
            raise ValueError(f"sliding_window={self.sliding_window} leaves nothing to see; 2 tokens or more, or None")

    def validate_token_ids(self) -> None:
        """Refuse special tokens outside of the vocabulary, and an encoder-decoder without a start token."""
        if self.architecture == "encoder-decoder" and self.decoder_start_token_id is None:
            raise ValueError("architecture='encoder-decoder' needs decoder_start_token_id, found None")
        for name in ("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"):
            value = getattr(self, name)
            for token in value if isinstance(value, list) else [value]:
                if token is not None and not 0 <= token < self.vocab_size:
                    raise ValueError(f"{name}={token} is outside of the vocabulary, vocab_size={self.vocab_size}")


def _refuse_unknown(keywords: dict[str, Any]) -> None:
    fields = {field.name for field in dataclasses.fields(TransformerConfig)}
    known = fields | _LIBRARY_KEYWORDS | set(GenerationConfig._get_default_generation_params())
    unknown = [name for name in keywords if name not in known and not name.startswith("_")]
    if unknown:
        faults = "; ".join(f"unknown keyword {name!r}{_did_you_mean(name, fields)}" for name in unknown)
        raise TypeError(f"{TransformerConfig.__name__}: {faults}")


def _did_you_mean(name: str, names: Any) -> str:
    nearest = difflib.get_close_matches(name, list(names), n=1)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""
