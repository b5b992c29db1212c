import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.recipe import build_recipe, list_recipes, load_recipe, recipe_digest, recipe_yaml, same_digests
from toolkit.recipe.document import TOKEN
from toolkit.transformer.configuration import PRESETS, TransformerConfig

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30
) | st.sampled_from(
    ["no", "1e-5", "010", "~", "12:30", ".inf", "1e999", " x ", "a: b", "#", "한국어 😀", "\n\n", "!!str x"]
)

NAMES = TEXTS.filter(lambda text: not re.match(r"(?:[A-Za-z]:|\.{1,2}).*?[\0\a\b\t\n\v\f\r\x1b]", text))
"""Names of files without what double quotes make of a backslash, which no recipe may have."""


def recipe(**more):
    return build_recipe(
        {"task": "text-classification", "model": {"name": "m"}, "data": {"source": "a"}, "method": "full"} | more
    )


@settings(max_examples=150, deadline=None)
@given(
    note=TEXTS | st.none(),
    source=NAMES | st.lists(NAMES, min_size=1, max_size=3) | st.dictionaries(TEXTS, NAMES, min_size=1, max_size=3),
    rate=st.floats(0, 1e308),
    weights=st.dictionaries(TEXTS, st.floats(0, 1e30), min_size=1, max_size=3),
    method=st.sampled_from(["full", "lora"]),
)
def test_it_loads_back_to_an_equal_recipe(tmp_path_factory, note, source, rate, weights, method):
    first = recipe(
        note=note,
        data={"source": source},
        method=method,
        training={"learning_rate": rate, "class_weights": weights},
    )
    path = tmp_path_factory.mktemp("resolved") / "recipe.yaml"
    path.write_text(recipe_yaml(first), encoding="utf-8", newline="\n")
    again = load_recipe(path)
    assert again == first
    assert recipe_digest(again) == recipe_digest(first)


@pytest.mark.parametrize("preset", [None, "tiny", "big"])
def test_the_values_of_a_preset_are_written_in_its_place(write, preset):
    config = {"preset": preset, "dropout": 0.25, "position": "rotary"}
    first = recipe(model={"config": config}, method="scratch", evaluation={"metrics": ["f1"]})
    text = recipe_yaml(first)
    values = yaml.safe_load(text)
    assert list(values)[:3] == ["task", "model", "tokenizer"]
    assert "name" not in values["model"]
    assert "preset" not in values["model"]["config"]
    sizes = {**TransformerConfig().to_dict(), **PRESETS.get(preset, {}), "dropout": 0.25, "position": "rotary"}
    written = values["model"]["config"]
    assert {key: written[key] for key in ("hidden_size", "encoder_layers", "dropout", "position", "norm")} == {
        key: sizes[key] for key in ("hidden_size", "encoder_layers", "dropout", "position", "norm")
    }
    again = load_recipe(write(text))
    assert again == first
    assert recipe_digest(again) == recipe_digest(first)


def test_every_default_is_written_in_the_order_of_the_schema():
    values = yaml.safe_load(recipe_yaml(recipe(method="lora")))
    assert list(values) == [
        "task",
        "model",
        "data",
        "method",
        "peft",
        "training",
        "evaluation",
        "seed",
        "note",
    ]
    assert values["data"]["test_size"] == 0.2
    assert values["training"]["per_device_train_batch_size"] == 8
    assert values["evaluation"]["metrics"] == ["accuracy", "f1"]
    assert values["peft"]["r"] == 16


def test_the_digest_follows_values_and_not_their_spelling(load):
    plain = recipe_digest(load())
    assert re.fullmatch("[0-9a-f]{64}", plain)
    assert recipe_digest(load("seed: 0\ntraining: {num_train_epochs: 3, learning_rate: 0.00005}\n")) == plain
    assert recipe_digest(load("training: {learning_rate: 5e-5, num_train_epochs: 3.0}\n")) == plain
    assert recipe_digest(load("seed: 1\n")) != plain


@pytest.mark.parametrize("shipped", list_recipes(), ids=lambda shipped: shipped.name)
def test_shipped_recipes_are_written_without_tags_or_tokens(shipped):
    text = recipe_yaml(load_recipe(shipped.path))
    assert "!!" not in text
    assert not TOKEN.search(text)


def test_a_format_that_no_recipe_names_leaves_no_trace():
    """Run folders and ledgers of earlier versions know a recipe by its digest."""
    data = {"source": "a"}
    assert "format" not in yaml.safe_load(recipe_yaml(recipe(data=data)))["data"]
    named = recipe(data=data | {"format": "conll"})
    assert yaml.safe_load(recipe_yaml(named))["data"]["format"] == "conll"
    assert recipe_digest(named) != recipe_digest(recipe(data=data))


def test_naming_the_usual_columns_makes_no_other_recipe(load):
    plain, named, spaced = (
        load("", *overrides)
        for overrides in (
            (),
            ("data.columns.label=label", "data.columns.text=text"),
            ("data.columns={label: ' label', text: 'text '}",),
        )
    )
    assert recipe_digest(named) == recipe_digest(spaced) != recipe_digest(plain)
    assert recipe_digest(plain) in same_digests(spaced)
    assert recipe_digest(spaced) in same_digests(plain)
    several = load("", "data.columns.labels=labels", "evaluation.metrics=[f1]")
    pairs = load("", "data.columns.text_pair=text_pair")
    other = load("", "data.columns.label=topic")
    for another in (several, pairs, other):
        assert same_digests(another).isdisjoint(same_digests(plain))
