"""Our decoder, with the modern parts chosen, computes what Llama computes with the same weights."""

from __future__ import annotations

import re

import pytest
from tiny import VOCABULARY, assert_same, gradients, padded, random_sequences, random_tokens, randomise, tiny_config
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from toolkit.transformer import TransformerForCausalLM

TOLERANCE = 1e-5  # Llama computes its norms and softmax in float32
RENAMES = [
    (r"^model\.", "model.decoder."),
    (r"\.self_attn\.", ".self_attention."),
    (r"\.mlp\.", ".feed_forward."),
    (r"\.input_layernorm\.", ".residuals.0.norm."),
    (r"\.post_attention_layernorm\.", ".residuals.1.norm."),
]


def our_name(name: str) -> str:
    for pattern, replacement in RENAMES:
        name = re.sub(pattern, replacement, name)
    return name


@pytest.fixture(scope="module", params=[True, False], ids=["tied", "untied"])
def models(request: pytest.FixtureRequest) -> tuple[TransformerForCausalLM, LlamaForCausalLM]:
    theirs = randomise(
        LlamaForCausalLM(
            LlamaConfig(
                vocab_size=VOCABULARY,
                hidden_size=16,
                intermediate_size=24,
                num_hidden_layers=3,
                num_attention_heads=4,
                num_key_value_heads=2,
                rms_norm_eps=1e-6,
                rope_parameters={"rope_type": "default", "rope_theta": 500.0},
                tie_word_embeddings=request.param,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
            )
        )
    ).eval()
    config = tiny_config(
        "decoder",
        num_key_value_heads=2,
        position="rotary",
        rope_theta=500.0,
        norm="pre",
        norm_type="rmsnorm",
        norm_eps=1e-6,
        activation="swiglu",
        bias=False,
        scale_embeddings=False,
        tie_word_embeddings=request.param,
    )
    ours = TransformerForCausalLM(config).eval()
    weights = {our_name(name): parameter for name, parameter in theirs.named_parameters()}
    assert weights.keys() == dict(ours.named_parameters()).keys()
    ours.load_state_dict(weights, strict=False)
    return ours, theirs


def logits_loss_and_gradients(model: nn.Module):
    input_ids, mask = padded(random_sequences([9, 4, 6]))
    labels = input_ids.masked_fill(mask == 0, -100)
    output = model(input_ids=input_ids, attention_mask=mask, labels=labels)
    return output.logits[mask.bool()], output.loss, gradients(output.loss, model)


def test_logits_loss_and_gradients(models):
    ours, theirs = map(logits_loss_and_gradients, models)
    assert_same(ours[0], theirs[0], tolerance=TOLERANCE)
    assert_same(ours[1], theirs[1], tolerance=TOLERANCE)
    assert_same(ours[2], {our_name(name): tensor for name, tensor in theirs[2].items()}, tolerance=TOLERANCE)


def test_loss_with_the_items_of_a_larger_batch(models):
    tokens = random_tokens(2, 6)
    ours, theirs = (model(input_ids=tokens, labels=tokens, num_items_in_batch=23).loss for model in models)
    assert_same(ours, theirs, tolerance=TOLERANCE)


@pytest.mark.parametrize("num_beams", [1, 3])
@pytest.mark.parametrize("use_cache", [True, False])
def test_generation_from_padded_prompts(models, num_beams: int, use_cache: bool):
    input_ids, mask = padded(random_sequences([5, 2, 8]), side="left")
    ours, theirs = (
        model.generate(
            input_ids=input_ids,
            attention_mask=mask,
            num_beams=num_beams,
            use_cache=use_cache,
            max_new_tokens=10,
            min_new_tokens=5,
            do_sample=False,
        )
        for model in models
    )
    assert ours.tolist() == theirs.tolist()
