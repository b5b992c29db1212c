import pytest

from toolkit.errors import RecipeError
from toolkit.recipe import build_recipe

SCRATCH = {
    "task": "translation",
    "model": {"config": {"preset": "small"}},
    "data": {"source": "a.csv"},
    "method": "scratch",
}
GENERATION = {"task": "text-generation"}


def broken(**changes):
    """The faults of a recipe, and nothing for a sound one."""
    try:
        build_recipe(SCRATCH | changes)
    except RecipeError as error:
        return [fault.message for fault in error.faults]
    return []


def config(**values):
    return {"model": {"config": values}}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model": {"config": {}}},
        {"model": {"name": None, "config": {"preset": None}}},
        {"tokenizer": {"train": "unigram", "vocab_size": 500, "lowercase": True}},
        {"tokenizer": {"vocab_size": 500}},
        config(preset="big", position="learned", max_position_embeddings=64)
        | {"data": {"source": "a", "max_length": 64}},
        {"data": {"source": "a", "max_length": 4096}},
        {"task": "text-classification", **config(preset="tiny", architecture="decoder")},
        GENERATION | {"data": {"source": "a", "columns": {"source": "Q"}}},
        GENERATION | config(architecture="encoder-decoder"),
        GENERATION | {"data": {"source": "a", "columns": {"text": "Q"}}},
    ],
)
def test_sound_models(changes):
    assert broken(**changes) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": {}}, "model: neither name nor config is given; write name (a pretrained model) or config"),
        ({"model": {"name": "m", "config": {}}}, "model.config: both name and config are given; take one of them out"),
        (
            {"model": {"name": "m"}},
            "method: scratch trains our own Transformer from a random start; write model.config",
        ),
        (
            {"task": "text-classification", "method": "full"},
            "method: full goes on from a pretrained model, and model.config begins at random; write method: scratch",
        ),
        (
            {"task": "text-classification", "model": {"name": "m"}, "method": "lora", "tokenizer": {}},
            "tokenizer: the method lora takes the tokenizer of its pretrained model; take the section out",
        ),
        (
            {"model": {"name": "m"}, "method": "features"},
            "method: features does not exist for translation; allowed: ",
        ),
        (
            config(architecture="encoder"),
            "model.config.architecture: translation has no use for encoder alone; allowed: encoder-decoder",
        ),
        (
            GENERATION | config(architecture="encoder"),
            "text-generation has no use for encoder alone; allowed: decoder, encoder-decoder",
        ),
        (
            {"task": "fill-mask"} | config(architecture="decoder"),
            "fill-mask has no use for decoder alone; allowed: encoder",
        ),
        (
            GENERATION
            | config(architecture="decoder")
            | {"data": {"train": {"source": "a", "target": "b"}, "test_size": 9}},
            "model.config.architecture: a decoder reads one text, and data names source and target",
        ),
        (
            GENERATION | config(architecture="encoder-decoder") | {"data": {"source": "a", "columns": {"text": "Q"}}},
            "model.config.architecture: an encoder-decoder reads source and target, and data names text",
        ),
        (config(hidden_size=100), "model.config: num_attention_heads=8 does not divide hidden_size=100"),
        (
            config(preset="small", num_attention_heads=256, position="rotary"),
            "position='rotary' turns pairs of numbers, but hidden_size=256 over num_attention_heads=256",
        ),
        (
            config(
                preset="tiny",
                hidden_size=64,
                encoder_layers=1,
                decoder_layers=1,
                num_attention_heads=2,
                intermediate_size=64,
            ),
            "model.config.preset: tiny changes nothing, as all of its values stand beside it",
        ),
        (
            config(position="learned", max_position_embeddings=64) | {"data": {"source": "a", "max_length": 1000}},
            "data.max_length: 1,000 tokens are more than the 64 learned positions of the model; lower it, or raise",
        ),
    ],
)
def test_unsound_models(changes, words):
    (message,) = broken(**changes)
    assert words in message


def test_a_faulty_key_of_the_configuration_is_the_only_fault():
    (message,) = broken(**config(hidden_size=0, num_attention_heads=3))
    assert message.startswith("model.config.hidden_size: found 0")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (config(hidden_size=10**9, num_attention_heads=8), "parameters"),
        (config(preset="tiny", encoder_layers=10**6, decoder_layers=10**6, hidden_size=512), "parameters"),
        (config(preset="small", intermediate_size=10**12), "parameters"),
        (config(preset="small", max_position_embeddings=10**12, position="learned"), "parameters"),
        ({"tokenizer": {"vocab_size": 10**12}}, "1,000,000,000,000 tokens"),
    ],
)
def test_sizes_that_no_machine_holds_are_refused_with_figures(changes, told):
    (fault,) = broken(**changes)
    assert told in fault


def test_heads_are_one_at_least():
    assert broken(**config(num_attention_heads=0))
    assert not broken(**config(preset="base"))
