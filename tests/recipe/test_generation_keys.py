from transformers import GenerationConfig

from toolkit.recipe import build_recipe
from toolkit.recipe.generation_keys import KINDS, REFUSED, generation_hint, generation_section


def test_the_keys_are_the_librarys():
    known = GenerationConfig().to_dict()
    assert set(generation_section().model_fields) == set(KINDS) <= set(known)
    assert not set(REFUSED) & set(KINDS)
    assert all(generation_hint(key) == REFUSED[key] for key in REFUSED)


def test_the_library_takes_what_the_section_gives():
    written = {"num_beams": 4, "max_new_tokens": 64.0, "length_penalty": 0.6, "early_stopping": True}
    recipe = build_recipe(
        {
            "task": "translation",
            "model": {"config": {"preset": "tiny"}},
            "data": {"source": "a.csv"},
            "method": "scratch",
            "evaluation": {"generation": written},
        }
    )
    values = recipe.evaluation.generation
    assert values == written
    assert type(values["max_new_tokens"]) is int
    config = GenerationConfig(**values)
    config.validate(strict=True)
    assert (config.num_beams, config.early_stopping) == (4, True)
