"""Training: loss, gradients, initial weights, checkpointing, half precision."""

from __future__ import annotations

import math

import pytest
import torch
from tiny import (
    ARCHITECTURES,
    HEADS,
    assert_same,
    batch_of,
    gradients,
    random_tokens,
    tiny_config,
    tiny_model,
)

from toolkit.transformer import TransformerForConditionalGeneration
from toolkit.transformer import attention as attention_file

# Loss


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_loss_by_hand(architecture: str):
    model = tiny_model(architecture)
    batch = batch_of(architecture)
    output = model(**batch)
    wanted = batch["labels"]
    logits = output.logits
    if architecture == "decoder":
        wanted, logits = wanted[:, 1:], logits[:, :-1]
    losses = [
        -math.log(logits[row, column].softmax(-1)[wanted[row, column]].item())
        for row, column in (wanted != -100).nonzero().tolist()
    ]
    assert_same(output.loss.item(), sum(losses) / len(losses), tolerance=1e-7)
    by_items = model(**batch, num_items_in_batch=torch.tensor(50)).loss
    assert_same(by_items.item(), sum(losses) / 50, tolerance=1e-7)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_ignored_labels_and_padding_change_nothing(architecture: str):
    model = tiny_model(architecture)
    batch = batch_of(architecture)
    before = gradients(model(**batch).loss, model)
    columns = (0, 3)
    wider = {
        "input_ids": torch.nn.functional.pad(batch["input_ids"], columns),
        "attention_mask": torch.nn.functional.pad(batch["attention_mask"], columns),
        "labels": torch.nn.functional.pad(batch["labels"], columns, value=-100),
    }
    assert_same(gradients(model(**wider).loss, model), before)


def test_the_decoder_reads_the_targets_shifted():
    model = tiny_model()
    labels = torch.tensor([[7, 8, 2], [9, 2, -100]])
    expected = torch.tensor([[1, 7, 8], [1, 9, 2]])
    assert torch.equal(model.prepare_decoder_input_ids_from_labels(labels), expected)
    source = random_tokens(2, 4)
    assert_same(
        model(input_ids=source, labels=labels).logits, model(input_ids=source, decoder_input_ids=expected).logits
    )


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_some_logits_only(architecture: str):
    model = tiny_model(architecture)
    batch = batch_of(architecture)
    whole = model(**batch).logits
    settings = {name: value for name, value in batch.items() if name != "labels"}
    if architecture == "encoder-decoder":
        settings["decoder_input_ids"] = model.prepare_decoder_input_ids_from_labels(batch["labels"])
    assert_same(model(**settings, logits_to_keep=2).logits, whole[:, -2:])
    places = torch.tensor([0, 3])
    assert_same(model(**settings, logits_to_keep=places).logits, whole[:, places])


# Gradient checkpointing, recorded states


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("reentrant", [False, True])
def test_checkpointed_gradients_are_plain_gradients(architecture: str, dropout: float, reentrant: bool):
    model = tiny_model(architecture, dropout=dropout, attention_dropout=dropout, position="rotary").train()
    batch = batch_of(architecture)
    torch.manual_seed(3)
    plain = gradients(model(**batch).loss, model)
    model.activation_checkpointing_enable({"use_reentrant": reentrant})
    calls = []
    layer = next(module for name, module in model.named_modules() if name.endswith("layers.0"))
    layer.feed_forward.register_forward_hook(lambda *_: calls.append(1))
    torch.manual_seed(3)
    assert_same(gradients(model(**batch).loss, model), plain)
    assert len(calls) == 2


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_hidden_states_are_layers_and_one(norm: str):
    outputs = tiny_model(norm=norm)(**batch_of("encoder-decoder"), output_hidden_states=True)
    assert len(outputs.encoder_hidden_states) == 3
    assert len(outputs.decoder_hidden_states) == 4
    assert_same(outputs.encoder_hidden_states[-1], outputs.encoder_last_hidden_state)
    assert len(tiny_model("encoder", norm=norm)(**batch_of("encoder"), output_hidden_states=True).hidden_states) == 3
    assert len(tiny_model("decoder", norm=norm)(**batch_of("decoder"), output_hidden_states=True).hidden_states) == 4


def test_a_tuple_on_demand():
    model = tiny_model()
    batch = batch_of("encoder-decoder")
    assert torch.equal(model(**batch, return_dict=False)[1], model(**batch).logits)


# Initial weights


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_seed_decides_all_weights(architecture: str):
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(HEADS[architecture](tiny_config(architecture, position="learned")).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not torch.equal(states[0]["lm_head.weight"], states[2]["lm_head.weight"])


@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("tie", [True, False])
def test_how_weights_start(scale: bool, tie: bool):
    config = tiny_config(hidden_size=64, vocab_size=500, scale_embeddings=scale, tie_word_embeddings=tie)
    torch.manual_seed(0)
    model = TransformerForConditionalGeneration(config)
    weight = model.model.encoder.embed_tokens.weight
    assert abs(weight.std().item() / (64**-0.5 if scale else 0.02) - 1) < 0.03
    assert (model.lm_head.weight is weight) == tie
    assert (model.model.decoder.embed_tokens.weight is weight) == tie
    up = model.model.encoder.layers[0].feed_forward.up_proj
    limit = math.sqrt(6 / sum(up.weight.shape))
    assert 0.97 * limit < up.weight.abs().max() <= limit
    assert not up.bias.any()
    logits = model(input_ids=random_tokens(4, 9), decoder_input_ids=random_tokens(4, 9)).logits
    assert 0.3 < logits.std() < 3 or not scale


# Learning


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("style", ["paper", "modern"])
def test_one_batch_is_learned_by_heart(architecture: str, style: str):
    modern = {"position": "rotary", "norm": "pre", "norm_type": "rmsnorm", "activation": "swiglu", "bias": False}
    torch.manual_seed(0)
    model = HEADS[architecture](tiny_config(architecture, **(modern if style == "modern" else {})))
    batch = batch_of(architecture)
    if architecture == "encoder":
        hidden = torch.arange(batch["input_ids"].shape[1]) % 3 == 1
        batch["labels"] = batch["labels"].where(hidden, -100)
        batch["input_ids"] = batch["input_ids"].masked_fill(hidden & (batch["labels"] != -100), 4)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(80):
        loss = model(**batch).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 2.5
    assert losses[-1] < 0.05


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("position", ["rotary", "alibi"])
@pytest.mark.parametrize("is_long", [False, True])
def test_half_precision_is_near(architecture: str, position: str, is_long: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attention_file, "SHORT_ON_CPU", 0 if is_long else 10_000)
    torch.manual_seed(0)
    model = HEADS[architecture](tiny_config(architecture, position=position))
    batch = batch_of(architecture)
    exact = model(**batch)
    exact_gradients = gradients(exact.loss, model)
    with torch.autocast("cpu", torch.bfloat16):
        near = model(**batch)
    assert near.logits.dtype == torch.bfloat16
    assert near.loss.dtype == torch.float32
    real = batch["labels"] != -100
    assert (near.logits.float() - exact.logits)[real].abs().max() < 0.05 * exact.logits[real].abs().max()
    assert abs(near.loss.item() - exact.loss.item()) < 0.02
    ours, theirs = (
        torch.cat([gradient.flatten() for gradient in each.values()])
        for each in (gradients(near.loss, model), exact_gradients)
    )
    assert torch.cosine_similarity(ours, theirs, dim=0) > 0.99


def test_dropout_is_for_training_alone_and_follows_the_seed():
    model = tiny_model(dropout=0.5, attention_dropout=0.2, activation_dropout=0.2)
    batch = batch_of("encoder-decoder")
    quiet = model(**batch).loss
    assert torch.equal(quiet, model(**batch).loss)
    model.train()
    noisy = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        noisy.append(model(**batch).loss.item())
    assert noisy[0] == noisy[1] != noisy[2]
    assert quiet.item() not in noisy
