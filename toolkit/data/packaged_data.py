"""The packaged data sets as tables: film reviews with their sentiment, dialogue pairs in many languages."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import yaml

from toolkit.data.packaged import PACKAGED_DATA, PREFIX, carried_path, no_such
from toolkit.data.readers_text import CSV, read_delimited
from toolkit.data.tables import Part, Table
from toolkit.errors import HubError, RecipeError, explain

SENTIMENTS = ("negative", "positive")

# In these files a conversation is a sequence of turns; in all others it is an utterance and possible replies.
_TURNS = frozenset({"conversations.yml", "greetings.yml", "greeting.yml", "health.yml"})


def read_packaged(name: str, *, subset: str | None = None) -> Table:
    """Read a packaged data set.

    ``rotten-tomatoes`` (8,530 sentences) and ``imdb`` (25,000 reviews) have the columns ``text`` and ``label``
    (negative, positive). ``chatterbot`` has ``source``, ``target`` and ``language``: each turn of a dialogue with the
    next turn; in files without dialogues the first utterance with each of its replies.

    Args:
        name: the name without ``packaged:``.
        subset: a language of ``chatterbot``, such as ``korean``; None is all of them.

    Raises:
        HubError: no such packaged data set, or its package is not installed.
        RecipeError: there is no such subset.
    """
    if name not in PACKAGED_DATA:
        raise no_such("data set", name, PACKAGED_DATA)
    path = carried_path(PACKAGED_DATA[name])
    if name == "chatterbot":
        return _dialogues(path, language=subset)
    if subset is not None:
        raise RecipeError(f"{PREFIX}{name} has no subsets, found {subset!r}; leave it out", where="data.subset")
    return _reviews(path, name)


def _reviews(path: Path, name: str) -> Table:
    table = read_delimited(path, own=CSV, encoding="utf-8")
    origin = name.replace("-", "_")
    chosen = [row for row, source in enumerate(table.columns["source"]) if source == origin]
    sentiment = dict(zip(("0", "1"), SENTIMENTS, strict=True))
    texts, labels = list(table.columns["text"]), list(table.columns["label"])
    return Table(
        columns={
            "text": [texts[row] for row in chosen],
            "label": [sentiment[str(labels[row])] for row in chosen],
        },
        parts=(Part(PREFIX + name, [table.parts[0].lines[row] for row in chosen]),),
        categories={"label": SENTIMENTS},
    )


def _dialogues(folder: Path, *, language: str | None) -> Table:
    languages = sorted(child.name for child in folder.iterdir() if child.is_dir())
    if language is not None and language not in languages:
        message = explain(f"chatterbot has no language {language!r}", name=language, allowed=languages)
        raise RecipeError(message, where="data.subset")
    columns: dict[str, list[str | None]] = {"source": [], "target": [], "language": []}
    parts: list[Part] = []
    for spoken in languages if language is None else [language]:
        for path in sorted((folder / spoken).glob("*.yml")):
            pairs = _pairs(path)
            columns["source"] += [source for source, _ in pairs]
            columns["target"] += [target for _, target in pairs]
            columns["language"] += [spoken] * len(pairs)
            parts.append(Part(f"{PREFIX}chatterbot {spoken}/{path.name}", range(1, len(pairs) + 1)))
    return Table(columns, tuple(parts))


def _pairs(path: Path) -> list[tuple[str, str]]:
    # The base loader leaves every scalar the text it is: 22 and No stay "22" and "No".
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"), Loader=loader)  # noqa: S506, it builds text only
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise HubError(f"the packaged file cannot be read: {error}", where=str(path)) from error
    pairs: list[tuple[str, str]] = []
    for turns in content["conversations"]:
        # A handful of entries are single strings, where the corpus forgot to begin a list.
        if isinstance(turns, list):
            pairs += pairwise(turns) if path.name in _TURNS else ((turns[0], reply) for reply in turns[1:])
    return pairs
