"""Our encoder-decoder computes what Marian computes, with the weights of a random `MarianMTModel`."""

from __future__ import annotations

import re

import pytest
import torch
from tiny import VOCABULARY, assert_same, gradients, padded, random_sequences, randomise, tiny_config
from torch import Tensor
from transformers import MarianConfig, MarianMTModel

from toolkit.transformer import TransformerForConditionalGeneration
from toolkit.transformer.positions import sinusoids

START, END = 1, 2
TOLERANCE = 1e-6  # Marian computes the angles of its positions in float64
LENGTHS, TARGET_LENGTHS = [7, 3, 5], [4, 6, 2]
RENAMES = [
    (r"model\.shared\.", "model.encoder.embed_tokens."),
    (r"\.self_attn\.", ".self_attention."),
    (r"\.encoder_attn\.", ".cross_attention."),
    (r"\.out_proj\.", ".o_proj."),
    (r"\.fc1\.", ".feed_forward.up_proj."),
    (r"\.fc2\.", ".feed_forward.down_proj."),
    (r"\.self_attn_layer_norm\.", ".residuals.0.norm."),
    (r"\.encoder_attn_layer_norm\.", ".residuals.1.norm."),
    (r"(encoder\.layers\.\d+)\.final_layer_norm\.", r"\1.residuals.1.norm."),
    (r"(decoder\.layers\.\d+)\.final_layer_norm\.", r"\1.residuals.2.norm."),
]


def our_name(name: str) -> str:
    for pattern, replacement in RENAMES:
        name = re.sub(pattern, replacement, name)
    return name


@pytest.fixture(scope="module")
def marian() -> MarianMTModel:
    config = MarianConfig(
        vocab_size=VOCABULARY,
        d_model=16,
        encoder_layers=2,
        decoder_layers=3,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=24,
        decoder_ffn_dim=24,
        max_position_embeddings=40,
        activation_function="relu",
        scale_embedding=True,
        share_encoder_decoder_embeddings=True,
        dropout=0.0,
        pad_token_id=0,
        eos_token_id=END,
        forced_eos_token_id=None,
        decoder_start_token_id=START,
    )
    return randomise(MarianMTModel(config)).double().eval()


@pytest.fixture(scope="module")
def ours(marian: MarianMTModel) -> TransformerForConditionalGeneration:
    model = TransformerForConditionalGeneration(tiny_config(norm_eps=1e-5)).double().eval()
    weights = {our_name(name): parameter for name, parameter in marian.named_parameters()}
    weights = {name: weight for name, weight in weights.items() if "embed_positions" not in name}
    assert weights.keys() == dict(model.named_parameters()).keys()
    model.load_state_dict(weights, strict=False)
    return model


@pytest.fixture(scope="module")
def sources() -> dict[str, Tensor]:
    input_ids, mask = padded(random_sequences(LENGTHS))
    return {"input_ids": input_ids, "attention_mask": mask}


def test_logits_loss_and_gradients(marian: MarianMTModel, ours, sources: dict[str, Tensor]):
    labels, _ = padded(random_sequences(TARGET_LENGTHS, seed=9), value=-100)
    output, reference = ours(**sources, labels=labels), marian(**sources, labels=labels)
    real = labels != -100
    assert_same(output.logits[real], reference.logits[real], tolerance=TOLERANCE)
    assert_same(output.loss, reference.loss, tolerance=TOLERANCE)
    expected = {our_name(name): gradient for name, gradient in gradients(reference.loss, marian).items()}
    actual = gradients(output.loss, ours)
    assert len(actual) > 80
    assert_same(actual, {name: expected[name] for name in actual}, tolerance=TOLERANCE)


@pytest.mark.parametrize("num_beams", [1, 3])
def test_generation(marian: MarianMTModel, ours, sources: dict[str, Tensor], num_beams: int):
    settings = {"num_beams": num_beams, "max_new_tokens": 12, "min_new_tokens": 4, "repetition_penalty": 3.0}
    tokens, reference = ours.generate(**sources, **settings), marian.generate(**sources, **settings)
    assert tokens.tolist() == reference.tolist()
    assert len(set(tokens.flatten().tolist())) > 5
    assert tokens[:, 0].tolist() == [START] * len(LENGTHS)


def test_positions_are_those_of_marian(marian: MarianMTModel):
    table = marian.model.encoder.embed_positions.weight.float()
    assert_same(sinusoids(torch.arange(40)[None], 16)[0], table, tolerance=1e-5)
