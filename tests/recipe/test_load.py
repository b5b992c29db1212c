import pytest

from toolkit.errors import RecipeError
from toolkit.names import Method, Task
from toolkit.recipe import Recipe, build_recipe, load_recipe


def test_a_short_recipe_has_every_default(load):
    recipe = load()
    assert isinstance(recipe, Recipe)
    assert recipe.task is Task.TEXT_CLASSIFICATION
    assert recipe.way is Method.FULL
    assert (recipe.data.test_size, recipe.data.validation_size, recipe.data.split_seed) == (0.2, 0.1, 0)
    assert recipe.evaluation.metrics == ["accuracy", "f1"]
    assert recipe.peft == {}
    assert recipe.seed == 0
    assert recipe.note is None


def test_lora_has_its_defaults_with_and_without_a_section(load):
    without = load("", "method=lora").peft
    assert (without["r"], without["lora_alpha"], without["target_modules"]) == (16, 32, "all-linear")
    assert load("peft: {r: 4}\n", "method=lora").peft == without | {"r": 4}


SCRATCH = """\
task: translation
model: {config: {preset: small, position: rotary}}
data: {train: {source: a.de, target: a.en}}
method: scratch
"""


def test_scratch_has_its_defaults(write):
    recipe = load_recipe(write(SCRATCH))
    assert recipe.tokenizer.model_dump() == {"train": "bpe", "vocab_size": 8000, "lowercase": False}
    assert recipe.evaluation.metrics == ["bleu", "chrf"]
    assert recipe.best_metric == "loss"
    assert recipe.text_columns == ("source", "target")
    assert recipe.model.label == "own Transformer"
    assert recipe.model.config["architecture"] == "encoder-decoder"
    kept = load_recipe(write(SCRATCH), ["tokenizer.vocab_size=500", "evaluation.generation.num_beams=4"])
    assert (kept.tokenizer.train, kept.tokenizer.vocab_size) == ("bpe", 500)
    assert (kept.evaluation.generation, kept.evaluation.metrics) == ({"num_beams": 4}, ["bleu", "chrf"])


def test_what_chooses_the_best_epoch(load):
    assert load().best_metric == "accuracy"
    assert load("evaluation: {metrics: [recall]}\n").best_metric == "recall"
    assert load("training: {metric_for_best_model: eval_f1}\n").best_metric == "f1"


def test_all_faults_at_once_in_the_order_of_the_text(faults):
    text = """\
task: text-classificatoin
model: {name: 3}
data:
  source: a.csv
  encoding: utf9
method: full
training:
  learning_rat: 1.0e-5
  num_train_epochs: three
  lr_scheduler_kwargs: {a: [b]}
seed: no
seed: 1
"""
    assert faults(text) == [
        "recipe.yaml:12:1: duplicate key 'seed'; it stands already at recipe.yaml:11:1; keep one of them",
        "recipe.yaml:1:7: task: found the text 'text-classificatoin'; did you mean 'text-classification'?; "
        "allowed: text-classification, token-classification, translation, summarization, text-generation, fill-mask",
        "recipe.yaml:2:15: model.name: found 3; expected a text",
        "recipe.yaml:8:3: training.learning_rat: unknown key 'learning_rat'; did you mean 'learning_rate'?",
        "recipe.yaml:9:21: training.num_train_epochs: found the text 'three'; expected a number above 0",
        "recipe.yaml:11:7: seed: found the text 'no'; expected a whole number from 0 to 4294967295",
    ]


def test_missing_keys_are_placed_at_their_section(faults):
    lines = faults("# a comment\ntask: text-classification\nmodel: {name: m}\n")
    assert [line.partition(";")[0] for line in lines] == [
        "recipe.yaml:2:1: the key 'data' is missing",
        "recipe.yaml:2:1: the key 'method' is missing",
    ]
    (line,) = faults("task: text-classification\nmodel: {}\ndata: {source: a}\nmethod: full\n")
    assert line.startswith("recipe.yaml:2:8: model: neither name nor config is given; write name")


def test_a_number_that_is_not_one_is_reported_once(faults):
    text = "task: text-classification\nmodel: {name: m}\ndata: {source: [.nan]}\nmethod: full\n"
    assert faults(text) == [
        "recipe.yaml:3:17: data.source[0]: .nan is not a number to compute with; write a finite one"
    ]


@pytest.mark.parametrize("spelling", ["1e-5", "1E-5", "0.00001", "1.0e-5", "+1e-05", ".1e-4", "1.e-5"])
def test_any_spelling_of_a_small_number(load, spelling):
    assert load(f"training: {{learning_rate: {spelling}}}\n").training.for_trainer()["learning_rate"] == 1e-5


def test_whole_floats_are_whole_numbers(load):
    assert type(load("seed: 3.0\n").seed) is int


def test_labels_that_look_like_other_things_stay_texts(load):
    weights = load("training: {class_weights: {0: 1, no: 2.5, 007: 1}}\n").training.class_weights
    assert weights == {"0": 1.0, "no": 2.5, "007": 1.0}


def test_a_recipe_does_not_change(load):
    with pytest.raises(ValueError, match="frozen"):
        load().seed = 3


def test_a_missing_file_names_the_shipped_ones(tmp_path):
    with pytest.raises(RecipeError, match="did you mean 'movie-sentiment'") as caught:
        load_recipe(tmp_path / "movie-sentimnt.yaml")
    assert caught.value.exit_code == 2


def test_a_folder_is_no_recipe(tmp_path):
    with pytest.raises(RecipeError, match="not a file"):
        load_recipe(tmp_path)


def test_a_recipe_from_plain_values_is_checked_alike_and_left_alone():
    tree = {"task": "text-classification", "model": {"name": "m"}, "data": {"source": "a"}, "method": "full"}
    before = repr(tree)
    assert build_recipe(tree).model.name == "m"
    with pytest.raises(RecipeError, match="recipe: seed: found true"):
        build_recipe(tree | {"seed": True})
    assert repr(tree) == before
