"""Every message of the package, read from its sources: what a catalogue may hold, and what it should."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import Field, TypeAdapter, ValidationError

from toolkit.language.catalogue import joined as together
from toolkit.language.catalogue import split
from toolkit.recipe import list_recipes

PACKAGE = Path(__file__).parents[1] / "toolkit"
PARSER = Path(typer.__file__).parent
MOST_WAYS = 64
TOLD = {"say", "warn", "explain", "Fault", "RecipeError", "DataError", "ResourceError", "HubError", "DivergedError"}
TOLD |= {"IntegrityError", "progress_bar", "print_lines", "Option", "Argument", "Heading"}
"""What the places are called with from where a text goes to people, in `toolkit` but for tables and pages."""

_GAP = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_FIELD = re.compile(r"\{\w+(![rs])?(?::[^{}]*)?\}")
_WORDS = re.compile(r"[A-Za-z][a-z']+(?:,? [a-z']+){2,}")
_TAGS = re.compile(r"<!?/?(?!bdi|b>|code|em>|strong>|/b)[a-zA-Z][^>]*>|\{%.*?%\}", re.DOTALL)


def skeleton(text: str) -> str:
    """Return a message without the names of its fields."""
    return _FIELD.sub(lambda field: "{!r}" if field[1] == "!r" else "{}", text)


def templates(node: ast.expr) -> list[str]:
    """Return every text that an expression of strings can be, with ``{}`` or ``{!r}`` for its fields."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return _joined([_part(part) for part in node.values])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([templates(node.left) or ["{}"], templates(node.right) or ["{}"]])
    if isinstance(node, ast.IfExp):
        return [*templates(node.body), *templates(node.orelse)]
    return []


def _part(part: ast.expr) -> list[str]:
    if isinstance(part, ast.Constant):
        return [str(part.value).replace("{", "\x01")]
    assert isinstance(part, ast.FormattedValue)
    within = templates(part.value) if isinstance(part.value, ast.IfExp | ast.JoinedStr) else []
    field = "{!r}" if part.conversion == ord("r") else "{}"
    if isinstance(part.value, ast.IfExp):
        dynamic = not (_is_text(part.value.body) and _is_text(part.value.orelse))
        return [*within, *([field] if dynamic else [])] if part.conversion < 0 else [field]
    return within or [field]


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _joined(parts: list[list[str]]) -> list[str]:
    ways = 1
    for part in parts:
        ways *= max(len(part), 1)
    if ways > MOST_WAYS:
        parts = [part if len(part) == 1 else ["{}"] for part in parts]
    return ["".join(way) for way in product(*parts)]


def clauses(text: str) -> list[str]:
    """Return a message and every run of its clauses and sentences, each of which may be an entry."""
    parts = split(text)[:12]
    runs = {together(parts[start:end])[0] for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)}
    return list(runs | {text})


def parts_of(text: str) -> list[str]:
    return [part for part, _ in split(text)]


def all_templates() -> set[str]:
    """Return all strings of the package and of the command line's parser: what a message can come from."""
    found: set[str] = set()
    for file in [*PACKAGE.rglob("*.py"), *PARSER.rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp | ast.IfExp):
                for text in templates(node):
                    found.update(paragraphs(text))
    for file in PACKAGE.rglob("*.jinja"):
        found.update(page_texts(file.read_text(encoding="utf-8")))
    found.update(validation_messages())
    for recipe in list_recipes():
        found.update((recipe.summary, recipe.took or ""))
    return found


def validation_messages() -> Iterator[str]:
    """Return what the command line's parser has from pydantic about values of a wrong kind."""
    wrong = ((int, "x"), (float, "x"), (Annotated[int, Field(ge=0, le=9)], -7), (Annotated[int, Field(le=9)], 77))
    for kind, value in (*wrong, (Literal["a", "b"], "x")):
        try:
            TypeAdapter(kind).validate_python(value)
        except ValidationError as error:
            told = str(error.errors()[0]["msg"])
            yield re.sub(r"\d+|'a' or 'b'", "{}", told)


def texts_of_words() -> dict[str, str]:
    """Return every text of the package that has three words in a row, with the place where it is; no docstring.

    Those that programs read are left out: descriptions of the recipe's schema, and the words in other tools' files.
    """
    found: dict[str, str] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE)
        if place.parts[0] in ("verbs", "transformer", "exported") or place.name in ("schema.py", "guess_columns.py"):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        within = {
            id(part)
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.Expr)
            for part in ast.walk(node)
            if part is not node and not (isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant))
        }
        for node in ast.walk(tree):
            if not isinstance(node, ast.expr) or id(node) in within:
                continue
            for paragraph in (part for text in templates(node) for part in paragraphs(text)):
                if _WORDS.search(_FIELD.sub("", paragraph)) and not paragraph.startswith("toolkit "):
                    found.setdefault(paragraph, f"{place}:{node.lineno}")
    return found


def told_templates() -> dict[str, str]:
    """Return the messages that are told to people, each with the place where it is."""
    found: dict[str, str] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        if file.is_relative_to(PACKAGE / "verbs") or file.is_relative_to(PACKAGE / "choose" / "show"):
            continue  # Python speaks English, and the sentences of a choice are named by keys
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            for text in _told(node, is_verb=file.parent.name == "cli"):
                for paragraph in paragraphs(text):
                    if re.search("[A-Za-z]{2}", _FIELD.sub("", paragraph.replace("{}", "").replace("{!r}", ""))):
                        found.setdefault(paragraph, f"{file.relative_to(PACKAGE.parent)}:{getattr(node, 'lineno', 0)}")
    return found


def _told(node: ast.AST, *, is_verb: bool) -> Iterator[str]:
    is_public = is_verb and isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    if is_public and any(argument.arg == "as_json" for argument in node.args.args):
        yield ast.get_docstring(node) or ""
    if not isinstance(node, ast.Call):
        return
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    if name not in TOLD:
        return
    keywords = {word.arg: word.value for word in node.keywords}
    if name in ("Option", "Argument"):
        yield from templates(keywords["help"]) if "help" in keywords else ()
        return
    for argument in [*node.args, *(value for word, value in keywords.items() if word in ("fix", "message"))]:
        yield from templates(argument)


def paragraphs(text: str) -> Iterator[str]:
    """Return the texts of a docstring or a help text as they are looked up."""
    for paragraph in text.split("\n\n"):
        yield skeleton(" ".join(paragraph.split()).replace("\x01", "{"))


def page_texts(html: str) -> Iterator[str]:
    """Return the texts between the tags of a template of pages, and those of its attributes."""
    gaps = _GAP.sub("{}", html).replace("%d", "{}")
    for text in _TAGS.split(gaps):
        yield " ".join(text.split())
        yield from (" ".join(piece.split()) for piece in re.split(r"</?\w+[^>]*>", text))
    yield from (" ".join(text.split()) for text in re.findall(r'(?:aria-label|alt)="([^"]*)"', gaps))
    for gap in _GAP.findall(html):
        yield from (
            (double or single).replace("%d", "{}").strip()
            for double, single in re.findall(r"\"([^\"]*)\"|'([^']*)'", gap)
        )


def words_of_pieces(text: str) -> list[tuple[str, ...]]:
    """Return the words of each literal piece of a message: what stands between its fields, clauses and sentences."""
    pieces = (piece for part in parts_of(text) for piece in re.split(r"\{(?:!r)?\}", part))
    return [words for piece in pieces if (words := tuple(re.findall(r"[^\s.,:;()\[\]]+", piece)))]


def literal_pieces(sources: set[str]) -> set[tuple[str, ...]]:
    """Return the words of every literal piece of the sources, and the words that names of figures consist of."""
    found = {words for text in sources for words in words_of_pieces(text)}
    found |= {(*words[:-1], f"{words[-1]}s") for words in found if len(words) == 1}
    return found | {(word,) for text in sources if text.isidentifier() for word in text.split("_")}


def is_made_of(text: str, pieces: set[tuple[str, ...]]) -> bool:
    """Return whether every literal piece of a message is one of the sources', or several of them in a row."""

    def divides(words: tuple[str, ...]) -> bool:
        ends = {0}
        for end in range(1, len(words) + 1):
            if any(words[start:end] in pieces for start in ends):
                ends.add(end)
        return len(words) in ends

    return all(map(divides, words_of_pieces(text)))
