"""Valid content with faults: of bytes, JSON and YAML trees, and archives. A seed gives the same faults again.

The kinds of faults are those of American Fuzzy Lop (flips, odd bytes, cuts, repeats, splices; Zalewski 2013,
https://lcamtuf.coredump.cx/afl/technical_details.txt), and for trees what other programs and hands write by mistake.
"""

from __future__ import annotations

import bz2
import copy
import gzip
import io
import json
import lzma
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pyarrow
import yaml

Mutation: TypeAlias = Callable[[bytes, random.Random], bytes]

ODD_BYTES = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b'"', b"'",
    b'""', b"\\", b"\r",
    b"\n", b"\r\n", b",", b";", b"\t", b"|", b"{", b"}", b"[", b"]", b":", b"#", b"&a", b"*a",
    b"<<: *a", b"!!python/none ",
    b"%YAML 9.9\n", b"---\n", b"...\n", b"? ", b"- ", b"null", b"NaN", b"-Infinity", b"1e999",
    b"9" * 5000, b"-0", b"0x",
    b"\\ud800", b"\\u0000", "가".encode(), "가".encode(), "\u2028".encode(), "\x85".encode(), "\u202e".encode(),
    b"&x;", b"<", b">", b"<!DOCTYPE a>", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\xff\xff\xff\xff",
    b"\1\0\0\0\0\0\0\0",
)  # fmt: skip
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 7, 10**6, 2**31, -(2**31) - 1, 2**63, 10**30, 0.0, -0.0, 0.5,
    1e308, -1e-320, float("nan"),
    float("inf"), "", " ", "x", "0", "1", "true", "null", "NaN", "a\nb", "\0", "\ud800", "가", "\u202e",
    "../x", "/", "~", "C:\\a",
    "{}", "{0}", "%s", "[UNK]", "<unk>", "x" * 5000, [], [None], [1], ["x"], [[]], [[1, 2], [3]], {},
    {"a": None}, {"": {}},
    {"0": "x"}, {"1": 1, "x": [2]},
)  # fmt: skip
DEEP = 100_000


def mutate_bytes(content: bytes, chance: random.Random) -> bytes:
    """Return bytes with one to four faults."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        content = _fault(content, chance)
    return content


def _fault(content: bytes, chance: random.Random) -> bytes:
    size = len(content)
    at = size - 1 - chance.randrange(min(size, 200)) if size and chance.random() < 0.2 else chance.randrange(size + 1)
    end = min(size, at + chance.choice((1, 1, 2, 4, 16, 100, 1000)))
    match chance.randrange(8):
        case 0 if at < size:
            return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]
        case 1 if at < size:
            return content[:at] + bytes([chance.randrange(256)]) + content[at + 1 :]
        case 2:
            odd = chance.choice(ODD_BYTES)
            return content[:at] + odd + content[at + chance.choice((0, len(odd))) :]
        case 3:
            return content[:at]
        case 4:
            return content[:at] + content[end:]
        case 5:
            return content[:end] + content[at:end] * chance.choice((1, 1, 3, 100)) + content[end:]
        case 6:
            other = chance.randrange(size + 1)
            return content[:at] + content[other : other + end - at] + content[end:]
        case _:
            return content[:at] + chance.randbytes(end - at) + content[end:]


def mutate_json(content: bytes, chance: random.Random) -> bytes:
    """Return JSON, or JSON lines, with faults in the tree, in its text or in its bytes."""
    if chance.random() < 0.25:
        return mutate_bytes(content, chance)
    text = content.decode("utf-8")
    try:
        tree, lines = json.loads(text), False
    except ValueError:
        tree, lines = [json.loads(line) for line in text.splitlines()], True
    tree = _mutated_tree(tree, chance)
    kept_ascii = chance.random() < 0.7  # half a surrogate pair can only be written as an escape
    if lines and isinstance(tree, list):
        text = "\n".join(json.dumps(line, ensure_ascii=kept_ascii) for line in tree)
    else:
        text = json.dumps(tree, ensure_ascii=kept_ascii)
    return _mutated_text(text, chance).encode("utf-8", "surrogatepass")


def _mutated_text(text: str, chance: random.Random) -> str:
    """Return JSON as text, at times with a duplicate key or nested deeply."""
    keys = list(re.finditer(r'"[^"\\]*": ', text))
    if keys and chance.random() < 0.1:
        key = chance.choice(keys)
        return text[: key.start()] + key[0] + json.dumps(chance.choice(ODD_VALUES)) + ", " + text[key.start() :]
    if keys and chance.random() < 0.03:
        key, depth = chance.choice(keys), chance.choice((500, 2_000, DEEP))
        opened, closed = chance.choice((("[", "]"), ('{"a": ', "}")))
        return text[: key.end()] + opened * depth + "1" + closed * depth + ", " + key[0] + text[key.end() :]
    return text


def mutate_yaml(content: bytes, chance: random.Random) -> bytes:
    """Return YAML with faults in the tree, in its lines or in its bytes."""
    if chance.random() < 0.3:
        return mutate_bytes(content, chance)
    tree = _mutated_tree(yaml.safe_load(content), chance)
    text = yaml.dump(
        tree, sort_keys=False, allow_unicode=chance.random() < 0.5, default_flow_style=chance.choice((None, False))
    )
    if chance.random() < 0.2:
        lines = text.splitlines()
        at, other = chance.randrange(len(lines)), chance.randrange(len(lines))
        lines[at] = chance.choice(
            (" " + lines[at], lines[at].strip(), lines[other], lines[at] + " #", lines[at] + "\t")
        )
        text = "\n".join(lines)
    return text.encode("utf-8", "surrogatepass")


def _mutated_tree(tree: Any, chance: random.Random) -> Any:
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        tree = _changed(tree, chance)
    return tree


def _changed(tree: Any, chance: random.Random) -> Any:
    """Return a tree of which one value or key, of any depth, is another."""
    places = list(_places(tree))
    if not places or chance.random() < 0.02:
        return _odd(chance)
    levels = sorted({depth for _, _, depth in places})  # else the many values of a vocabulary would be all
    depth = chance.choice(levels)
    inner, key, _ = chance.choice([place for place in places if place[2] == depth])
    match chance.randrange(8):
        case 0:
            del inner[key]
        case 1:
            inner[key] = chance.choice(([inner[key]], {"a": inner[key]}, str(inner[key]), [inner[key]] * 3))
        case 2:
            other, name, _ = chance.choice(places)
            inner[key] = copy.deepcopy(other[name])
        case 3 if isinstance(inner, dict):
            inner[chance.choice((key + "x", key.upper(), "", "0", key[:-1], "가"))] = inner.pop(key)
        case 4 if isinstance(inner[key], int | float) and not isinstance(inner[key], bool):
            inner[key] = chance.choice(
                (-inner[key], inner[key] + 1, inner[key] - 1, inner[key] * 1000, str(inner[key]), inner[key] / 3)
            )
        case 5 if isinstance(inner, list):
            inner.insert(key, copy.deepcopy(chance.choice((inner[key], _odd(chance)))))
        case _:
            inner[key] = _odd(chance)
    return tree


def _odd(chance: random.Random) -> Any:
    return copy.deepcopy(chance.choice(ODD_VALUES))  # later faults change it


def _places(tree: Any, depth: int = 0) -> Iterator[tuple[Any, Any, int]]:
    """Yield the holder and the key of every value in a tree, with its depth."""
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for key in keys:
        yield tree, key, depth
        yield from _places(tree[key], depth + 1)


def inside_zip(content: bytes, chance: random.Random) -> bytes:
    """Return a zip archive with faults in one of its parts, which is packed again, or in its own bytes."""
    if chance.random() < 0.3:
        return mutate_bytes(content, chance)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [(each, archive.read(each)) for each in archive.infolist()]
    chosen = chance.randrange(len(parts))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for number, (each, part) in enumerate(parts):
            if number != chosen:
                archive.writestr(each, part)
            elif chance.random() < 0.9:  # else the part is missing
                archive.writestr(each, _mutated_xml(part, chance))
    return written.getvalue()


def _mutated_xml(part: bytes, chance: random.Random) -> bytes:
    """Return XML with faults in the values between its quotes and tags, or anywhere."""
    values = list(re.finditer(rb'(?<=")[^"<>]*(?=")|(?<=>)[^<>]+(?=<)', part))
    if not values or chance.random() < 0.4:
        return mutate_bytes(part, chance)
    value = chance.choice(values)
    odd = [str(each).encode("utf-8", "replace") for each in ODD_VALUES if isinstance(each, str | int | float)]
    return part[: value.start()] + chance.choice((*odd, chance.choice(values)[0])) + part[value.end() :]


def _zstandard(content: bytes) -> bytes:
    return bytes(pyarrow.compress(content, codec="zstd", asbytes=True))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": _zstandard,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}


def packed(mutation: Mutation, pack: Callable[[bytes], bytes]) -> Mutation:
    """Return the mutation of packed content: of what is in it, or of the packed bytes."""

    def mutate(content: bytes, chance: random.Random) -> bytes:
        return pack(mutation(content, chance)) if chance.random() < 0.3 else mutate_bytes(pack(content), chance)

    return mutate
