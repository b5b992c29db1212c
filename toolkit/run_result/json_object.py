"""Typed reading of JSON objects; an error names the key that is missing or wrong."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar, cast

from toolkit.errors import IntegrityError, explain

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

_WORDS: Mapping[type, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
}


class JsonObject:
    """A JSON object whose values are read by key and type.

    Args:
        value: the parsed JSON.
        path: keys that lead to it, joined by dots; empty for the outermost object.
        where: the file or whatever else holds it.

    Raises:
        IntegrityError: the value is no object.
    """

    def __init__(self, value: Any, path: str = "", *, where: str | None = None) -> None:
        self._path, self._where = path, where
        if not isinstance(value, Mapping):
            raise self._fault(f"{path or 'the content'} is no JSON object")
        self.values: Mapping[str, Any] = value

    def get(self, key: str, kind: type[T]) -> T:
        """Return the value of a key that has to be there.

        Args:
            key: of this object.
            kind: ``str``, ``int``, ``float`` (takes whole numbers too), ``bool`` or ``list``.

        Raises:
            IntegrityError: the key is missing, or its value is of another type.
        """
        if key not in self.values:
            raise self._fault(f"{self._named(key)} is missing")
        value: Any = self.values[key]
        if not _is_a(value, kind):
            raise self._fault(f"{self._named(key)} is no {_WORDS[kind].partition(' ')[2]}: {str(value)[:80]!r}")
        return cast(T, value)

    def optional(self, key: str, kind: type[T]) -> T | None:
        """Return the value of a key, or None where it is missing or null.

        Raises:
            IntegrityError: the value is of another type.
        """
        return None if self.values.get(key) is None else self.get(key, kind)

    def name(self, key: str, kind: type[E]) -> E:
        """Return the member of an enumeration that a key names.

        Raises:
            IntegrityError: the key is missing, or names no member.
        """
        text = self.get(key, str)
        if text not in [member.value for member in kind]:
            allowed = tuple(member.value for member in kind)
            raise self._fault(explain(f"{self._named(key)} is {text[:80]!r}", allowed=allowed))
        return kind(text)

    def object(self, key: str) -> JsonObject:
        """Return the object of a key that has to be there.

        Raises:
            IntegrityError: the key is missing, or its value is no object.
        """
        if key not in self.values:
            raise self._fault(f"{self._named(key)} is missing")
        return self.inner(key, self.values[key])

    def optional_object(self, key: str) -> JsonObject | None:
        """Return the object of a key, or None where it is missing or null.

        Raises:
            IntegrityError: the value is no object.
        """
        return None if self.values.get(key) is None else self.object(key)

    def elements(self, key: str, kind: type[T]) -> tuple[T, ...]:
        """Return the elements of a list.

        Args:
            key: of this object.
            kind: of every element, as in `get`.

        Raises:
            IntegrityError: the key is missing, or its value is no list, or one of other elements.
        """
        values = self.get(key, list)
        if not all(_is_a(value, kind) for value in values):
            raise self._fault(f"{self._named(key)} is no list of {_WORDS[kind].partition(' ')[2]}s")
        return tuple(values)

    def mapping(self, kind: type[T]) -> dict[str, T | None]:
        """Return all keys with their values.

        Args:
            kind: of every value that is not null, as in `get`.

        Raises:
            IntegrityError: a value is of another type.
        """
        return {key: self.optional(key, kind) for key in self.values}

    def texts(self) -> dict[str, str]:
        """Return all keys with their values, which are texts.

        Raises:
            IntegrityError: a value is no text.
        """
        return {key: self.get(key, str) for key in self.values}

    def entries(self) -> list[tuple[str, JsonObject]]:
        """Return the keys with their values, all of which have to be objects.

        Raises:
            IntegrityError: a value is no object.
        """
        return [(key, self.inner(key, value)) for key, value in self.values.items()]

    def inner(self, key: str, value: Any) -> JsonObject:
        """Return a value below this object as an object of its own, with the path that leads to it."""
        return JsonObject(value, self._named(key), where=self._where)

    def fault(self, key: str, found: str) -> IntegrityError:
        """Return an error about a key, such as ``splits.test.metrics is empty``."""
        return self._fault(f"{self._named(key)} {found}")

    def _named(self, key: str) -> str:
        return f"{self._path}.{key}".strip(".")

    def _fault(self, found: str) -> IntegrityError:
        return IntegrityError(f"damaged: {found}", where=self._where)


def _is_a(value: Any, kind: type) -> bool:
    """Return whether a value is of a type of JSON. To Python, true is a whole number and a whole number no float."""
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
