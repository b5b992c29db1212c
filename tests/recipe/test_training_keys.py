import dataclasses

import pytest
from peft import LoraConfig
from transformers import TrainingArguments

from toolkit.recipe import build_recipe
from toolkit.recipe.peft_keys import LORA_DEFAULTS, LORA_KINDS, peft_hint, peft_section
from toolkit.recipe.peft_keys import REFUSED as PEFT_REFUSED
from toolkit.recipe.schema import TrainingSection
from toolkit.recipe.training_keys import DEFAULTS, KINDS, OLD_NAMES, REFUSED, training_hint, training_section

LIBRARY = {field.name: field for field in dataclasses.fields(TrainingArguments)}


def recipe(**training):
    return build_recipe(
        {
            "task": "text-classification",
            "model": {"name": "m"},
            "data": {"source": "a.csv"},
            "method": "full",
            "training": training,
        }
    )


def test_every_key_of_the_library_is_taken_or_explained():
    own = set(TrainingSection.model_fields)
    unexplained = set(LIBRARY) - set(training_section().model_fields) - own - set(REFUSED) - set(OLD_NAMES)
    assert unexplained == set()


def test_the_tables_speak_of_keys_that_exist():
    fields = set(training_section().model_fields)
    assert set(DEFAULTS) <= fields
    assert set(KINDS) <= fields
    assert not set(REFUSED) & fields
    assert not set(OLD_NAMES) & fields
    assert set(OLD_NAMES.values()) <= fields


def test_defaults_are_the_librarys_but_for_the_table():
    values = recipe().training.for_trainer()
    expected = {
        name: getattr(LIBRARY[name].default, "value", LIBRARY[name].default) for name in values if name not in DEFAULTS
    }
    assert {name: values[name] for name in expected} == expected
    assert {name: values[name] for name in DEFAULTS} == DEFAULTS


def test_the_library_takes_what_the_section_gives(tmp_path):
    values = recipe(learning_rate=1e-5, num_train_epochs=2, optim="adamw_torch", lr_scheduler_type="cosine").training
    values = values.for_trainer()
    assert "bf16" not in values
    assert not set(values) & {
        "early_stopping_patience",
        "class_weights",
        "tokens_per_batch",
        "on_nan",
        "output_dir",
    }
    # Best epoch and saving are the toolkit's own business, as saving is independent of evaluation there.
    arguments = TrainingArguments(output_dir=str(tmp_path), **{**values, "load_best_model_at_end": False})
    assert arguments.learning_rate == 1e-5
    assert arguments.num_train_epochs == 2
    assert arguments.optim == "adamw_torch"
    assert arguments.lr_scheduler_type == "cosine"
    assert arguments.warmup_steps == 0.1


def test_own_keys_are_typed_attributes():
    own = recipe(bf16=True, class_weights={"0": 2}, early_stopping_patience=2.0, on_nan="skip").training
    assert own.bf16 is True
    assert own.class_weights == {"0": 2.0}
    assert own.early_stopping_patience == 2
    assert type(own.early_stopping_patience) is int
    assert own.on_nan == "skip"


@pytest.mark.parametrize("key", sorted(REFUSED))
def test_refused_keys_say_where_they_belong(key):
    assert training_hint(key) == REFUSED[key]


@pytest.mark.parametrize("method", ["dora", "rslora"])
def test_flags_that_are_methods_are_refused_as_keys(method):
    assert peft_hint(f"use_{method}", method=method) == f"write method: {method}"
    assert f"use_{method}" not in peft_section(method).model_fields


def test_lora_takes_what_the_section_gives():
    settings = peft_section("lora")(r=4).model_dump()
    config = LoraConfig(**settings)
    assert (config.r, config.lora_alpha, config.lora_dropout, config.target_modules) == (
        4,
        32,
        0.05,
        "all-linear",
    )
    library = {field.name for field in dataclasses.fields(LoraConfig)}
    assert set(settings) <= library
    assert set(LORA_DEFAULTS) | set(LORA_KINDS) <= set(settings)
    assert not set(PEFT_REFUSED) & set(settings)
