"""Strict YAML: no tags, no duplicate keys, bounded size, and the position of every value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from toolkit.errors import Fault, RecipeError
from toolkit.recipe.document import TOKEN, Document, Place, TreePath, dotted
from toolkit.recipe.scalars import plain_value

LARGEST_FILE_BYTES = 1_000_000
DEEPEST_NESTING = 32
MOST_VALUES = 20_000
"""Limit of the values of a document with its aliases resolved, so that a few lines cannot fill the memory."""

PlaceOf: TypeAlias = Callable[[int, int], str]
"""A function that words the position of a line and a column, both counted from 1."""

_TAG = "tags such as !!str are not used in recipes; write the plain value"
_DEEP = f"nested deeper than {DEEPEST_NESTING} levels"
_ENDLESS = f"the aliases (*) stand for more than {MOST_VALUES:,} values, or for themselves"
_UNCLOSED = "the bracket at {opened} is not closed, or a comma is missing in it"

_ESCAPE = "a backslash in double quotes begins an escape; write a path with / or in single quotes: 'C:\\data\\rows.csv'"

_BEYOND = "this escape stands for no character, because Unicode ends at \\U0010FFFF; write the character itself"
_HALF = "an escape from \\uD800 to \\uDFFF is half a character, and the other half is missing; write the character"
_NUL = "the escape \\0 stands for no character of a text; take it out"

_WORDS = {
    _TAG: _TAG,
    _DEEP: _DEEP,
    _HALF: _HALF,
    _NUL: _NUL,
    "found character '\\t' that cannot start any token": "a tab indents this line; use spaces",
    "mapping values are not allowed here": "a colon too many, or a wrongly indented line; "
    "put a text that contains ': ' in quotes",
    "could not find expected ':'": "a key without a colon after it",
    "found unexpected end of stream": "the quote at {opened} is not closed",
    "but found another document": "a second document begins here; a recipe is one document",
    "while scanning a double-quoted scalar": _ESCAPE,
    "while parsing a flow sequence": _UNCLOSED,
    "while parsing a flow mapping": _UNCLOSED,
}
"""PyYAML's problems, or else their contexts, in plain words; ``{opened}`` is where the context begins."""


def read_document(path: Path) -> Document:
    """Read a recipe file.

    Raises:
        RecipeError: if it cannot be read, or is not YAML in UTF-8 with keys and values at the top.
    """
    text = recipe_text(path)

    def place(line: int, column: int) -> str:
        return f"{path}:{line}:{column}"

    refuse_tokens(text, place)
    document = parse(text, place)
    if document.tree is None and not document.faults:
        raise RecipeError(
            "the recipe is empty; `toolkit recipes show movie-sentiment` prints one that works",
            where=str(path),
        )
    if not isinstance(document.tree, dict):
        found = "a list" if isinstance(document.tree, list) else f"{str(document.tree)[:40]!r}"
        raise RecipeError(f"a recipe consists of keys with values, but this is {found}", where=place(1, 1))
    return document


def parse(text: str, place: PlaceOf) -> Document:
    """Read one YAML document from a text.

    Raises:
        RecipeError: if the text is not YAML, or uses a feature that recipes do not allow.
    """
    try:
        composer = _Composer(text)
        try:
            node = composer.get_single_node()
        except (OverflowError, ValueError) as error:
            raise _no_character(composer, text, place) from error
        finally:
            composer.dispose()
    except yaml.MarkedYAMLError as error:
        raise _plain_error(error, place) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        where = place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = f"the control character {error.character:#04x} is not allowed in YAML"
        raise RecipeError(message, where=where) from error
    builder = _Builder(place)
    tree = builder.build(node, (), None) if node is not None else None
    places = builder.places or {(): Place(place(1, 1), place(1, 1))}
    return Document(tree, places, builder.faults, builder.unreadable)


def _plain_error(error: yaml.MarkedYAMLError, place: PlaceOf) -> RecipeError:
    def where(mark: yaml.Mark | None) -> str:
        return place(mark.line + 1, mark.column + 1) if mark else place(1, 1)

    problem = error.problem or ""
    words = _WORDS.get(problem) or _WORDS.get(error.context or "") or f"not YAML: {problem}"
    message = words.replace("{opened}", where(error.context_mark))
    return RecipeError(message, where=where(error.problem_mark))


def _no_character(composer: _Composer, text: str, place: PlaceOf) -> RecipeError:
    """Return the error for a number that the scanner has just failed to read."""
    mark = composer.get_mark()
    if text[mark.index - 2 : mark.index - 1] == "\\":  # at the first digit of an escape
        return RecipeError(_BEYOND, where=place(mark.line + 1, mark.column - 1))
    return RecipeError("not YAML: a number of too many digits", where=place(mark.line + 1, mark.column + 1))


def refuse_tokens(text: str, place: PlaceOf) -> None:
    """Refuse a text that holds an access token, without repeating it.

    Raises:
        RecipeError: if it holds one; recipes are copied into run folders and published.
    """
    found = TOKEN.search(text)
    if found is not None:
        before = text[: found.start()]
        raise RecipeError(
            "this looks like an access token, and recipes are copied and published; take it out "
            "(and revoke it, if others saw it); `hf auth login` keeps a token in its own place",
            where=place(before.count("\n") + 1, len(before) - before.rfind("\n")),
        )


def recipe_text(path: Path) -> str:
    """Read the text of a recipe file, without a byte order mark.

    Raises:
        RecipeError: if it is too large for a recipe, cannot be read, or is not UTF-8.
    """
    if path.exists() and not path.is_file():
        raise RecipeError("this is not a file; name a recipe file", where=str(path))
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            message = f"the file has {size:,} bytes, a recipe at most {LARGEST_FILE_BYTES:,}; is this a data file?"
            raise RecipeError(message, where=str(path))
        content = path.read_bytes()
    except OSError as error:
        raise RecipeError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # utf-8-sig counts without the byte order mark.
        offset = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        line = content.count(b"\n", 0, offset) + 1
        column = offset - content.rfind(b"\n", 0, offset)
        raise RecipeError(
            f"not UTF-8: byte {content[offset]:#04x} at offset {offset}; save the file as UTF-8",
            where=f"{path}:{line}:{column}",
        ) from error


class _Composer(yaml.SafeLoader):
    """PyYAML up to its tree of nodes, which know their positions; `_Builder` reads their values."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if getattr(event, "tag", None) is not None:
            raise yaml.MarkedYAMLError(problem=_TAG, problem_mark=event.start_mark)
        self._depth += 1
        if self._depth > DEEPEST_NESTING:
            raise yaml.MarkedYAMLError(problem=_DEEP, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        try:
            # As in JSON, two escapes may stand for the two halves of one character in UTF-16.
            node.value = node.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            raise yaml.MarkedYAMLError(problem=_HALF, problem_mark=node.start_mark) from None
        if "\0" in node.value:
            raise yaml.MarkedYAMLError(problem=_NUL, problem_mark=node.start_mark)
        return node


class _Builder:
    """A builder that turns nodes into values and keeps the position of each."""

    def __init__(self, place: PlaceOf) -> None:
        self._place = place
        self._n_values = 0
        self.places: dict[TreePath, Place] = {}
        self.faults: list[Fault] = []
        self.unreadable: set[TreePath] = set()

    def build(self, node: yaml.Node, path: TreePath, key_place: str | None) -> Any:
        """Return the value of a node, and keep its position under ``path``."""
        where = self._where(node)
        self._n_values += 1
        # A path that is deeper than the text comes from an alias inside of its own anchor.
        if self._n_values > MOST_VALUES or len(path) > DEEPEST_NESTING:
            raise RecipeError(_ENDLESS, where=where)
        self.places[path] = Place(key_place or where, where)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, i), self._where(item)) for i, item in enumerate(node.value)]
        return self._scalar(node, path, where)

    def _mapping(self, node: yaml.MappingNode, path: TreePath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        first: dict[str, str] = {}
        for key_node, value_node in node.value:
            where = self._where(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.faults.append(Fault("a key is a text, not a list or a section", where))
                continue
            # Keys are taken as written, so that labels such as 0, 007 and no stay themselves.
            key: str = key_node.value
            if key in first:
                message = f"duplicate key {key!r}; it stands already at {first[key]}; keep one of them"
                self.faults.append(Fault(message, where))
                continue
            first[key] = where
            values[key] = self.build(value_node, (*path, key), where)
        return values

    def _scalar(self, node: yaml.Node, path: TreePath, where: str) -> Any:
        if node.style is not None:  # type: ignore[attr-defined]
            return node.value
        try:
            return plain_value(node.value)
        except ValueError as error:
            self.faults.append(Fault(f"{dotted(path)}: {error}" if path else str(error), where))
            self.unreadable.add(path)
            return None

    def _where(self, node: yaml.Node) -> str:
        return self._place(node.start_mark.line + 1, node.start_mark.column + 1)
