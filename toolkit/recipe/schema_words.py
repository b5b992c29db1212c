"""A JSON Schema in words, so that messages and schema cannot disagree."""

from __future__ import annotations

from typing import Any

from toolkit.recipe.document import TreePath

_LONGEST_LIST = 8


def follow(schema: dict[str, Any], path: TreePath) -> dict[str, Any]:
    """Return the part of a schema that describes the value under a path; ``{}`` if it allows any value.

    Args:
        schema: the whole schema.
        path: keys of sections and indices of lists.
    """
    node = schema
    for part in path:
        inner: dict[str, Any] = {}
        for option in alternatives(schema, node):
            if isinstance(part, int):
                inner = inner or option.get("items", {})
            else:
                rest = option.get("additionalProperties")
                inner = inner or option.get("properties", {}).get(part) or (rest if isinstance(rest, dict) else {})
        node = inner
    return node


def alternatives(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """List the branches of a node, with references resolved and without null."""
    if "$ref" in node:
        return alternatives(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    if "anyOf" in node:
        return [option for branch in node["anyOf"] for option in alternatives(schema, branch)]
    if "const" in node:
        return [{**node, "enum": [node["const"]]}]
    return [] if node.get("type") == "null" else [node]


def describe(schema: dict[str, Any], node: dict[str, Any]) -> str:
    """Describe in words what a node allows: ``a whole number of at least 1``."""
    described = [_describe_one(schema, option) for option in alternatives(schema, node)]
    return " or ".join(dict.fromkeys(described)) or "nothing"


def _describe_one(schema: dict[str, Any], node: dict[str, Any]) -> str:
    if "enum" in node:
        return _choice([name if isinstance(name, str) else str(name).lower() for name in node["enum"]])
    match node.get("type"):
        case "boolean":
            return "true or false"
        case "integer":
            return "a whole number" + _bounds(node)
        case "number":
            return "a number" + _bounds(node)
        case "string":
            return f"a text like {node['pattern']}" if "pattern" in node else "a text"
        case "array":
            return f"a list [{describe(schema, node.get('items', {}))}, …]"
        case "object":
            return _section(schema, node)
    return "any value"


def _choice(names: list[str]) -> str:
    shown = ", ".join(names[:_LONGEST_LIST]) + (" …" if len(names) > _LONGEST_LIST else "")
    return repr(shown) if len(names) == 1 else f"one of: {shown}"


def _section(schema: dict[str, Any], node: dict[str, Any]) -> str:
    if "properties" in node:
        return f"a section with keys such as {', '.join(list(node['properties'])[:4])}"
    values = node.get("additionalProperties")
    return f"a section {{key: {describe(schema, values)}, …}}" if isinstance(values, dict) else "a section"


def _bounds(node: dict[str, Any]) -> str:
    if "minimum" in node and "maximum" in node:
        return f" from {node['minimum']:g} to {node['maximum']:.15g}"
    words = {
        "minimum": "of at least",
        "exclusiveMinimum": "above",
        "maximum": "of at most",
        "exclusiveMaximum": "below",
    }
    bounds = [f"{word} {node[key]:g}" for key, word in words.items() if key in node]
    return " " + " and ".join(bounds) if bounds else ""
