"""Warm start of an encoder-decoder from two copies of a pretrained encoder, "BERT2BERT".

See Rothe et al. 2020 (https://arxiv.org/abs/1907.12461). Both halves have the encoder's weights; the decoder's
self-attention becomes causal. Its cross-attention and the transformation before its output layer are initialised at
random, from a fixed seed.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
import transformers
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertLMHeadModel,
    BertModel,
    EncoderDecoderConfig,
    EncoderDecoderModel,
    GenerationConfig,
    PreTrainedTokenizerBase,
)

from toolkit.adapters.model_cache import made_once
from toolkit.adapters.quiet import quiet_library
from toolkit.cache import file_digest
from toolkit.errors import IntegrityError

_FORM = 1  # version of the folders made here; a higher number makes them again
_SEED = 0
_CROSS_ATTENTION = "crossattention"


def warm_started(encoder: Path, *, name: str) -> Path:
    """Return the folder of an encoder-decoder with the weights of a BERT; make it the first time.

    Args:
        encoder: folder of the BERT.
        name: of the new model.

    Raises:
        IntegrityError: if the BERT's files are damaged.
        ResourceError: if the cache folder cannot be written.
    """
    try:
        digest = file_digest(encoder / "model.safetensors")
    except OSError as error:
        raise IntegrityError(f"its weights cannot be read: {error.strerror}", where=f"model {name}") from error
    return made_once(
        f"{name.rpartition(':')[2]}-{digest}-{_FORM}-transformers-{transformers.__version__}",
        lambda folder: _make(encoder, folder, name=name),
        doing=f"making {name} from its encoder",
    )


def _make(encoder: Path, folder: Path, *, name: str) -> None:
    try:
        with quiet_library():
            pretrained = BertModel.from_pretrained(str(encoder), dtype=torch.float32, use_safetensors=True)
            tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(str(encoder), trust_remote_code=False)
    except Exception as error:  # damaged files raise errors of every kind
        first_line = str(error).strip().split("\n")[0]
        raise IntegrityError(f"its encoder cannot be opened: {first_line}", where=f"model {name}") from error
    tokenizer.backend_tokenizer.no_truncation()  # a sentence encoder's file may truncate and pad to its own length
    tokenizer.backend_tokenizer.no_padding()
    # BERT has no begin and end tokens; these two are at the begin and the end of its texts already.
    tokenizer.bos_token, tokenizer.eos_token = tokenizer.cls_token, tokenizer.sep_token
    model = _encoder_decoder(pretrained, tokenizer)
    with quiet_library():
        model.save_pretrained(str(folder))
        tokenizer.save_pretrained(str(folder))


def _encoder_decoder(pretrained: BertModel, tokenizer: PreTrainedTokenizerBase) -> EncoderDecoderModel:
    settings = pretrained.config.to_dict()
    settings.pop("_name_or_path", None)  # a path of this machine
    own = {"is_decoder": True, "add_cross_attention": True, "tie_word_embeddings": True}
    ids = {
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "decoder_start_token_id": tokenizer.bos_token_id,
    }
    config = EncoderDecoderConfig.from_encoder_decoder_configs(
        BertConfig.from_dict(settings),
        BertConfig.from_dict({**settings, **own}),
        tie_word_embeddings=True,
        vocab_size=settings["vocab_size"],
        **ids,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_SEED)
        model = EncoderDecoderModel(config)
    weights = pretrained.state_dict()
    encoder, decoder = model.encoder, cast(BertLMHeadModel, model.decoder).bert
    encoder.load_state_dict(weights)
    decoder.load_state_dict(
        {key: start if _CROSS_ATTENTION in key else weights[key] for key, start in decoder.state_dict().items()}
    )
    model.tie_weights()
    model.generation_config = GenerationConfig(**ids)  # type: ignore[no-untyped-call]
    return model
