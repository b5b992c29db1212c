"""Attention: its gradient against numbers, its implementations against each other, its masks against masks by hand."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from tiny import (
    ARCHITECTURES,
    POSITIONS,
    assert_same,
    gradients,
    padded,
    random_sequences,
    random_tokens,
    randomise,
    tiny_config,
    tiny_model,
)
from torch import Tensor

from toolkit.transformer import attention as attention_file
from toolkit.transformer.attention import TransformerAttention, eager_attention_forward
from toolkit.transformer.layout import Layout
from toolkit.transformer.packing import PackedSide, Packing
from toolkit.transformer.positions import alibi_bias, alibi_slopes, rotation

LENGTHS, TARGET_LENGTHS = [6, 2, 5], [3, 5, 1]


def states(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def inputs_of(architecture: str, lengths: list[int], target_lengths: list[int]) -> dict[str, Tensor]:
    input_ids, mask = padded(random_sequences(lengths))
    if architecture != "encoder-decoder":
        return {"input_ids": input_ids, "attention_mask": mask}
    targets, target_mask = padded(random_sequences(target_lengths, seed=50))
    names = ("input_ids", "attention_mask", "decoder_input_ids", "decoder_attention_mask")
    return dict(zip(names, (input_ids, mask, targets, target_mask), strict=True))


def real_logits(model: Any, inputs: dict[str, Tensor]) -> Tensor:
    mask = inputs.get("decoder_attention_mask", inputs["attention_mask"]).bool()
    return model(**inputs).logits[mask]


# The gradient


@pytest.mark.parametrize("kind", ["encoder", "decoder"])
@pytest.mark.parametrize("position", ["none", "rotary", "alibi"])
@pytest.mark.parametrize("window", [None, 2])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_gradient_of_self_attention(kind: str, position: str, window: int | None, attention: str):
    config = tiny_config(kind, position=position, sliding_window=window, num_key_value_heads=2, hidden_size=8)
    config._attn_implementation = attention
    module = randomise(TransformerAttention(config, 0, is_causal=kind == "decoder").double())
    tokens = states(2, 4, 8).requires_grad_()
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    layout = Layout.of(config, tokens.detach(), "q", {}, attention_mask=mask, position_ids=None)
    settings = layout.attention_settings(config, {}, causal=kind == "decoder")
    weights = list(module.parameters())

    def attend(tokens: Tensor, *_: Tensor) -> Tensor:
        return module(tokens, **settings)[0][mask.bool()]

    assert torch.autograd.gradcheck(attend, (tokens, *weights))


@pytest.mark.parametrize("is_packed", [False, True])
def test_gradient_of_attention_to_the_encoder(is_packed: bool):
    config = tiny_config(hidden_size=8)
    config._attn_implementation = "sdpa"
    module = randomise(TransformerAttention(config, 0, is_causal=False).double())
    settings: dict[str, Any] = {"attention_mask": torch.tensor([[1, 1, 1], [1, 0, 0]]).bool()[:, None, None, :]}
    tokens, memory = states(2, 2, 8), states(2, 3, 8, seed=1)
    if is_packed:
        queries = PackedSide.of(torch.tensor([0, 2, 3]), 2, 3)
        keys = PackedSide.of(torch.tensor([0, 1, 4]), 3, 4)
        settings = {"attention_mask": keys.mask[:, None, None, :], "packing": Packing(queries, keys)}
        tokens, memory = states(1, 3, 8), states(1, 4, 8, seed=1)

    def attend(tokens: Tensor, memory: Tensor, *_: Tensor) -> Tensor:
        return module(tokens, memory, **settings)[0]

    inputs = (tokens.requires_grad_(), memory.requires_grad_(), *module.parameters())
    assert torch.autograd.gradcheck(attend, inputs)


def test_weights_of_attention_are_a_softmax_by_hand():
    query, key, value = (states(1, 2, 3, 4, seed=seed) for seed in range(3))
    module = TransformerAttention(tiny_config("encoder"), 0, is_causal=False)
    output, weights = eager_attention_forward(module, query, key, value, None, scaling=0.5)
    for head, row in itertools.product(range(2), range(3)):
        powers = [float(torch.exp(0.5 * query[0, head, row] @ key[0, head, column])) for column in range(3)]
        by_hand = torch.tensor([power / sum(powers) for power in powers], dtype=torch.float64)
        assert_same(weights[0, head, row], by_hand)
        assert_same(output[0, row, head], by_hand @ value[0, head])


# Implementations


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("window", [None, 3])
def test_eager_is_sdpa(architecture: str, position: str, window: int | None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attention_file, "SHORT_ON_CPU", 0)
    settings = {"position": position, "sliding_window": window, "num_key_value_heads": 2}
    models = [tiny_model(architecture, attention=name, **settings) for name in ("eager", "sdpa")]
    for lengths in (LENGTHS, [4, 4]):  # the library leaves out the mask where nothing is padded
        eager, sdpa = (real_logits(model, inputs_of(architecture, lengths, lengths[::-1])) for model in models)
        assert_same(eager, sdpa)
        assert_same(gradients(eager.square().sum(), models[0]), gradients(sdpa.square().sum(), models[1]))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("position", ["sinusoidal", "alibi"])
@pytest.mark.parametrize("window", [None, 9])
def test_eager_is_sdpa_for_long_sequences(architecture: str, position: str, window: int | None):
    long = int(attention_file.SHORT_ON_CPU**0.5) + 7
    settings = {"position": position, "sliding_window": window}
    eager, sdpa = (tiny_model(architecture, attention=name, **settings) for name in ("eager", "sdpa"))
    for lengths in ([long, 90], [long]):
        inputs = inputs_of(architecture, lengths, lengths)
        assert_same(real_logits(eager, inputs), real_logits(sdpa, inputs))


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("architecture", ["decoder", "encoder-decoder"])
@pytest.mark.parametrize("length", [5, 150])
def test_no_token_sees_the_future(attention: str, architecture: str, length: int):
    model = tiny_model(architecture, attention=attention)
    name = "input_ids" if architecture == "decoder" else "decoder_input_ids"
    inputs = {"input_ids": random_tokens(2, 4), name: random_tokens(2, length, seed=1)}
    before = model(**inputs).logits
    inputs[name] = inputs[name].clone()
    inputs[name][:, -1] = 3
    after = model(**inputs).logits
    assert torch.equal(before[:, :-1], after[:, :-1])
    assert not torch.allclose(before[:, -1], after[:, -1])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("length", [6, 150])
def test_alibi_in_half_precision(dtype: torch.dtype, length: int):
    model = tiny_model("decoder", dtype=dtype, position="alibi")
    exact = tiny_model("decoder", position="alibi")
    tokens = random_tokens(1, length)
    half = model(input_ids=tokens).logits.double()
    assert (half - exact(input_ids=tokens).logits).abs().mean() < 0.05 * half.abs().mean()


# What is seen


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_weights_given_back(architecture: str):
    model = tiny_model(architecture, attention="eager", num_key_value_heads=2)
    inputs = inputs_of(architecture, LENGTHS, TARGET_LENGTHS)
    outputs = model(**inputs, output_attentions=True)
    assert model(**inputs).get("attentions") is None
    rows, n_sources, n_targets = 3, max(LENGTHS), max(TARGET_LENGTHS)
    expected = {
        "encoder": {"attentions": (2, n_sources, n_sources)},
        "decoder": {"attentions": (3, n_sources, n_sources)},
        "encoder-decoder": {
            "encoder_attentions": (2, n_sources, n_sources),
            "decoder_attentions": (3, n_targets, n_targets),
            "cross_attentions": (3, n_targets, n_sources),
        },
    }[architecture]
    for name, (layers, queries, keys) in expected.items():
        assert len(outputs[name]) == layers
        for weights in outputs[name]:
            assert weights.shape == (rows, 4, queries, keys)
            assert_same(weights.sum(-1), torch.ones_like(weights.sum(-1)), tolerance=1e-6)
    if "cross_attentions" in expected:
        padding = inputs["attention_mask"][:, None, None, :] == 0
        assert all((weights.masked_select(padding) == 0).all() for weights in outputs.cross_attentions)


@pytest.mark.parametrize("architecture", ["encoder", "decoder"])
@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("window", [2, 3, 8])
def test_sliding_window_is_a_band(architecture: str, attention: str, window: int):
    distance = torch.arange(7)[:, None] - torch.arange(7)[None, :]
    seen = (distance >= 0) & (distance < window) if architecture == "decoder" else distance.abs() <= window
    tokens = random_tokens(2, 7)
    windowed = tiny_model(architecture, attention=attention, sliding_window=window)
    whole = tiny_model(architecture, attention=attention)
    by_hand = seen.expand(2, 1, 7, 7)
    if attention == "eager":
        by_hand = torch.zeros(2, 1, 7, 7, dtype=torch.float64).masked_fill(~by_hand, torch.finfo(torch.float64).min)
    assert_same(windowed(input_ids=tokens).logits, whole(input_ids=tokens, attention_mask=by_hand).logits)
    weights = tiny_model(architecture, attention="eager", sliding_window=window)(
        input_ids=tokens, output_attentions=True
    ).attentions
    assert all(torch.equal(layer > 0, seen.expand_as(layer)) for layer in weights)


def test_attention_to_the_encoder_knows_no_window():
    model = tiny_model(attention="eager", sliding_window=2)
    outputs = model(input_ids=random_tokens(1, 9), decoder_input_ids=random_tokens(1, 4), output_attentions=True)
    assert all((weights > 0).all() for weights in outputs.cross_attentions)


# Positions


def test_alibi_slopes_are_those_of_the_paper():
    """Section 3: 1/2, 1/4 … 1/256 for 8 heads; the ratio is 2^(-8/n); for other numbers see the authors' code."""
    assert alibi_slopes(8) == [2.0**-power for power in range(1, 9)]
    assert_same(torch.tensor(alibi_slopes(16)), torch.tensor([2.0 ** (-0.5 * step) for step in range(1, 17)]))
    assert alibi_slopes(1) == [2.0**-8]
    assert_same(torch.tensor(alibi_slopes(12)), torch.tensor(alibi_slopes(8) + alibi_slopes(16)[0:8:2]))
    assert len(alibi_slopes(6)) == 6


def test_alibi_bias_by_hand():
    bias = alibi_bias(8, torch.arange(2, 4), torch.arange(4))
    assert bias.shape == (1, 8, 2, 4)
    assert bias[0, 0].tolist() == [[-1.0, -0.5, 0.0, -0.5], [-1.5, -1.0, -0.5, 0.0]]
    assert bias[0, 7, 1, 0].item() == -3 / 256


@pytest.mark.parametrize("position", ["rotary", "alibi"])
def test_only_distances_count(position: str):
    model = tiny_model("decoder", position=position)
    tokens = random_tokens(2, 6)
    here, there = (
        model(input_ids=tokens, position_ids=torch.arange(start, start + 6)[None]).logits for start in (0, 17)
    )
    assert_same(here, there, tolerance=1e-5)
    spread = model(input_ids=tokens, position_ids=2 * torch.arange(6)[None]).logits
    assert position == "alibi" or not torch.allclose(here, spread, atol=1e-2)


def test_rotation_turns_by_the_angle_of_equation_34():
    cos, sin = rotation(torch.tensor([[3]]), 4, base=100.0)
    angles = torch.tensor([3.0, 0.3, 3.0, 0.3])
    assert_same(cos[0, 0, 0], angles.cos(), tolerance=1e-6)
    assert_same(sin[0, 0, 0], angles.sin(), tolerance=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("position", POSITIONS)
def test_order_matters_where_there_are_positions(architecture: str, position: str):
    model = tiny_model(architecture, position=position)
    tokens = random_tokens(1, 6)
    other = tokens[:, [0, 3, 1, 2, 4, 5]]
    settings = {"decoder_input_ids": random_tokens(1, 1)} if architecture == "encoder-decoder" else {}
    one, other = (model(input_ids=ids, **settings).logits[:, -1] for ids in (tokens, other))
    # A decoder of several layers can count without positions: who sees less is nearer to the beginning.
    is_blind = position == "none" and architecture != "decoder"
    assert torch.allclose(one, other, atol=1e-9) == is_blind


def test_an_encoder_with_alibi_is_blind_to_mirrors():
    """By design, as the configuration says: distances alone have no direction."""
    model = tiny_model("encoder", position="alibi")
    tokens = random_tokens(1, 6)
    assert_same(model(input_ids=tokens).logits, model(input_ids=tokens.flip(-1)).logits.flip(1))


# flex_attention, not compiled: compiling takes half a minute, and on CPUs it knows no gradient


@pytest.fixture
def uncompiled():
    with torch.compiler.set_stance("force_eager"), torch.no_grad():
        yield


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
@pytest.mark.usefixtures("uncompiled")
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("position", ["rotary", "alibi"])
@pytest.mark.parametrize("window", [None, 3])
def test_flex_attention_is_eager(architecture: str, position: str, window: int | None):
    settings = {"position": position, "sliding_window": window, "num_key_value_heads": 2, "dtype": torch.float32}
    eager, flex = (tiny_model(architecture, attention=name, **settings) for name in ("eager", "flex_attention"))
    for lengths in (LENGTHS, [4, 4]):
        inputs = inputs_of(architecture, lengths, lengths[::-1])
        assert_same(real_logits(flex, inputs), real_logits(eager, inputs), tolerance=1e-5)
