"""From tags to entities, and back.

What is measured is read strictly: in IOB2 and BIOES, tags in an order that the scheme does not allow mark no entity, as
in seqeval's strict mode. IOB1, IOE and plain tags have no such mode; they are read as by seqeval's default mode, which
is conlleval's: an ``I-PER`` that continues nothing begins a person. The tokens of a text without given words are read
in that way whatever the scheme, because the library's pipeline does so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from toolkit.tasks.token_classification.schemes import NO_TAG, OUTSIDE, Kind, Scheme, Tag


class Entity(NamedTuple):
    """Consecutive words, or tokens, of one label.

    Attributes:
        start: index of the first one.
        end: index behind the last one.
        label: of the entity.
    """

    start: int
    end: int
    label: str


def entities_of(tags: Sequence[str], scheme: Scheme) -> list[Entity]:
    """Return the entities that the tags of words mark by the rules of their scheme, in their order.

    The rules are those of seqeval (https://github.com/chakki-works/seqeval): its strict mode for IOB2 and BIOES, its
    default mode for IOB1, IOE and plain tags.

    Args:
        tags: one a word.
        scheme: of the tags.
    """
    if not scheme.is_strict:
        return loose_entities(tags, scheme)
    found: list[Entity] = []
    begin, label = -1, ""
    for index, tag in enumerate([*map(scheme.parse, tags), NO_TAG]):
        goes_on = begin >= 0 and tag.position in "IE" and tag.label == label
        if begin >= 0 and not goes_on and scheme.kind is Kind.IOB2:
            found.append(Entity(begin, index, label))
        if goes_on and tag.position == "E":
            found.append(Entity(begin, index + 1, label))
        if tag.position == "S":
            found.append(Entity(index, index + 1, tag.label))
        if not goes_on or tag.position == "E":
            begin, label = (index, tag.label) if tag.position == "B" else (-1, "")
    return found


def loose_entities(tags: Sequence[str], scheme: Scheme) -> list[Entity]:
    """Return the entities that tags mark, an illegal order read as what it most likely means.

    Args:
        tags: one a word, or one a token.
        scheme: of the tags.
    """
    entities: list[Entity] = []
    start, label, before = 0, "", NO_TAG
    for index, tag in enumerate([*map(scheme.parse, tags), NO_TAG]):
        if tag.position in "BS" or before.label != tag.label or before.position in "ES":
            if label:
                entities.append(Entity(start, index, label))
            start, label = index, tag.label
        before = tag
    return entities


def illegal_tags(tags: Sequence[str], scheme: Scheme) -> list[int]:
    """Return the indices of words whose tag cannot stand where it is; of an entity without an end its last word.

    Args:
        tags: one a word.
        scheme: of the tags.
    """
    parsed = [NO_TAG, *map(scheme.parse, tags), NO_TAG]
    wrong = [index for index, pair in enumerate(pairwise(parsed)) if not _may_follow(*pair, scheme.kind)]
    return sorted({min(index, len(tags) - 1) for index in wrong})


def _may_follow(before: Tag, tag: Tag, kind: Kind) -> bool:
    if kind is Kind.IOB1:
        return tag.position != "B" or before.label == tag.label
    if kind is Kind.IOB2:
        return tag.position != "I" or before.label == tag.label
    if kind is Kind.BIOES:
        is_inside = before.position in "BI"
        return is_inside == (tag.position in "IE") and (not is_inside or before.label == tag.label)
    return True


def tags_of(entities: Iterable[Entity], n_words: int, scheme: Scheme) -> list[str]:
    """Return tags that mark entities.

    Args:
        entities: in their order, without overlaps.
        n_words: of the sentence.
        scheme: spells the tags.
    """
    tags = [OUTSIDE] * n_words
    before = Entity(0, 0, "")
    for entity in entities:
        touches = before.end == entity.start and before.label == entity.label
        positions = ["I"] * (entity.end - entity.start)
        if scheme.kind in (Kind.IOB2, Kind.BIOES) or (scheme.kind is Kind.IOB1 and touches):
            positions[0] = "B"
        if scheme.kind is Kind.IOE or scheme.kind is Kind.BIOES:
            positions[-1] = "S" if positions[-1] == "B" else "E"
        tags[entity.start : entity.end] = [scheme.spell(position, entity.label) for position in positions]
        before = entity
    return tags
