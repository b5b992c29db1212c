"""Keys of other tools, and of ours in the wrong section, are answered with where they belong."""

from __future__ import annotations

import pytest

from toolkit.names import SPECS
from toolkit.recipe import structural_faults
from toolkit.recipe.model import schema_of
from toolkit.recipe.other_names import _ALIASES, homes_of, keys_of

TREE = {"task": "text-classification", "model": {"name": "m"}, "data": {"source": "a.csv"}, "method": "full"}
ANSWERS = {
    "model_name_or_path": "write it as model.name",
    "dataset_name": "write it as data.source",
    "column_mapping": "write it as data.columns",
    "lora_r": "write it as peft.r",
    "push_to_hub": "publish the finished run with toolkit push",
    "hub_model_id": "write it as hub.repo_id",
    "num_epochs": "it is called 'training.num_train_epochs' here",
    "learning_rate": "write it as training.learning_rate",
    "output_dir": "the run folder is given on the command line with --output-dir",
    "warmup_ratio": "it is called 'training.warmup_steps' here (a number below 1 is a fraction",
    "report_tu": "did you mean training.report_to?",
    "pooling": "write it as features.pooling",
    "trust_remote_code": "code of a model is never run",
}


@pytest.mark.parametrize("key", ANSWERS)
def test_a_key_of_the_top_level(key: str):
    (finding,) = structural_faults({**TREE, key: 1})
    assert f"unknown key {key!r}; {ANSWERS[key]}" in finding.message


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("model", "seed", "write it at the top level of the recipe"),
        ("data", "dataset_config_name", "write it as data.subset"),
        ("data", "learning_rate", "write it as training.learning_rate"),
        ("data", "colums", "did you mean 'columns'?"),
        ("hub", "hub_model_id", "write it as hub.repo_id"),
    ],
)
def test_a_key_of_another_section(section: str, key: str, words: str):
    (finding,) = structural_faults({**TREE, section: {**TREE.get(section, {}), key: 1}})
    assert words in finding.message


def test_every_answer_names_a_key_that_there_is():
    schema = schema_of("lora")
    columns = {name for spec in SPECS.values() for name in spec.column_names}
    for home in _ALIASES:
        section, _, key = home.rpartition(".")
        if section == "data.columns":
            assert key in columns
        else:
            assert key in keys_of(schema, tuple(section.split(".")) if section else ()), home
    for alias in " ".join(_ALIASES.values()).split():
        assert alias not in schema["properties"]
        assert len(homes_of(alias, schema)) == 1
