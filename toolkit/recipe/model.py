"""The complete recipe class, with the keys of the installed libraries, and its JSON Schema."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, create_model
from pydantic.json_schema import GenerateJsonSchema

from toolkit.recipe.config_keys import config_section
from toolkit.recipe.generation_keys import generation_section
from toolkit.recipe.peft_keys import lora_section
from toolkit.recipe.schema import EvaluationSection, ModelSection, Recipe, Section
from toolkit.recipe.training_keys import training_section

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def recipe_model() -> type[Recipe]:
    """Return the class that checks a recipe's structure; the first call imports transformers and peft (seconds)."""
    training, lora, evaluation = training_section(), lora_section(), _evaluation_section()
    fields: dict[str, Any] = {
        "model": (_model_section(), Field(description=_description("model"))),
        "training": (training, Field(default_factory=training, description=_description("training"))),
        "peft": (
            Annotated[lora, AfterValidator(BaseModel.model_dump)],
            Field(default={}, validate_default=False, description=_description("peft")),
        ),
        "evaluation": (evaluation, Field(default_factory=evaluation, description=_description("evaluation"))),
    }
    return create_model("Recipe", __base__=Recipe, __doc__="A recipe of the transfer toolkit.", **fields)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of recipes, for editors.

    It allows the same keys and values as the loader. The rules between keys are checked by the loader alone.
    """
    from peft import __version__ as peft_version
    from transformers import __version__ as transformers_version

    written_by = f"written by `toolkit recipes schema` for transformers {transformers_version} and peft {peft_version}"
    schema = recipe_model().model_json_schema(schema_generator=_Untitled)
    return {"$schema": DIALECT, "$comment": written_by, **schema}


class _Untitled(GenerateJsonSchema):
    """A generator that leaves out the titles that pydantic derives from names, which repeat the name."""

    def generate(self, schema: Any, mode: Any = "validation") -> dict[str, Any]:
        return {**_without_titles(super().generate(schema, mode)), "title": "Recipe"}


def _without_titles(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_titles(item) for item in node]
    if not isinstance(node, dict):
        return node
    # A property may be called "title"; only a title that is a text is pydantic's own.
    return {
        key: _without_titles(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))
    }


def _model_section() -> type[ModelSection]:
    section: Any = config_section()
    kind = Annotated[section, AfterValidator(_written)] | None
    field = Field(default=None, description=_description("config", ModelSection))
    fields: dict[str, Any] = {"config": (kind, field)}
    return create_model("Model", __base__=ModelSection, __doc__=ModelSection.__doc__, **fields)


def _evaluation_section() -> type[EvaluationSection]:
    section: Any = generation_section()
    kind = Annotated[section, AfterValidator(_written)]
    description = _description("generation", EvaluationSection)
    fields: dict[str, Any] = {"generation": (kind, Field(default={}, validate_default=False, description=description))}
    return create_model("Evaluation", __base__=EvaluationSection, __doc__=EvaluationSection.__doc__, **fields)


def _written(section: BaseModel) -> dict[str, Any]:
    """Return the keys that are written, without defaults: a preset, or the model itself, has other defaults."""
    return section.model_dump(exclude_unset=True)


def _description(name: str, section: type[Section] = Recipe) -> str | None:
    return section.model_fields[name].description
