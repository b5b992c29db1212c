import pytest

from toolkit.errors import RecipeError
from toolkit.recipe import build_recipe

BASE = {
    "task": "text-generation",
    "model": {"config": {"preset": "small"}},
    "data": {"source": "a.csv"},
    "method": "scratch",
}
PAIRS = {"data": {"source": "a.csv", "columns": {"source": "Q", "target": "A"}}}
CLASSES = {"task": "text-classification", "model": {"name": "m"}, "method": "full"}


def broken(**changes):
    """The faults of a recipe, and nothing for a sound one."""
    try:
        build_recipe(BASE | changes)
    except RecipeError as error:
        return [fault.message for fault in error.faults]
    return []


def generation(**values):
    return {"evaluation": {"generation": values}}


@pytest.mark.parametrize(
    "changes",
    [
        PAIRS | {"evaluation": {"metrics": ["chrf", "bleu", "perplexity", "rougeL", "copied_4grams"]}},
        {"training": {"metric_for_best_model": "eval_loss"}},
        PAIRS | {"training": {"metric_for_best_model": "eval_rougeL"}},
        PAIRS | {"training": {"metric_for_best_model": "repeated_4grams"}},
        PAIRS | {"training": {"metric_for_best_model": "length_ratio", "greater_is_better": True}},
        generation(stop_strings=["\n\n", "끝"], num_beams=2),
        {"training": {"tokens_per_batch": 4096, "train_sampling_strategy": "random"}},
        {"training": {"average_checkpoints": 5, "early_stopping_patience": 3}},
        generation(do_sample=True, temperature=0.8, top_k=0, top_p=1, max_new_tokens=20, min_new_tokens=20),
        generation(num_beams=4, length_penalty=0, early_stopping="never"),
        generation(temperature=None),
        {"task": "fill-mask"},
        {"task": "translation"} | generation(max_new_tokens=5),
        CLASSES | {"training": {"class_weights": "balanced"}},
    ],
)
def test_sound_recipes(changes):
    assert broken(**changes) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"task": "fill-mask", "data": {"source": "a", "columns": {"label": "x"}}}, "fill-mask has no column 'label'"),
        (
            {"data": {"source": "a", "columns": {"text": "t", "source": "Q"}}},
            "data.columns.text: it goes without source; keep text for free text",
        ),
        ({"evaluation": {"metrics": ["accuracy"]}}, "text-generation has no metric 'accuracy'"),
        (
            {"evaluation": {"metrics": ["chrf"]}},
            "chrf is for answers with targets, and free text has none; name source and target in data.columns",
        ),
        ({"evaluation": {"metrics": ["bits_per_character", "repeated_4grams"]}}, "repeated_4grams is for answers"),
        (
            {"training": {"metric_for_best_model": "perplexity"}},
            "'perplexity' is not measured while training; allowed: loss",
        ),
        ({"data": {"source": "a", "shots_per_class": 8}}, "data.shots_per_class: text-generation has no classes"),
        ({"training": {"class_weights": "balanced"}}, "training.class_weights: text-generation has no classes"),
        ({"training": {"average_checkpoints": 0}}, "found 0; expected a whole number of at least 1"),
        (
            {"training": {"average_checkpoints": 5, "load_best_model_at_end": False}},
            "training.average_checkpoints: without evaluations that keep their weights nothing is averaged",
        ),
        (CLASSES | generation(num_beams=4), "evaluation.generation: text-classification generates no text"),
        ({"task": "fill-mask"} | generation(num_beams=4), "evaluation.generation: fill-mask generates no text"),
        (generation(top_k=50), "evaluation.generation.top_k: it is for drawing tokens; add do_sample: true"),
        (generation(do_sample=True, num_beams=4), "a text is drawn or searched for along beams, not both"),
        (generation(stop_strings=[]), "evaluation.generation.stop_strings"),
        (generation(stop_strings=[".", ""]), "evaluation.generation.stop_strings[1]"),
        (
            PAIRS | {"training": {"metric_for_best_model": "rougel"}},
            "'rougel' is not measured while training; did you mean 'rougeL'?",
        ),
        (PAIRS | {"training": {"metric_for_best_model": "accuracy"}}, "'accuracy' is not measured while training"),
        (PAIRS | {"training": {"metric_for_best_model": "length_ratio"}}, "'length_ratio' is not measured"),
        ({"training": {"metric_for_best_model": "chrf"}}, "'chrf' is not measured while training; allowed: loss"),
        (generation(length_penalty=0.6), "it is for several beams; add num_beams of at least 2"),
        (
            generation(min_new_tokens=9, max_new_tokens=5),
            "evaluation.generation.min_new_tokens: 9 is more than max_new_tokens, 5",
        ),
    ],
)
def test_unsound_recipes(changes, words):
    (message,) = broken(**changes)
    assert words in message
