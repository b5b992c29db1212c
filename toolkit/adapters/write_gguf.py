"""A Llama-like decoder as a GGUF file, llama.cpp's format; `toolkit.adapters.convert_gguf` is the way back."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import (
    GGML_QUANT_SIZES,
    GGML_QUANT_VERSION,
    MODEL_ARCH,
    MODEL_ARCH_NAMES,
    GGMLQuantizationType,
    GGUFWriter,
    LlamaFileType,
    RopeScalingType,
    get_tensor_name_map,
    quantize,
)
from numpy.typing import NDArray

from toolkit.adapters.gguf_tokens import check_byte_level, write_tokenizer
from toolkit.adapters.opened import OpenedModel
from toolkit.adapters.writing import ends_of
from toolkit.errors import RecipeError

ARCHITECTURES = {
    "llama": MODEL_ARCH.LLAMA,
    "mistral": MODEL_ARCH.LLAMA,
    "qwen2": MODEL_ARCH.QWEN2,
    "qwen3": MODEL_ARCH.QWEN3,
}
"""Types of models whose graph llama.cpp has without further settings, by the library's names."""

FILE_TYPES = {
    GGMLQuantizationType.F32: LlamaFileType.ALL_F32,
    GGMLQuantizationType.F16: LlamaFileType.MOSTLY_F16,
    GGMLQuantizationType.Q8_0: LlamaFileType.MOSTLY_Q8_0,
}
"""Forms of the weights."""


def check_llama_like(opened: OpenedModel) -> None:
    """Refuse a model that cannot be written, before anything is.

    Raises:
        RecipeError: its type, rotation, activation or tokenizer has no form in these files; with those that have.
    """
    model: Any = opened.model
    config, where = model.config, f"model {opened.name}"
    if config.model_type not in ARCHITECTURES or model.get_output_embeddings() is None:
        raise RecipeError(
            f"gguf is for models that write, of the types {', '.join(ARCHITECTURES)}; this is a {type(model).__name__}",
            where=where,
        )
    rotation, is_llama = _rotation(config)["rope_type"], ARCHITECTURES[config.model_type] is MODEL_ARCH.LLAMA
    if rotation not in ("default", "linear") and not (rotation == "llama3" and is_llama):
        raise RecipeError(f"llama.cpp does not scale positions of this type of model by {rotation!r}", where=where)
    if config.hidden_act not in ("silu", "swish"):
        raise RecipeError(f"llama.cpp computes this type of model with silu, not {config.hidden_act!r}", where=where)
    check_byte_level(opened.tokenizer, name=opened.name)


def write_gguf(opened: OpenedModel, path: Path, *, weights: GGMLQuantizationType) -> None:
    """Write hyperparameters, tokenizer and weights.

    Args:
        opened: what `check_llama_like` lets pass; stays as it is.
        path: of the file.
        weights: a key of `FILE_TYPES`; vectors, and matrices whose rows are no whole blocks, stay more exact.
    """
    model: Any = opened.model.to("cpu")  # type: ignore[arg-type]
    architecture = ARCHITECTURES[model.config.model_type]
    with closing(GGUFWriter(path, MODEL_ARCH_NAMES[architecture])) as writer:
        _write_shape(writer, model.config)
        writer.add_file_type(FILE_TYPES[weights])
        writer.add_quantization_version(GGML_QUANT_VERSION)
        splitting, n_rows = check_byte_level(opened.tokenizer, name=opened.name), model.config.vocab_size
        write_tokenizer(writer, opened.tokenizer, splitting=splitting, n_rows=n_rows)
        others = sorted(ends_of(opened) - {opened.tokenizer.eos_token_id})
        for add, index in zip((writer.add_eot_token_id, writer.add_eom_token_id), others, strict=False):
            add(index)
        _write_tensors(writer, model, architecture, weights)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()


def _write_shape(writer: GGUFWriter, config: Any) -> None:
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    slides = "sliding_attention" in (getattr(config, "layer_types", None) or ["sliding_attention"])
    window = getattr(config, "sliding_window", None) if slides else None
    # Within the window nothing slides, and beyond it llama.cpp would not let it.
    writer.add_context_length(min(config.max_position_embeddings, window or config.max_position_embeddings))
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_key_length(head_dim)
    writer.add_value_length(head_dim)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_vocab_size(config.vocab_size)
    rotation = _rotation(config)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(rotation["rope_theta"])
    if rotation["rope_type"] == "linear":
        writer.add_rope_scaling_type(RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(rotation["factor"])


def _write_tensors(writer: GGUFWriter, model: Any, architecture: MODEL_ARCH, weights: GGMLQuantizationType) -> None:
    config, names = model.config, get_tensor_name_map(architecture, model.config.num_hidden_layers)
    heads = {"q_proj": config.num_attention_heads, "k_proj": config.num_key_value_heads}
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        written = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if written is None:
            raise RecipeError(f"gguf has no name for its weights {name}", where="--format")
        values = tensor.float().numpy()
        n_heads = heads.get(name.split(".")[-2])
        if architecture is MODEL_ARCH.LLAMA and n_heads is not None:
            values = _neighbouring(values, n_heads)
        form = _form_of(values, weights)
        writer.add_tensor(written, quantize(values, form), raw_dtype=form)
    if _rotation(config)["rope_type"] == "llama3":
        writer.add_tensor("rope_freqs.weight", _slowing(model), raw_dtype=GGMLQuantizationType.F32)


def _neighbouring(values: NDArray[np.float32], n_heads: int) -> NDArray[np.float32]:
    """Return rows of queries or keys in llama.cpp's order.

    It turns neighbouring rows of a head together, the library rows that are half a head apart.

    Args:
        values: ``[n_heads * head_dim, dim]``, or without ``dim``.
        n_heads: of queries or of keys.
    """
    pairs = values.reshape(n_heads, 2, values.shape[0] // n_heads // 2, *values.shape[1:])
    return np.ascontiguousarray(pairs.swapaxes(1, 2).reshape(values.shape))


def _form_of(values: NDArray[np.float32], wanted: GGMLQuantizationType) -> GGMLQuantizationType:
    """Return the form in which weights are written: vectors are small and stay exact, as llama.cpp wants them."""
    if values.ndim < 2:
        return GGMLQuantizationType.F32
    block, _ = GGML_QUANT_SIZES[wanted]
    return wanted if values.shape[-1] % block == 0 else GGMLQuantizationType.F16


def _slowing(model: Any) -> NDArray[np.float32]:
    """Return by how much each frequency of the rotation is slowed, ``[head_dim / 2]``: what Llama 3.1 scales."""
    found: torch.Tensor = next(module.inv_freq for module in model.modules() if hasattr(module, "inv_freq"))
    turning = found.double().numpy()
    usual = _rotation(model.config)["rope_theta"] ** -(np.arange(len(turning)) / len(turning))
    return np.asarray(usual / turning, dtype=np.float32)


def _rotation(config: Any) -> dict[str, Any]:
    return dict(config.rope_parameters)
