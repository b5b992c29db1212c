"""Tag schemes: what the tags of words say of entities, however they are spelt.

A tag has a position and a label: ``B-PER`` begins a person, ``I-PER`` continues it, ``E-PER`` ends it, ``S-PER`` is a
whole one, ``O`` is outside (Ramshaw & Marcus 1995, https://aclanthology.org/W95-0107/; Tjong Kim Sang & Veenstra 1999,
https://aclanthology.org/E99-1023/). Files also write ``PER-B``, ``B_PER``, ``B`` alone, ``L-`` and ``U-`` (BILOU),
``M-`` for ``I-`` (BMES), and ``W-`` for ``S-`` (BMEWO). Tags without a position are plain: a run of equal ones is an
entity.

`toolkit.tasks.token_classification.entities` reads entities from tags.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import NamedTuple

OUTSIDE = "O"
UNNAMED = "_"
"""The label of tags that are a position alone, such as ``B``."""

_POSITIONS = {"B": "B", "I": "I", "M": "I", "E": "E", "L": "E", "S": "S", "U": "S", "W": "S"}
_PREFIXED = re.compile(r"([BIMELSUW])(?:([-_])(.+))?", re.DOTALL)
_SUFFIXED = re.compile(r"(.+)([-_])([BIMELSUW])", re.DOTALL)


class Kind(StrEnum):
    """The rules by which tags mark entities."""

    IOB1 = "IOB1"
    """``B`` only where an entity follows another of its label at once."""
    IOB2 = "IOB2"
    """``B`` at the first word of every entity."""
    BIOES = "BIOES"
    """Also ``E`` at the last word, and ``S`` at a single one."""
    IOE = "IOE"
    """``E`` at last words, and no ``B``."""
    PLAIN = "plain"
    """Labels without positions."""


_MADE = {Kind.IOB1: "I", Kind.IOB2: "BI", Kind.BIOES: "BIES", Kind.IOE: "I", Kind.PLAIN: ""}
"""The positions that `Scheme.part` gives."""


class Tag(NamedTuple):
    """A tag in its parts.

    Attributes:
        position: ``B``, ``I``, ``E``, ``S`` or ``O``; ``I`` for a plain tag.
        label: empty outside of entities.
    """

    position: str
    label: str


NO_TAG = Tag(OUTSIDE, "")


@dataclass(frozen=True)
class Scheme:
    """How tags mark entities, and how they are spelt.

    Attributes:
        kind: its rules.
        letters: how begin, inside, end and single are spelt, such as ``BILU``.
        separator: what stands between position and label.
        suffixed: whether the position stands behind the label, as in ``PER-B``.
    """

    kind: Kind
    letters: str = "BIES"
    separator: str = "-"
    suffixed: bool = False

    def __str__(self) -> str:
        return self.kind.value

    @property
    def is_strict(self) -> bool:
        """Return whether tags in an illegal order mark no entity; in the other schemes hardly any order is illegal."""
        return self.kind in (Kind.IOB2, Kind.BIOES)

    def parse(self, tag: str) -> Tag:
        """Return the parts of a tag; a tag of another scheme is read as a plain one."""
        if tag == OUTSIDE:
            return NO_TAG
        found = None if self.kind is Kind.PLAIN else _parts(tag, suffixed=self.suffixed)
        return found or Tag("I", tag)

    def is_foreign(self, tag: str) -> bool:
        """Return whether a tag is none of this scheme."""
        return not tag or (self.kind is not Kind.PLAIN and tag != OUTSIDE and not _parts(tag, suffixed=self.suffixed))

    def spell(self, position: str, label: str) -> str:
        """Return the tag of a position and a label as the data would spell it."""
        if position == OUTSIDE or self.kind is Kind.PLAIN:
            return label or OUTSIDE
        letter = self.letters["BIES".index(position)]
        if label == UNNAMED:
            return letter
        return f"{label}{self.separator}{letter}" if self.suffixed else f"{letter}{self.separator}{label}"

    def part(self, first: str, last: str, *, starts: bool, ends: bool) -> str:
        """Return the tag of a piece of text that is a part of tagged pieces, or that holds some of them.

        It carries the tags of words over to tokens, and back: ``B-PER`` gives ``B-PER`` to the first token of a word
        and ``I-PER`` to the others.

        Args:
            first, last: the tags of the first and the last piece that it overlaps.
            starts: whether the first one begins with it; no earlier piece shares that beginning.
            ends: whether the last one ends with it.
        """
        position, label = self.parse(first)
        if self.kind is Kind.PLAIN or position == OUTSIDE or self.is_foreign(first):
            return first
        if self.kind in (Kind.IOB1, Kind.IOB2):
            return first if starts else self.spell("I", label)
        end_position, end_label = self.parse(last)
        begins = starts and position in "BS"
        closes = ends and end_position in "ES" and end_label == label
        return self.spell({(True, True): "S", (True, False): "B", (False, True): "E"}.get((begins, closes), "I"), label)

    def between(self, before: str, behind: str) -> str:
        """Return the tag of a blank, or of another piece that no tag is known of, by the tags around it."""
        position, label = self.parse(before)
        next_position, next_label = self.parse(behind)
        inside = label == next_label and position in "BI" and next_position in "IE"
        return self.spell("I", label) if inside else OUTSIDE

    def completed(self, tags: Iterable[str]) -> set[str]:
        """Return tags, and those that `part` can make of them.

        A model needs ``I-PER`` for the second token of a name, also where all names of the data have one word.
        """
        found = set(tags)
        labels = {self.parse(tag).label for tag in found} - {""}
        return found | {self.spell(position, label) for position in _MADE[self.kind] for label in labels}


IOB2 = Scheme(Kind.IOB2)


def find_scheme(sentences: Iterable[Sequence[str]]) -> Scheme:
    """Tell the scheme of sentences by looking at their tags.

    Most of the different tags but ``O`` decide whether they have positions. IOB1 and IOB2 differ in how most entities
    begin; IOB2 is what stands where no entity shows the difference.

    Args:
        sentences: tags of each.
    """
    kept = list(sentences)
    found = _spelling({tag for sentence in kept for tag in sentence})
    if found.kind is not Kind.IOB2:
        return found
    # In IOB2 no entity begins with I-; in IOB1 only one that follows another of its label begins with B-.
    begun: Counter[str] = Counter()
    for sentence in kept:
        before = NO_TAG
        for tag in (NO_TAG if found.is_foreign(each) else found.parse(each) for each in sentence):
            begun[tag.position] += tag.label != before.label
            before = tag
    return replace(found, kind=Kind.IOB1) if begun["I"] > begun["B"] else found


def scheme_of_labels(labels: Iterable[str], written: str | None = None) -> Scheme:
    """Tell the scheme of a model by its labels.

    In IOB2 every label has a ``B``. IOB1 can have one for every label too; then only what is written beside the model
    tells them apart.

    Args:
        labels: of the model's outputs.
        written: the kind of the scheme, as training has written it into the configuration; None: it has not.
    """
    kept = set(labels)
    found = _spelling(kept)
    if found.kind is not Kind.IOB2:
        return found
    tags = {found.parse(label) for label in kept if not found.is_foreign(label)} - {NO_TAG}
    is_iob1 = written == Kind.IOB1 or any(Tag("B", tag.label) not in tags for tag in tags)
    return replace(found, kind=Kind.IOB1) if is_iob1 else found


def _spelling(tags: set[str]) -> Scheme:
    """Return the scheme of different tags; IOB1 cannot be told from IOB2 so, and is called IOB2 if it has a ``B``."""
    tags = tags - {OUTSIDE}
    n_prefixed, n_suffixed = (
        sum(_parts(tag, suffixed=suffixed) is not None for tag in tags) for suffixed in (False, True)
    )
    suffixed = n_suffixed > n_prefixed
    parts = {tag: found for tag in tags if (found := _parts(tag, suffixed=suffixed))}
    if 2 * len(parts) <= len(tags):
        return Scheme(Kind.PLAIN)
    letters = {tag[-1] if suffixed else tag[0] for tag in parts}
    spelt = "".join(
        next((letter for letter in same if letter in letters), same[0]) for same in ("B", "IM", "EL", "SUW")
    )
    pattern = _SUFFIXED if suffixed else _PREFIXED
    separators = Counter(match[2] for tag in parts if (match := pattern.fullmatch(tag)) and match[2])
    separator = separators.most_common(1)[0][0] if separators else "-"
    return Scheme(_kind({found.position for found in parts.values()}), spelt, separator, suffixed)


def _kind(positions: set[str]) -> Kind:
    if positions & {"E", "S"}:
        return Kind.BIOES if positions & {"B", "S"} else Kind.IOE
    return Kind.IOB2 if "B" in positions else Kind.IOB1


@cache
def _parts(tag: str, *, suffixed: bool) -> Tag | None:
    if suffixed:
        match = _SUFFIXED.fullmatch(tag)
        return None if match is None else Tag(_POSITIONS[match[3]], match[1])
    match = _PREFIXED.fullmatch(tag)
    return None if match is None else Tag(_POSITIONS[match[1]], match[3] or UNNAMED)
