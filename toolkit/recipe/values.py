"""The kinds of value that a recipe holds, each with the JSON Schema that says the same as its check.

Numbers follow JSON, which has one kind of them: ``3.0`` is the whole number 3 wherever one is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


def as_whole(value: object) -> object:
    """A float without a fractional part as the integer that it is; anything else as it came."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class OneOf:
    """Marks a text that must be one of some names; ``Literal`` for names that a table holds."""

    names: Sequence[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The check, which pydantic turns into an ``enum`` of the JSON Schema by itself."""
        return core_schema.literal_schema(list(self.names))


@dataclass(frozen=True)
class CountOrFraction:
    """Marks a number that counts (a whole number) or is a fraction of all there is (above 0, below 1).

    Attributes:
        minimum: the smallest count, 0 or 1.
    """

    minimum: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The check as one function, so that a wrong value is one fault and not one a branch."""
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Both branches of the check."""
        fraction = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
        return {"anyOf": [{"type": "integer", "minimum": self.minimum}, fraction]}

    def _validate(self, value: object) -> int | float:
        # 1.0 could mean one or all: it stays a float, and toolkit.recipe.check asks which one is meant.
        number = value if value == 1.0 else as_whole(value)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError("not a number")
        if 0 < number <= 1 or (isinstance(number, int) and number >= self.minimum):
            return number
        raise ValueError("out of range")


# The conversion stands last: so the bounds belong to the integer, and pydantic puts them in the schema.
WholeNumber: TypeAlias = Annotated[int, BeforeValidator(as_whole)]
PositiveInt: TypeAlias = Annotated[int, Field(ge=1), BeforeValidator(as_whole)]
Count: TypeAlias = Annotated[int, Field(ge=0), BeforeValidator(as_whole)]
Seed: TypeAlias = Annotated[int, Field(ge=0, le=2**32 - 1), BeforeValidator(as_whole)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
Size: TypeAlias = Annotated[int | float, CountOrFraction(minimum=0)]
Steps: TypeAlias = Annotated[float, CountOrFraction(minimum=1)]
StepsOrNone: TypeAlias = Annotated[float, CountOrFraction(minimum=0)]
Source: TypeAlias = Text | Annotated[list[Text], Field(min_length=1)] | Annotated[dict[Text, Text], Field(min_length=1)]
