"""The table of auto classes, which names its models without importing them, equals the models that there are."""

from __future__ import annotations

from importlib import import_module
from inspect import getmembers, isclass

import pytest
import transformers

import toolkit.transformer
from toolkit.transformer import TransformerConfig
from toolkit.transformer.registration import ARCHITECTURES, CONFIGURATION, MODELS, auto_map


def class_of(reference: str) -> type:
    file, _, name = reference.partition(".")
    found = getattr(import_module(f"toolkit.transformer.{file}"), name)
    assert found.__module__ == f"toolkit.transformer.{file}"
    return found


def test_the_table_names_every_model_of_the_package_in_the_file_that_defines_it():
    public = {value for name, value in getmembers(toolkit.transformer, isclass) if name in toolkit.transformer.__all__}
    assert {class_of(reference) for reference in MODELS.values()} == public - {TransformerConfig}
    assert class_of(CONFIGURATION) is TransformerConfig


@pytest.mark.parametrize("name", MODELS)
def test_auto_classes_open_the_models_of_the_table(name: str):
    model_class = class_of(MODELS[name])
    assert getattr(transformers, name)._model_mapping[TransformerConfig] is model_class
    assert model_class._auto_class == name
    assert getattr(model_class, "architecture", None) == ARCHITECTURES.get(name)


def test_a_folder_names_the_models_of_its_architecture_alone():
    assert set(MODELS) - set(auto_map("decoder")) == {"AutoModelForSeq2SeqLM", "AutoModelForMaskedLM"}
    assert auto_map("encoder")["AutoConfig"] == CONFIGURATION
