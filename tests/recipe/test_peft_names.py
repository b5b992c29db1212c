"""PEFT methods by the names of the installed peft, each with the keys of its own configuration."""

from __future__ import annotations

import copy
import dataclasses
import subprocess
import sys
from typing import Any

import jsonschema
import peft
import pytest
from peft import LoraConfig
from peft.mapping import PEFT_TYPE_TO_CONFIG_MAPPING

from toolkit.errors import RecipeError
from toolkit.names import Method, method_of
from toolkit.recipe import build_recipe, json_schema, recipe_yaml, structural_faults
from toolkit.recipe.peft_keys import OF_METHODS, REFUSED, peft_hint, peft_section
from toolkit.recipe.peft_methods import NEEDED, NOT_HERE, peft_methods

VALIDATOR = jsonschema.Draft202012Validator(json_schema())
TREE: dict[str, Any] = {
    "task": "text-classification",
    "model": {"name": "packaged:minilm"},
    "data": {"source": "reviews.csv"},
}
GIVEN = {"adaption_prompt": {"adapter_len": 4, "adapter_layers": 2}, "trainable_tokens": {"token_indices": [3]}}


def tree_of(method: str, **changes: Any) -> dict[str, Any]:
    return copy.deepcopy(TREE) | {"method": method} | changes


def refusal(method: str, **changes: Any) -> str:
    with pytest.raises(RecipeError) as refused:
        build_recipe(tree_of(method, **changes))
    return "\n".join(str(fault) for fault in refused.value.faults)


def test_every_method_of_the_installed_peft_is_there():
    whole = {kind.value.lower() for kind in PEFT_TYPE_TO_CONFIG_MAPPING}
    assert set(peft_methods()) == whole | {"dora", "rslora"}
    assert {method_of(name) for name in peft_methods()} == {Method.PEFT}
    assert set(NOT_HERE) | set(NEEDED) | set(OF_METHODS) <= whole


@pytest.mark.parametrize("method", sorted(set(peft_methods()) - set(NOT_HERE)))
def test_a_recipe_has_the_defaults_of_its_method_and_loads_again(method: str):
    recipe = build_recipe(tree_of(method, peft=GIVEN.get(method, {})))
    config_class = getattr(peft, peft_methods()[method].config_name)
    assert set(recipe.peft) <= {field.name for field in dataclasses.fields(config_class)}
    assert f"method: {method}\n" in recipe_yaml(recipe)
    peft_methods()[method].config(recipe.peft)
    assert structural_faults(tree_of(method, peft=dict(recipe.peft))) == []
    assert VALIDATOR.is_valid(tree_of(method, peft=dict(recipe.peft)))


@pytest.mark.parametrize(
    "method", ["full", "lora", "dora", "adalora", "ia3", "prefix", "prefix_tuning", "oft", 3, None]
)
@pytest.mark.parametrize("peft", [{}, {"r": 4}, {"num_virtual_tokens": 4}, {"init_r": 4}, {"feedforward_modules": []}])
def test_schema_and_loader_allow_the_same_keys_for_each_method(method: Any, peft: dict[str, Any]):
    tree = tree_of(method, peft=peft)
    assert VALIDATOR.is_valid(tree) == (structural_faults(tree) == [])


@pytest.mark.parametrize("short", ["prefix", "prompt"])
def test_a_short_name_stands_for_the_whole_one(short: str):
    assert build_recipe(tree_of(short)) == build_recipe(tree_of(f"{short}_tuning"))


@pytest.mark.parametrize(
    ("method", "changes", "words"),
    [
        ("lorra", {}, "did you mean 'lora'?"),
        ("p-tuning", {}, "did you mean 'p_tuning'?"),
        ("ia3", {"peft": {"r": 4}}, "unknown key 'r'; allowed: target_modules"),
        ("prefix", {"peft": {"num_virtual_token": 4}}, "did you mean 'num_virtual_tokens'?"),
        ("adalora", {"peft": {"r": 4}}, "adalora begins with the rank init_r"),
        ("adalora", {"peft": {"total_step": 4}}, "the toolkit counts the steps"),
        ("adalora", {"peft": {"target_r": 12}}, "has to be below init_r, 12"),
        ("oft", {"peft": {"r": 4}}, "either `r`|specify either r"),
        ("trainable_tokens", {}, "needs the key token_indices"),
        ("adaption_prompt", {}, "needs the key adapter_layers"),
        ("prefix", {"training": {"activation_checkpointing": True}}, "recomputed activations do not see"),
        ("prompt", {"task": "token-classification"}, "labels tokens by their place"),
        ("lora", {"task": "fill-mask"}, "lora does not exist for fill-mask"),
        ("full", {"peft": {"r": 4}}, "the method full has no peft section"),
        *((method, {}, "does not work here") for method in sorted(NOT_HERE)),
    ],
)
def test_what_names_and_settings_rule_out_is_refused(method: str, changes: dict[str, Any], words: str):
    assert any(part in refusal(method, **changes) for part in words.split("|"))


def test_refused_keys_say_where_they_belong():
    assert all(peft_hint(key, method="lora") == words for key, words in REFUSED.items())
    everywhere = set.intersection(*(known.fields for known in peft_methods().values()))
    for method in peft_methods():
        assert not (everywhere | set(OF_METHODS.get(method, {}))) & set(peft_section(method).model_fields)
    assert (
        not {field.name for field in dataclasses.fields(LoraConfig)}
        & set(REFUSED)
        & set(peft_section("adalora").model_fields)
    )


def test_names_need_no_peft():
    code = "import sys, toolkit.names, toolkit.recipe.peft_methods; print('peft' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
