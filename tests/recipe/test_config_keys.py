import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from transformers import PreTrainedConfig

from toolkit.names import Family
from toolkit.recipe import build_recipe
from toolkit.recipe import config_keys as keys
from toolkit.recipe.installed import own_config_fault
from toolkit.transformer.configuration import PRESETS, TransformerConfig

OWN = {field.name for field in dataclasses.fields(TransformerConfig)} - {
    field.name for field in dataclasses.fields(PreTrainedConfig)
}


def recipe(task, data, **config):
    return build_recipe({"task": task, "model": {"config": config}, "data": data, "method": "scratch"})


def test_every_field_of_the_configuration_is_taken_or_settled_elsewhere():
    taken = set(keys.config_section().model_fields) - {"preset"}
    assert taken | set(keys.SETTLED) >= OWN
    assert taken <= OWN
    assert not taken & set(keys.SETTLED)
    assert set(keys.KINDS) <= taken


def test_every_key_is_described():
    undescribed = [name for name, field in keys.config_section().model_fields.items() if not field.description]
    assert undescribed == []
    assert keys.config_section().model_fields["norm_eps"].description == "added to the variance."


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_completed_as_the_configuration_does(preset):
    completed = keys.completed_config({"preset": preset, "architecture": "encoder", "dropout": 0.5})
    expected = TransformerConfig.from_preset(preset, architecture="encoder", dropout=0.5)
    assert TransformerConfig(**completed).to_dict() == expected.to_dict()
    assert "preset" not in completed


def test_the_configuration_itself_says_what_excludes_each_other():
    fault = own_config_fault(keys.completed_config({"architecture": "encoder", "hidden_size": 100}))
    assert fault == "num_attention_heads=8 does not divide hidden_size=100"
    assert own_config_fault(keys.completed_config({"architecture": "encoder"})) is None


@pytest.mark.parametrize(
    ("task", "data", "expected"),
    [
        ("translation", {"source": "a.csv"}, Family.ENCODER_DECODER),
        ("text-generation", {"source": "a.txt"}, Family.DECODER),
        ("text-generation", {"source": "a.csv", "columns": {"text": "t"}}, Family.DECODER),
        ("text-generation", {"source": "a.csv", "columns": {"source": "Q", "target": "A"}}, Family.ENCODER_DECODER),
        ("text-generation", {"train": {"source": "a.q", "target": "a.a"}}, Family.ENCODER_DECODER),
        ("text-generation", {"train": {"text": "a.txt"}}, Family.DECODER),
        ("fill-mask", {"source": "a.txt"}, Family.ENCODER),
        ("text-classification", {"source": "a.csv"}, Family.ENCODER),
    ],
)
def test_the_usual_architecture(task, data, expected):
    made = recipe(task, data, preset="tiny")
    assert made.model.config["architecture"] == expected.value
    assert made.text_columns == (("source", "target") if expected is Family.ENCODER_DECODER else ("text",))


def test_an_architecture_that_is_written_is_kept():
    made = recipe("text-generation", {"source": "a.csv"}, preset="tiny", architecture="encoder-decoder")
    assert made.text_columns == ("source", "target")
    assert (
        recipe("text-classification", {"source": "a"}, architecture="decoder").model.config["architecture"] == "decoder"
    )


def test_importing_the_package_imports_no_heavy_library():
    code = (
        "import sys, toolkit.recipe;"
        "print([name for name in ('torch', 'transformers', 'peft', 'huggingface_hub') if name in sys.modules])"
    )
    root = Path(keys.__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
