from __future__ import annotations

from typing import Any

import pytest
import yaml
from huggingface_hub import ModelCard, parse_eval_result_entries
from run_results import card_of, recipe_of, result_of

from toolkit.hub.card.check import check_card
from toolkit.hub.card.metadata import eval_results
from toolkit.hub.card.names import public_recipe

SHA = "0" * 40
RECIPE = """
task: text-classification
model: {name: org/base}
data: {train: org/rows:train, test: org/rows:test, columns: {text: text, label: label}}
method: full
hub: {repo_id: me/mine, private: true, license: mit, language: [ko, en]}
"""


@pytest.fixture
def on_hub(metrics: dict[str, Any]) -> dict[str, Any]:
    metrics |= {"model": "org/base", "revision": SHA}
    metrics["data"]["source"] = "org/rows:train, org/rows:test"
    return metrics


def test_everything_that_the_recipe_and_the_run_know(on_hub: dict[str, Any]):
    card = card_of(on_hub, recipe_yaml=RECIPE, repo_id="me/mine")
    data = ModelCard(card).data
    assert (data.license, data.language, data.base_model) == ("mit", ["ko", "en"], "org/base")
    assert (data.base_model_relation, data.datasets, data.library_name) == ("finetune", ["org/rows"], "transformers")
    assert data.model_name == "mine"
    assert "\n# mine\n" in card
    assert f"[org/base](https://huggingface.co/org/base) at `{SHA}`" in card
    assert 'model="me/mine")' in card
    assert "RUN" not in card
    assert "hf download me/mine recipe.yaml --local-dir ." in card
    assert "For the licence of `org/rows:train` see its page on the hub." in card
    assert check_card(card) == ()


def test_what_is_not_known_is_not_there(metrics: dict[str, Any]):
    data = ModelCard(card_of(metrics, recipe_yaml="method: full\n")).data
    for key in ("license", "language", "base_model", "base_model_relation", "datasets"):
        assert getattr(data, key, None) is None


def test_an_adapter_says_so_and_needs_its_base(on_hub: dict[str, Any]):
    on_hub["method"] = "lora"
    card = card_of(on_hub, recipe_yaml=RECIPE.replace("full", "lora"), repo_id="me/mine", adapter=True)
    data = ModelCard(card).data
    assert (data.library_name, data.base_model_relation) == ("peft", "adapter")
    assert "A `lora` adapter for [org/base]" in card
    assert f'from_pretrained("org/base", revision="{SHA}", config=config)' in card
    assert 'PeftModel.from_pretrained(base, "me/mine").merge_and_unload()' in card
    merged = card_of(on_hub, recipe_yaml=RECIPE.replace("full", "lora"))
    assert ModelCard(merged).data.base_model_relation == "finetune"
    assert "adapter was trained, and merged into the weights" in merged


def test_results_of_a_benchmark_on_the_hub_have_their_own_file(on_hub: dict[str, Any]):
    (found,) = eval_results(result_of(on_hub), recipe_of(RECIPE)).items()
    assert found[0] == ".eval_results/org--rows.yaml"
    (entry,) = parse_eval_result_entries(yaml.safe_load(found[1]))
    assert (entry.dataset_id, entry.task_id, entry.value) == ("org/rows", "default", 0.8402)
    assert entry.notes == "accuracy on 1,000 rows of the split test, 95 % interval 0.817 to 0.862"


@pytest.mark.parametrize("data", [{"source": "org/rows"}, {"train": "org/rows:train"}, {"test": "data/test.csv"}])
def test_rows_that_were_cut_here_are_no_benchmark(on_hub: dict[str, Any], data: dict[str, str]):
    assert eval_results(result_of(on_hub), recipe_of({"data": data})) == {}


def test_folders_are_left_out_of_the_recipe():
    recipe = "model: {name: /home/me/base}\ndata:\n  train: '/home/me/it''s here/train.csv'\n  test: data/test.csv\n"
    shown = public_recipe(recipe)
    assert yaml.safe_load(shown) == {
        "model": {"name": "base"},
        "data": {"train": "train.csv", "test": "data/test.csv"},
    }
    assert public_recipe(shown) == shown


def test_a_card_does_not_name_the_folders_of_its_recipe(metrics: dict[str, Any]):
    metrics["data"]["source"] = "/home/someone/rows.csv"
    card = card_of(metrics, recipe_yaml="data:\n  source: /home/someone/rows.csv\nmethod: full\n")
    assert "someone" not in card
    assert "are left out of the recipe" in card
    assert check_card(card) == ()


def test_a_list_of_numbers_leaves_out_rows_that_the_model_has_learnt_from(on_hub: dict[str, Any]):
    test = on_hub["splits"]["test"]
    measured = {"rows": 990, "metrics": {"accuracy": {"value": 0.7, "ci95": [0.6, 0.8]}}}
    on_hub["splits"]["test"] = {**test, "learnt_from": {"rows": 10, "without": measured}}
    (shown,) = ModelCard(card_of(on_hub, recipe_yaml=RECIPE)).data.eval_results
    assert (shown.metric_type, shown.metric_value) == ("accuracy", 0.7)
    assert shown.dataset_name.endswith(", without 10 rows that the model has learnt from")
    assert eval_results(result_of(on_hub), recipe_of(RECIPE)) == {}
    on_hub["splits"]["test"] = {**test, "learnt_from": {"rows": 1000, "without": {"rows": 0}}}
    assert "model-index" not in card_of(on_hub, recipe_yaml=RECIPE).split("---")[1]
