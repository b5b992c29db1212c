"""The configuration: the paper's model by default, and a clear sentence for whatever cannot be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.errors import StrictDataclassError
from tiny import ARCHITECTURES, tiny_config

from toolkit.transformer import PRESETS, TransformerConfig, TransformerForConditionalGeneration


def test_defaults_are_the_base_model_of_the_paper():
    """Table 3, first row; sections 3.4, 3.5 and 5.4 for what is not in it."""
    config = TransformerConfig()
    assert config.architecture == "encoder-decoder"
    assert (config.encoder_layers, config.decoder_layers) == (6, 6)
    assert (config.hidden_size, config.intermediate_size, config.num_attention_heads, config.head_dim) == (
        512,
        2048,
        8,
        64,
    )
    assert (config.dropout, config.vocab_size) == (0.1, 37000)
    assert (config.position, config.norm, config.norm_type, config.activation) == (
        "sinusoidal",
        "post",
        "layernorm",
        "relu",
    )
    assert config.tie_word_embeddings
    assert config.scale_embeddings
    assert config.bias
    assert config.is_encoder_decoder
    assert config.num_key_value_heads == 8
    assert config.sliding_window is None


@pytest.mark.parametrize(("preset", "millions"), [("base", 65), ("big", 213)])
def test_presets_of_the_paper_have_its_numbers_of_parameters(preset: str, millions: int):
    import torch

    with torch.device("meta"):
        model = TransformerForConditionalGeneration(TransformerConfig.from_preset(preset, vocab_size=37000))
    assert abs(model.num_parameters() / 1e6 / millions - 1) < 0.04


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_can_be_changed(preset: str):
    config = TransformerConfig.from_preset(preset, architecture="decoder", num_hidden_layers=5, dropout=0.25)
    assert config.hidden_size == PRESETS[preset]["hidden_size"]
    assert (config.decoder_layers, config.dropout) == (5, 0.25)


def test_an_unknown_preset():
    with pytest.raises(ValueError, match="no preset 'smal'; did you mean 'small'\\?; one of tiny, small, base, big"):
        TransformerConfig.from_preset("smal")


@pytest.mark.parametrize(("architecture", "field"), [("encoder", "encoder_layers"), ("decoder", "decoder_layers")])
def test_one_stack_has_one_depth(architecture: str, field: str):
    config = TransformerConfig(architecture=architecture, num_hidden_layers=3)
    assert getattr(config, field) == config.num_hidden_layers == 3
    config.num_hidden_layers = 4
    assert getattr(config, field) == 4
    assert not config.is_encoder_decoder


def test_one_depth_for_two_stacks_is_refused():
    with pytest.raises(ValueError, match=r"num_hidden_layers=3 leaves open .* write encoder_layers and decoder_layers"):
        TransformerConfig(num_hidden_layers=3)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("num_attention_head", "num_attention_heads"), ("positions", "position"), ("drop_out", "dropout")],
)
def test_an_unknown_keyword_is_told_with_the_nearest(wrong: str, right: str):
    with pytest.raises(TypeError, match=f"unknown keyword '{wrong}'; did you mean '{right}'\\?"):
        TransformerConfig(**{wrong: 1})


def test_all_unknown_keywords_are_told_at_once():
    with pytest.raises(TypeError, match=r"unknown keyword 'vocabsize'.*unknown keyword 'xyz'$"):
        TransformerConfig(vocabsize=3, xyz=1)


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"hidden_size": 100}, ["num_attention_heads=8", "hidden_size=100"]),
    ({"num_key_value_heads": 3}, ["num_key_value_heads=3", "num_attention_heads=8"]),
    ({"num_key_value_heads": 0}, ["num_key_value_heads=0", "num_attention_heads=8"]),
    ({"position": "rotary", "hidden_size": 24}, ["position='rotary'", "hidden_size=24", "num_attention_heads=8"]),
    ({"hidden_size": 25, "num_attention_heads": 5}, ["position='sinusoidal'", "hidden_size=25"]),
    ({"sliding_window": 0}, ["sliding_window=0"]),
    ({"sliding_window": 1}, ["sliding_window=1"]),
    ({"pad_token_id": 50, "vocab_size": 50}, ["pad_token_id=50", "vocab_size=50"]),
    ({"eos_token_id": [2, 99], "vocab_size": 50}, ["eos_token_id=99", "vocab_size=50"]),
    ({"decoder_start_token_id": None}, ["architecture='encoder-decoder'", "decoder_start_token_id"]),
    ({"dropout": 1.5}, ["dropout", "1.5"]),
    ({"dropout": -0.1}, ["dropout", "-0.1"]),
    ({"vocab_size": 0}, ["vocab_size", "0"]),
    ({"encoder_layers": 0}, ["encoder_layers", "0"]),
    ({"hidden_size": "512"}, ["hidden_size", "512"]),
    ({"position": "relative"}, ["position", "relative", "rotary"]),
    ({"architecture": "both"}, ["architecture", "both", "encoder-decoder"]),
    ({"activation": "tanh"}, ["activation", "tanh", "swiglu"]),
    ({"norm_type": "batchnorm"}, ["norm_type", "batchnorm", "rmsnorm"]),
]


@pytest.mark.parametrize(("settings", "words"), WRONG, ids=[str(settings) for settings, _ in WRONG])
def test_what_cannot_be_is_told_with_its_names(settings: dict[str, Any], words: list[str]):
    with pytest.raises(StrictDataclassError) as raised:
        TransformerConfig(**settings)
    told = f"{raised.value} {raised.value.__cause__}"
    assert all(word in told for word in words), told


def test_whole_numbers_are_fractions_too():
    config = TransformerConfig(dropout=0, attention_dropout=0, rope_theta=500, norm_eps=1)
    assert (config.dropout, config.rope_theta) == (0, 500)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_saved_and_loaded(architecture: str, tmp_path: Path):
    config = tiny_config(
        architecture,
        position="rotary",
        norm="pre",
        norm_type="rmsnorm",
        activation="swiglu",
        sliding_window=9,
        num_key_value_heads=2,
        classifier_dropout=0.3,
        id2label={0: "나쁨", 1: "좋음"},
    )
    config.save_pretrained(tmp_path)
    loaded = TransformerConfig.from_pretrained(tmp_path)
    assert loaded.to_dict() == config.to_dict() | {"_name_or_path": loaded.to_dict()["_name_or_path"]}
    assert loaded.id2label == {0: "나쁨", 1: "좋음"}
    saved = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert saved["model_type"] == "toolkit-transformer"
    assert saved.get("is_encoder_decoder", False) == (architecture == "encoder-decoder")
    TransformerConfig.from_dict(saved)


def test_a_faulty_file_is_refused(tmp_path: Path):
    tiny_config().save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    saved = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(saved | {"num_attention_heads": 5}), encoding="utf-8")
    with pytest.raises(StrictDataclassError, match="num_attention_heads=5 does not divide hidden_size=16"):
        TransformerConfig.from_pretrained(tmp_path)


@pytest.mark.parametrize(("encoder_layers", "decoder_layers"), [(1, 4), (4, 1)])
def test_the_library_finds_the_depth_of_each_side(encoder_layers: int, decoder_layers: int):
    config = tiny_config(encoder_layers=encoder_layers, decoder_layers=decoder_layers)
    assert config.get_text_config(decoder=True).num_hidden_layers == decoder_layers
    assert config.get_text_config(encoder=True).num_hidden_layers == encoder_layers
    assert config.num_hidden_layers == encoder_layers
    assert (config.encoder_layers, config.decoder_layers) == (encoder_layers, decoder_layers)
