"""Generated text does not depend on caches, padding or who else is in the batch."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tiny import POSITIONS, assert_same, padded, random_sequences, random_tokens, tiny_model
from torch import Tensor
from transformers import DynamicCache, EncoderDecoderCache, StaticCache

from toolkit.transformer import attention as attention_file
from toolkit.transformer import language_heads

GENERATORS = ("decoder", "encoder-decoder")
LENGTHS = [7, 2, 5]
# A penalty keeps random models from saying one word for ever; eos may come from the fourth token on.
LONG = {"max_new_tokens": 12, "min_new_tokens": 3, "repetition_penalty": 4.0}
MODES: dict[str, dict[str, Any]] = {
    "greedy": {"do_sample": False},
    "sampling": {"do_sample": True, "temperature": 2.0},
    "beams": {"do_sample": False, "num_beams": 3},
}
MODES_AND_POSITIONS = [*(("greedy", position) for position in POSITIONS), ("sampling", "learned"), ("beams", "rotary")]


def prompts(architecture: str, lengths: list[int] = LENGTHS) -> dict[str, Tensor]:
    side = "left" if architecture == "decoder" else "right"
    input_ids, mask = padded(random_sequences(lengths), side=side)
    return {"input_ids": input_ids, "attention_mask": mask}


def generate(model: Any, inputs: dict[str, Tensor], **settings: Any) -> list[list[int]]:
    """New tokens of each row, without what follows the end."""
    torch.manual_seed(5)
    tokens = model.generate(**inputs, **{**LONG, **settings})
    start = 1 if model.config.is_encoder_decoder else inputs["input_ids"].shape[1]
    rows = [row[start:] for row in tokens.tolist()]
    assert len({token for row in rows for token in row}) > 3
    return [row[: row.index(2)] if 2 in row else row for row in rows]


@pytest.mark.parametrize("architecture", GENERATORS)
@pytest.mark.parametrize(("mode", "position"), MODES_AND_POSITIONS)
@pytest.mark.parametrize("window", [None, 3])
def test_cached_is_uncached(architecture: str, mode: str, position: str, window: int | None):
    """Prompts of 7 tokens are longer than the window of 3."""
    model = tiny_model(architecture, position=position, sliding_window=window, num_key_value_heads=2)
    inputs = prompts(architecture)
    cached = generate(model, inputs, **MODES[mode])
    assert cached == generate(model, inputs, use_cache=False, **MODES[mode])


@pytest.mark.parametrize("architecture", GENERATORS)
@pytest.mark.parametrize(("mode", "position"), MODES_AND_POSITIONS)
@pytest.mark.parametrize("window", [None, 3])
def test_static_cache_is_dynamic_cache(architecture: str, mode: str, position: str, window: int | None):
    model = tiny_model(architecture, position=position, sliding_window=window)
    inputs = prompts(architecture)
    static = generate(model, inputs, cache_implementation="static", disable_compile=True, **MODES[mode])
    assert static == generate(model, inputs, **MODES[mode])


@pytest.mark.parametrize("architecture", GENERATORS)
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("cache", ["dynamic", "static"])
def test_one_is_many(architecture: str, position: str, cache: str):
    """Prompts padded on the left, and sources padded on the right, say what they say alone."""
    model = tiny_model(architecture, attention="eager" if position == "rotary" else "sdpa", position=position)
    settings = {} if cache == "dynamic" else {"cache_implementation": "static", "disable_compile": True}
    together = generate(model, prompts(architecture), **settings)
    alone = [
        generate(model, {"input_ids": row[None], "attention_mask": torch.ones_like(row)[None]}, **settings)[0]
        for row in random_sequences(LENGTHS)
    ]
    assert together == alone


@pytest.mark.parametrize("architecture", ["encoder", *GENERATORS])
@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("window", [None, 3])
def test_left_padding_is_right_padding(architecture: str, position: str, window: int | None):
    model = tiny_model(architecture, position=position, sliding_window=window)
    settings = {"decoder_input_ids": random_tokens(3, 4)} if architecture == "encoder-decoder" else {}
    logits = {}
    for side in ("left", "right"):
        input_ids, mask = padded(random_sequences(LENGTHS), side=side)
        output = model(input_ids=input_ids, attention_mask=mask, **settings).logits
        logits[side] = output if settings else output[mask.bool()]
    assert_same(logits["left"], logits["right"])


@pytest.mark.parametrize("depths", [(1, 4), (4, 1)])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("cache", ["dynamic", "static"])
def test_unequal_depths(depths: tuple[int, int], mode: str, cache: str):
    model = tiny_model(encoder_layers=depths[0], decoder_layers=depths[1])
    inputs = prompts("encoder-decoder")
    settings = {} if cache == "dynamic" else {"cache_implementation": "static", "disable_compile": True}
    expected = generate(model, inputs, use_cache=False, **MODES[mode])
    assert generate(model, inputs, **MODES[mode], **settings) == expected


@pytest.mark.parametrize("window", [None, 3])
@pytest.mark.parametrize("position", POSITIONS)
def test_step_by_step_logits(window: int | None, position: str):
    """Token by token, in one go, and the second half behind the cache of the first."""
    model = tiny_model("decoder", position=position, sliding_window=window)
    tokens = random_tokens(2, 9)
    whole = model(input_ids=tokens).logits
    cache = None
    for step in range(9):
        output = model(input_ids=tokens[:, [step]], past_key_values=cache, use_cache=True)
        cache = output.past_key_values
        assert_same(output.logits[:, 0], whole[:, step])
    half = model(input_ids=tokens[:, :4], use_cache=True).past_key_values
    rest = model(input_ids=tokens[:, 4:], past_key_values=half, use_cache=True).logits
    assert_same(rest, whole[:, 4:])


@pytest.mark.parametrize("make_cache", [DynamicCache, StaticCache], ids=["dynamic", "static"])
@pytest.mark.parametrize("window", [None, 3])
def test_a_cache_that_the_user_makes(make_cache: type, window: int | None):
    """Also one whose half for the encoder's keys is made with the window of the decoder."""
    model = tiny_model(sliding_window=window)
    source, targets = random_tokens(2, 8), random_tokens(2, 5)
    whole = model(input_ids=source, decoder_input_ids=targets).logits
    settings = {"max_cache_len": 8} if make_cache is StaticCache else {}
    cache = EncoderDecoderCache(*(make_cache(config=model.config, **settings) for _ in range(2)))
    encoded = model.get_encoder()(source)
    for step in range(5):
        output = model(
            encoder_outputs=encoded, decoder_input_ids=targets[:, [step]], past_key_values=cache, use_cache=True
        )
        assert_same(output.logits[:, 0], whole[:, step])


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("use_cache", [True, False])
@pytest.mark.parametrize("lengths", [LENGTHS, [4, 4]])
@pytest.mark.parametrize("settings", [MODES["beams"], {"do_sample": True, "num_return_sequences": 3}])
def test_beams_that_share_a_source_are_beams_with_one_each(
    attention: str, use_cache: bool, lengths: list[int], settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(attention_file, "SHORT_ON_CPU", 0)
    model = tiny_model(attention=attention, num_key_value_heads=2, sliding_window=3)
    inputs = prompts("encoder-decoder", lengths)
    settings = {**settings, "use_cache": use_cache}
    shared = generate(model, inputs, **settings)
    monkeypatch.setattr(language_heads, "BEAMS_SHARE_A_SOURCE", frozenset())
    assert generate(model, inputs, **settings) == shared


def test_weights_of_beams_that_share_a_source():
    model = tiny_model(attention="eager")
    sources, targets = random_tokens(2, 5), random_tokens(6, 4, seed=1)
    mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
    outputs = [
        model(
            input_ids=sources.repeat_interleave(times, 0),
            attention_mask=mask.repeat_interleave(times, 0),
            decoder_input_ids=targets,
            output_attentions=True,
        )
        for times in (1, 3)
    ]
    assert_same(outputs[0].logits, outputs[1].logits)
    assert_same(outputs[0].cross_attentions, outputs[1].cross_attentions)


def test_target_prompts_padded_on_the_left():
    model = tiny_model(position="learned")
    source = random_tokens(2, 6)
    starts, mask = padded([torch.tensor([1, 7, 9, 8]), torch.tensor([1, 6])], side="left")
    inputs = {"input_ids": source, "decoder_input_ids": starts, "decoder_attention_mask": mask}
    together = model.generate(**inputs, **LONG)[:, 4:]
    alone = model.generate(input_ids=source[1:], decoder_input_ids=torch.tensor([[1, 6]]), **LONG)[:, 2:]
    length = min(together.shape[1], alone.shape[1])
    assert together[1, :length].tolist() == alone[0, :length].tolist()


def test_several_samples_of_one_prompt_and_their_scores():
    model = tiny_model()
    torch.manual_seed(0)
    output = model.generate(
        **prompts("encoder-decoder"),
        **LONG,
        do_sample=True,
        num_return_sequences=4,
        output_scores=True,
        return_dict_in_generate=True,
    )
    assert output.sequences.shape[0] == 12
    assert len({tuple(row) for row in output.sequences[:4].tolist()}) > 1
    assert all(scores.shape == (12, 41) for scores in output.scores)


def test_embeddings_instead_of_tokens():
    model = tiny_model("decoder")
    inputs = prompts("decoder")
    embeddings = model.get_input_embeddings()(inputs["input_ids"])
    settings = {"max_new_tokens": 6, "min_new_tokens": 6}
    from_tokens = model.generate(**inputs, **settings)[:, inputs["input_ids"].shape[1] :]
    from_embeddings = model.generate(inputs_embeds=embeddings, attention_mask=inputs["attention_mask"], **settings)
    assert from_embeddings.tolist() == from_tokens.tolist()
