"""The types of a recipe's values, each with a JSON Schema that allows the same values as its check.

Numbers follow JSON, which has a single type of number: ``3.0`` is the integer 3 where an integer is expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


def as_whole(value: object) -> object:
    """Convert a float without a fractional part to an integer; return any other value unchanged."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class OneOf:
    """A marker for a text that must be one of some names: ``Literal`` for names that are computed."""

    names: Sequence[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the check, from which pydantic derives an ``enum`` in the JSON Schema."""
        return core_schema.literal_schema(list(self.names))


@dataclass(frozen=True)
class CountOrFraction:
    """A marker for a number that is a count (an integer) or a fraction of the total (above 0, below 1).

    Attributes:
        minimum: the smallest count, 0 or 1.
    """

    minimum: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the check as one function, so that a wrong value is one fault and not one for each branch."""
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the JSON Schema of a count or a fraction."""
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


@dataclass(frozen=True)
class NameOrNumber:
    """A marker for a text that may be written as a whole number, such as the column ``0`` of a file without names.

    White space around it is dropped, as the readers of data drop it around the names of columns.
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the check of a text, before which a whole number becomes one."""
        return core_schema.no_info_before_validator_function(_name, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Return the JSON Schema of a text that is not empty, or a whole number."""
        return {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 0}]}


def _name(value: object) -> object:
    if isinstance(value, str):
        return value.strip() or value
    number = as_whole(value)
    return str(number) if isinstance(number, int) and not isinstance(number, bool) and number >= 0 else value


# The conversion is last, so that the bounds belong to the integer, and pydantic writes them into the schema.
WholeNumber: TypeAlias = Annotated[int, BeforeValidator(as_whole)]
PositiveInt: TypeAlias = Annotated[int, Field(ge=1), BeforeValidator(as_whole)]
Count: TypeAlias = Annotated[int, Field(ge=0), BeforeValidator(as_whole)]
Seed: TypeAlias = Annotated[int, Field(ge=0, le=2**32 - 1), BeforeValidator(as_whole)]
Text: TypeAlias = Annotated[str, Field(min_length=1)]
ColumnText: TypeAlias = Annotated[str, Field(min_length=1), NameOrNumber()]
Columns: TypeAlias = ColumnText | Annotated[list[ColumnText], Field(min_length=1)]
Size: TypeAlias = Annotated[int | float, CountOrFraction(minimum=0)]
Steps: TypeAlias = Annotated[float, CountOrFraction(minimum=1)]
StepsOrNone: TypeAlias = Annotated[float, CountOrFraction(minimum=0)]
Source: TypeAlias = Text | Annotated[list[Text], Field(min_length=1)] | Annotated[dict[Text, Text], Field(min_length=1)]
