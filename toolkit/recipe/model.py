"""The complete recipe class, with the keys of the installed libraries, and its JSON Schema."""

from __future__ import annotations

import copy
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, create_model
from pydantic.json_schema import GenerateJsonSchema

from toolkit.names import LORA, Method
from toolkit.recipe.config_keys import config_section
from toolkit.recipe.generation_keys import generation_section
from toolkit.recipe.peft_keys import peft_section
from toolkit.recipe.peft_methods import peft_methods, peft_name, short_names
from toolkit.recipe.schema import EvaluationSection, ModelSection, Recipe, Section
from toolkit.recipe.training_keys import training_section
from toolkit.recipe.values import OneOf

DIALECT = "https://json-schema.org/draft/2020-12/schema"


@cache
def recipe_model(method: str = LORA) -> type[Recipe]:
    """Return the class that checks a recipe's structure; the first call on a machine imports transformers and peft.

    Args:
        method: the PEFT method whose settings stand in ``peft``.
    """
    training, peft, evaluation = training_section(), peft_section(method), _evaluation_section()
    fields: dict[str, Any] = {
        "model": (_model_section(), Field(description=_description("model"))),
        "method": (
            Annotated[str, OneOf(method_names()), AfterValidator(peft_name)],
            Field(description=_description("method")),
        ),
        "training": (training, Field(default_factory=training, description=_description("training"))),
        "peft": (
            Annotated[peft, AfterValidator(BaseModel.model_dump)],
            Field(default={}, validate_default=False, description=_description("peft")),
        ),
        "evaluation": (evaluation, Field(default_factory=evaluation, description=_description("evaluation"))),
    }
    return create_model("Recipe", __base__=Recipe, __doc__="A recipe of the transfer toolkit.", **fields)


def method_names() -> tuple[str, ...]:
    """Return the names that ``method`` may have: the toolkit's own, peft's, and short ones."""
    own = (method.value for method in Method if method is not Method.PEFT)
    return (*own, *peft_methods(), *short_names())


def peft_method_of(tree: Any) -> str:
    """Return the PEFT method of a recipe that is not checked yet; LoRA where it names none."""
    named = tree.get("method") if isinstance(tree, dict) else None
    name = peft_name(named) if isinstance(named, str) else LORA
    return name if name in peft_methods() else LORA


@cache
def schema_of(method: str) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of recipes whose ``peft`` is for a method, which is easy to follow."""
    versions = " and ".join(f"{name} {version(name)}" for name in ("transformers", "peft"))
    written_by = f"written by `toolkit recipes schema` for {versions}"
    schema = recipe_model(method).model_json_schema(schema_generator=_Untitled)
    return {"$schema": DIALECT, "$comment": written_by, **schema}


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of recipes, for editors.

    It allows the same keys and values as the loader: those of ``peft`` depend on ``method``. The rules between keys are
    checked by the loader alone.
    """
    schema = copy.deepcopy(schema_of(LORA))
    usual = schema["properties"]["peft"]
    schema["properties"]["peft"] = {key: value for key, value in usual.items() if key != "$ref"}
    others = {name: peft_section(name) for name in peft_methods() if peft_section(name) is not peft_section(LORA)}
    short = {name: short for short, name in short_names().items()}
    written = {name: [name, short[name]] if name in short else [name] for name in others}
    schema["allOf"] = [
        {"if": _is_one_of([word for words in written.values() for word in words]), "else": _peft_is(usual["$ref"])},
        *(
            {"if": _is_one_of(written[name]), "then": _peft_is(f"#/$defs/{section.__name__}")}
            for name, section in others.items()
        ),
    ]
    for section in others.values():
        schema["$defs"][section.__name__] = _without_titles(section.model_json_schema())
    return schema


def _is_one_of(names: list[str]) -> dict[str, Any]:
    return {"properties": {"method": {"enum": names}}, "required": ["method"]}


def _peft_is(reference: str) -> dict[str, Any]:
    return {"properties": {"peft": {"$ref": reference}}}


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
