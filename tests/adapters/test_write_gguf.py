"""Llama-like decoders as GGUF files: what transformers reads in them is the model, weights, tokenizer and template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from byte_level import SPLITTINGS, byte_level_tokenizer, speaking_model
from gguf import GGMLQuantizationType, GGUFReader, dequantize
from tokenizers import normalizers, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from toolkit.adapters import LocatedModel, OpenedModel, locate_model
from toolkit.adapters.convert_gguf import read_tokenizer
from toolkit.adapters.gguf_tokens import check_byte_level
from toolkit.adapters.write_gguf import check_llama_like, write_gguf
from toolkit.data.packaged import PACKAGED_MODELS, carried_path
from toolkit.errors import RecipeError
from toolkit.names import Task
from toolkit.tasks import room_of

TEXTS = ("The year 2026, isn't it?\n\n  x", "그 영화는 <|im_start|>좋다<|im_end|> 🙂", "e\u0301te\u0301 ABCdef 12345")


def opened(folder: Path) -> OpenedModel:
    return room_of(Task.TEXT_GENERATION).open(LocatedModel("tiny", folder))


def written(folder: Path, path: Path, weights: str = "F32") -> GGUFReader:
    model = opened(folder)
    check_llama_like(model)
    write_gguf(model, path, weights=GGMLQuantizationType[weights])
    return GGUFReader(path)


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model(torch.arange(40).reshape(2, 20) * 5).logits


@pytest.mark.parametrize("name", ["llama", "mistral", "qwen2", "qwen3"])
def test_the_library_reads_the_same_model(name: str, tmp_path: Path):
    """By the file alone, but for the lengths of heads that the library does not look for in Qwen 3's."""
    wanted = speaking_model(name, tmp_path / "model")
    written(tmp_path / "model", tmp_path / "model.gguf")
    given = {"config": wanted.config} if name == "qwen3" else {}
    read = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf", dtype=torch.float32, **given)
    assert torch.equal(logits(read), logits(wanted))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("weights", ["F16", "Q8_0"])
def test_rounded_weights_are_those_rounded_by_hand(weights: str, tied: bool, tmp_path: Path):
    wanted = speaking_model("llama", tmp_path / "model", tie_word_embeddings=tied)
    reader = written(tmp_path / "model", tmp_path / "model.gguf", weights)
    kinds = {tensor.name: tensor.tensor_type.name for tensor in reader.tensors}
    assert ("output.weight" in kinds) is not tied
    assert {kind for name, kind in kinds.items() if "norm" in name} == {"F32"}
    assert kinds["token_embd.weight"] == kinds["blk.0.attn_q.weight"] == weights
    assert kinds["blk.0.ffn_down.weight"] == "F16"  # 80 columns are no whole blocks of 32
    with torch.no_grad():
        for name, values in wanted.named_parameters():
            if values.ndim == 2:
                values.copy_(by_blocks(values) if weights == "Q8_0" and "down" not in name else values.half())
    read = AutoModelForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf", dtype=torch.float32)
    torch.testing.assert_close(logits(read), logits(wanted), rtol=0, atol=1e-5)


def by_blocks(values: torch.Tensor) -> torch.Tensor:
    """Round numbers to whole parts of the largest one of 32: that is 127 parts, a number of half precision."""
    blocks = values.reshape(-1, 32)
    part = blocks.abs().amax(dim=1, keepdim=True).clamp_min(1e-9) / 127
    return ((blocks / part).round() * part.half()).reshape(values.shape)


def test_the_header_says_what_llama_cpp_asks_for(tmp_path: Path):
    model = speaking_model("mistral", tmp_path / "model", sliding_window=32, vocab_size=320)
    fields = {key: field.contents() for key, field in written(tmp_path / "model", tmp_path / "m.gguf").fields.items()}
    assert fields["general.architecture"] == "llama"
    assert fields["llama.context_length"] == 32  # beyond its window it would see too much
    assert (fields["llama.attention.key_length"], fields["llama.rope.dimension_count"]) == (16, 16)
    assert fields["llama.rope.freq_base"] == model.config.rope_parameters["rope_theta"] == 5000.0
    assert fields["general.file_type"] == 0
    tokens = fields["tokenizer.ggml.tokens"]
    assert (len(tokens), tokens[-1]) == (320, "[PAD319]")
    assert [fields["tokenizer.ggml.token_type"][index] for index in (0, 5, 319)] == [3, 1, 5]
    assert tokens[fields["tokenizer.ggml.eos_token_id"]] == "<|im_end|>"
    assert tokens[fields["tokenizer.ggml.eot_token_id"]] == "<|endoftext|>"  # generation ends there, too
    assert "<|im_start|>" in fields["tokenizer.chat_template"]
    assert not fields["tokenizer.ggml.add_bos_token"]


@pytest.mark.parametrize("splitting", SPLITTINGS)
@pytest.mark.parametrize("begins", [False, True])
def test_the_library_reads_the_same_tokenizer(splitting: str, begins: bool, tmp_path: Path):
    speaking_model("llama", tmp_path / "model", splitting=splitting, begins=begins)
    reader = written(tmp_path / "model", tmp_path / "model.gguf")
    usual = AutoTokenizer.from_pretrained(tmp_path / "model")
    name = reader.fields["tokenizer.ggml.pre"].contents()
    assert (name in ("llama3", "llama-bpe")) == (splitting == "llama-bpe")
    read = read_tokenizer(tmp_path / "model.gguf", splitting=name)
    assert [read(text)["input_ids"] for text in TEXTS] == [usual(text)["input_ids"] for text in TEXTS]
    assert (usual("a")["input_ids"][0] == usual.bos_token_id) is begins
    chat = [{"role": "user", "content": "안녕"}]
    assert read.apply_chat_template(chat, return_dict=False) == usual.apply_chat_template(chat, return_dict=False)


def test_each_splitting_has_a_name_of_its_own():
    found = [check_byte_level(byte_level_tokenizer(splitting), name="tiny") for splitting in SPLITTINGS]
    assert found == ["gpt-2", "smollm", "llama3", "qwen2", "tekken"]


def test_slowed_rotations_of_llama_3_are_written(tmp_path: Path):
    """Each frequency divided by its number is that of the model, which is how llama.cpp turns."""
    slowed = {"rope_type": "llama3", "rope_theta": 5000.0, "factor": 8.0, "low_freq_factor": 1.0}
    slowed |= {"high_freq_factor": 4.0, "original_max_position_embeddings": 64}
    model = speaking_model("llama", tmp_path / "model", rope_parameters=slowed)
    tensors = {tensor.name: tensor.data for tensor in written(tmp_path / "model", tmp_path / "m.gguf").tensors}
    usual = 5000.0 ** -(np.arange(8) / 8)
    assert tensors["rope_freqs.weight"].max() == pytest.approx(8.0)
    np.testing.assert_allclose(usual / tensors["rope_freqs.weight"], model.model.rotary_emb.inv_freq, rtol=1e-6)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"hidden_act": "relu"}, "silu, not 'relu'"),
        ({"rope_parameters": {"rope_type": "yarn", "rope_theta": 5e3, "factor": 2.0}}, "by 'yarn'"),
    ],
)
def test_what_llama_cpp_computes_otherwise_is_refused(changed: dict[str, Any], told: str, tmp_path: Path):
    speaking_model("llama", tmp_path / "model", **changed)
    with pytest.raises(RecipeError, match=told):
        check_llama_like(opened(tmp_path / "model"))


def test_tokenizers_without_a_form_in_the_file_are_refused():
    other = byte_level_tokenizer("gpt-2")
    other.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    with pytest.raises(RecipeError, match=r"no name for; it has: gpt-2, smollm, .*qwen2"):
        check_byte_level(other, name="tiny")
    other = byte_level_tokenizer("gpt-2")
    other.backend_tokenizer.normalizer = normalizers.Lowercase()
    with pytest.raises(RecipeError, match=r"model tiny: gguf is for tokenizers that merge bytes"):
        check_byte_level(other, name="tiny")


def test_biases_of_queries_are_turned_with_them(tmp_path: Path):
    """Seen through the graph: the model's own configuration reads them back."""
    wanted = speaking_model("llama", tmp_path / "model", attention_bias=True)
    written(tmp_path / "model", tmp_path / "model.gguf")
    config = LlamaConfig.from_pretrained(tmp_path / "model")
    read = LlamaForCausalLM.from_pretrained(tmp_path, gguf_file="model.gguf", dtype=torch.float32, config=config)
    assert torch.equal(logits(read), logits(wanted))


def test_smollm2_is_written_as_its_publishers_wrote_it(tmp_path: Path):
    """Name by name what the packaged file has: all of its tokenizer, and of its weights the first two layers."""
    published = GGUFReader(carried_path(PACKAGED_MODELS["smollm2"].carrier))
    whole = room_of(Task.TEXT_GENERATION).open(locate_model("packaged:smollm2"))
    model: Any = whole.model
    model.config.num_hidden_layers, model.model.layers = 2, model.model.layers[:2]
    write_gguf(whole, tmp_path / "model.gguf", weights=GGMLQuantizationType.F16)
    ours = GGUFReader(tmp_path / "model.gguf")
    fields = {key: field.contents() for key, field in published.fields.items() if key not in CHANGED}
    assert {key: ours.fields[key].contents() for key in fields} == fields
    tensors = {tensor.name: tensor for tensor in published.tensors}
    assert {tensor.name for tensor in ours.tensors} == {
        name for name in tensors if name.startswith(("blk.0.", "blk.1.")) or not name.startswith("blk.")
    }
    for tensor in ours.tensors:
        values = dequantize(tensors[tensor.name].data, tensors[tensor.name].tensor_type)
        assert np.array_equal(tensor.data, values.astype(tensor.data.dtype)), tensor.name


ABOUT = ("type", "name", "organization", "finetune", "basename", "size_label", "license", "languages", "file_type")
CHANGED = {"GGUF.tensor_count", "GGUF.kv_count", "llama.block_count", *(f"general.{key}" for key in ABOUT)}
