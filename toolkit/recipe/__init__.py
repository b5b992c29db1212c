"""The typed recipe: one YAML file that says what to do, checked strictly, with every fault and its position.

Importing this package imports neither transformers nor peft; loading a recipe does.
"""

from toolkit.recipe.find import ShippedRecipe, copy_recipe, find_recipe, list_recipes
from toolkit.recipe.load import build_recipe, load_recipe, reread_recipe
from toolkit.recipe.model import json_schema, recipe_model
from toolkit.recipe.resolved import (
    recipe_digest,
    recipe_values,
    recipe_yaml,
    same_digests,
    set_yaml,
    yaml_without_nulls,
)
from toolkit.recipe.schema import (
    DataSection,
    EvaluationSection,
    ModelSection,
    Recipe,
    TokenizerSection,
    TrainingSection,
)
from toolkit.recipe.structure import structural_faults
from toolkit.recipe.values import Source
from toolkit.recipe.yaml_text import recipe_text

__all__ = [
    "DataSection",
    "EvaluationSection",
    "ModelSection",
    "Recipe",
    "ShippedRecipe",
    "Source",
    "TokenizerSection",
    "TrainingSection",
    "build_recipe",
    "copy_recipe",
    "find_recipe",
    "json_schema",
    "list_recipes",
    "load_recipe",
    "recipe_digest",
    "recipe_model",
    "recipe_text",
    "recipe_values",
    "recipe_yaml",
    "reread_recipe",
    "same_digests",
    "set_yaml",
    "structural_faults",
    "yaml_without_nulls",
]
