"""Tag schemes: how the tags of tokens mark entities.

``B-PER I-PER O`` marks one entity of two tokens. The schemes differ in when an entity begins with ``B-`` (Ramshaw &
Marcus 1995, https://aclanthology.org/W95-0107/; Tjong Kim Sang & Veenstra 1999, https://aclanthology.org/E99-1023/).
Tags without such prefixes are plain: a run of equal tags is an entity, as in the library's pipeline.

Illegal sequences are read as by conlleval and by seqeval's default mode: an ``I-PER`` that continues nothing begins an
entity. ``L-`` and ``U-`` (BILOU) mean ``E-`` and ``S-`` (BIOES).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

OUTSIDE = "O"

_PREFIXES = {"B": "B", "I": "I", "E": "E", "S": "S", "L": "E", "U": "S"}
_NO_TAG = (OUTSIDE, "")

Tag = tuple[str, str]
"""Prefix (``O``, ``B``, ``I``, ``E`` or ``S``) and label."""


class Scheme(StrEnum):
    """How tags mark entities."""

    IOB1 = "IOB1"
    """``B-`` only where an entity follows another of its label at once."""
    IOB2 = "IOB2"
    """``B-`` at the first token of every entity."""
    BIOES = "BIOES"
    """Also ``E-`` at the last token, and ``S-`` at a single one; or ``L-`` and ``U-``."""
    PLAIN = "plain"
    """Labels without prefixes."""


class Entity(NamedTuple):
    """Consecutive tokens of one label.

    Attributes:
        start: index of the first token.
        end: index behind the last token.
        label: without a prefix.
    """

    start: int
    end: int
    label: str


def find_scheme(sentences: Iterable[Sequence[str]]) -> Scheme:
    """Return the scheme of tags.

    Most of the tags but ``O`` decide whether they have prefixes. IOB2 is what stands where no entity shows the
    difference.

    Args:
        sentences: tags of each sentence.
    """
    kept = list(sentences)
    tags = {tag for sentence in kept for tag in sentence} - {OUTSIDE}
    prefixed = {tag for tag in tags if has_prefix(tag)}
    if not prefixed or 2 * len(prefixed) < len(tags):
        return Scheme.PLAIN
    if any(tag[0] in "ESLU" for tag in prefixed):
        return Scheme.BIOES
    # In IOB2 no entity begins with I-; in IOB1 only one that follows another of its label begins with B-.
    n_begun, n_needless = 0, 0
    for sentence in kept:
        before = _NO_TAG
        for tag in map(parse_tag, sentence):
            n_begun += tag[0] == "I" and before[1] != tag[1]
            n_needless += tag[0] == "B" and before[1] != tag[1]
            before = tag
    return Scheme.IOB1 if n_begun > n_needless else Scheme.IOB2


def has_prefix(tag: str) -> bool:
    """Return whether a tag has the form of ``B-PER``."""
    return len(tag) > 2 and tag[0] in _PREFIXES and tag[1] == "-"


def is_foreign(tag: str, scheme: Scheme) -> bool:
    """Return whether a tag is none of a scheme."""
    return tag != OUTSIDE and (not tag if scheme is Scheme.PLAIN else not has_prefix(tag))


def parse_tag(tag: str, scheme: Scheme = Scheme.IOB2) -> Tag:
    """Return the prefix and the label of a tag; a plain tag has the prefix ``I``."""
    if tag == OUTSIDE:
        return _NO_TAG
    if scheme is Scheme.PLAIN or not has_prefix(tag):
        return "I", tag
    return _PREFIXES[tag[0]], tag[2:]


def entities_of(tags: Sequence[str], scheme: Scheme) -> list[Entity]:
    """Return the entities that the tags of a sentence mark, in their order.

    Args:
        tags: one a token.
        scheme: of the tags.
    """
    entities: list[Entity] = []
    start, label, before = 0, "", _NO_TAG
    for index, tag in enumerate([*(parse_tag(tag, scheme) for tag in tags), _NO_TAG]):
        if _begins(before, tag):
            if label:
                entities.append(Entity(start, index, label))
            start, label = index, tag[1]
        before = tag
    return entities


def _begins(before: Tag, tag: Tag) -> bool:
    """Return whether what stands at a tag, an entity or nothing, is another than before it."""
    return tag[0] in "BS" or before[1] != tag[1] or (before[0] in "ES" and tag[0] != OUTSIDE)


def n_illegal(tags: Sequence[str], scheme: Scheme) -> int:
    """Count the tags of a sentence that may not follow the tag before them.

    Args:
        tags: one a token.
        scheme: of the tags.
    """
    if scheme is Scheme.PLAIN:
        return 0
    parsed = [_NO_TAG, *map(parse_tag, tags), _NO_TAG]
    return sum(not _may_follow(before, tag, scheme) for before, tag in pairwise(parsed))


def _may_follow(before: Tag, tag: Tag, scheme: Scheme) -> bool:
    is_inside = before[0] in "BI" and before[1] == tag[1]
    if scheme is Scheme.IOB1:
        return tag[0] != "B" or before[1] == tag[1]
    if scheme is Scheme.IOB2:
        return tag[0] != "I" or is_inside
    # In BIOES an entity that has begun goes on until its end.
    return is_inside if tag[0] in "IE" else before[0] not in "BI"


def continued(tag: str, scheme: Scheme) -> str:
    """Return the tag of what continues a word with this tag: its further tokens.

    The tag of a last or single word is that of all its tokens (`joined_ends` undoes it).
    """
    is_begun = scheme is not Scheme.PLAIN and tag.startswith("B-")
    return f"I-{tag[2:]}" if is_begun else tag


def joined_ends(tags: Sequence[str], adjacent: Sequence[bool]) -> list[str]:
    """Return tags in BIOES of the tokens of words, where ``continued`` has repeated the ends of entities.

    Args:
        tags: of the tokens.
        adjacent: whether nothing, no blank either, stands between a token and the one before it.
    """
    joined = list(tags)
    for index, tag in enumerate(tags):
        prefix, label = parse_tag(tag)
        is_continued = index > 0 and adjacent[index] and tags[index - 1] == tag
        goes_on = index + 1 < len(tags) and adjacent[index + 1] and tags[index + 1] == tag
        if prefix in "ES" and goes_on:
            joined[index] = f"I-{label}" if prefix == "E" or is_continued else f"B-{label}"
        elif prefix == "S" and is_continued:
            joined[index] = f"E-{label}"
    return joined


def tags_of(entities: Iterable[Entity], n_tokens: int) -> list[str]:
    """Return tags in IOB2 that mark entities.

    Args:
        entities: that do not overlap.
        n_tokens: of the sentence.
    """
    tags = [OUTSIDE] * n_tokens
    for entity in entities:
        tags[entity.start : entity.end] = [
            f"B-{entity.label}",
            *[f"I-{entity.label}"] * (entity.end - entity.start - 1),
        ]
    return tags
