"""Entities from tags, beside seqeval: strict where the scheme is, its default mode elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities
from seqeval.scheme import BILOU, IOBES, Tokens
from seqeval.scheme import IOB2 as STRICT_IOB2

from toolkit.tasks.token_classification.entities import Entity, entities_of, illegal_tags, loose_entities, tags_of
from toolkit.tasks.token_classification.schemes import IOB2, Kind, Scheme

BIOES, SUFFIXED = Scheme(Kind.BIOES), Scheme(Kind.IOB2, suffixed=True)


def sequences(positions: str) -> st.SearchStrategy[list[str]]:
    tags = ["O", *(f"{position}-{label}" for position in positions for label in ("PER", "LOC"))]
    return st.lists(st.sampled_from(tags), min_size=1, max_size=12)


def strictly(tags: list[str], scheme: type) -> list[Entity]:
    return [Entity(each.start, each.end, each.tag) for each in Tokens(tags, scheme).entities]


def by_default(tags: list[str], *, suffix: bool = False) -> list[Entity]:
    return [Entity(start, end + 1, label) for label, start, end in get_entities(tags, suffix)]


@given(sequences("BI"))
def test_iob2_is_strict(tags: list[str]) -> None:
    assert entities_of(tags, IOB2) == strictly(tags, STRICT_IOB2)


@given(sequences("BIES"))
def test_bioes_is_strict(tags: list[str]) -> None:
    assert entities_of(tags, BIOES) == strictly(tags, IOBES)


@given(sequences("BILU"))
def test_bilou_is_strict(tags: list[str]) -> None:
    assert entities_of(tags, Scheme(Kind.BIOES, letters="BILU")) == strictly(tags, BILOU)


@given(sequences("BIES"))
def test_bmes_is_strict(tags: list[str]) -> None:
    spelt = [tag.replace("I-", "M-") for tag in tags]
    assert entities_of(spelt, Scheme(Kind.BIOES, letters="BMES")) == strictly(tags, IOBES)


@given(sequences("BI"))
def test_suffixes_and_underscores_are_strict(tags: list[str]) -> None:
    expected = strictly(tags, STRICT_IOB2)
    behind = [tag if tag == "O" else "-".join(reversed(tag.split("-"))) for tag in tags]
    assert entities_of(behind, SUFFIXED) == expected
    assert entities_of([tag.replace("-", "_") for tag in tags], Scheme(Kind.IOB2, separator="_")) == expected


@given(sequences("BI"))
def test_iob1_is_read_by_default_rules(tags: list[str]) -> None:
    assert entities_of(tags, Scheme(Kind.IOB1)) == by_default(tags)


@given(sequences("IE"))
def test_ioe_is_read_by_default_rules(tags: list[str]) -> None:
    assert entities_of(tags, Scheme(Kind.IOE)) == by_default(tags)


@given(sequences("BIES"))
def test_tokens_are_read_by_default_rules(tags: list[str]) -> None:
    assert loose_entities(tags, BIOES) == by_default(tags)
    behind = [tag if tag == "O" else "-".join(reversed(tag.split("-"))) for tag in tags]
    assert loose_entities(behind, SUFFIXED) == by_default(behind, suffix=True)


@given(st.lists(st.sampled_from(["O", "PER", "LOC"]), min_size=1, max_size=12))
def test_plain_tags_mark_runs(tags: list[str]) -> None:
    as_inside = [tag if tag == "O" else f"I-{tag}" for tag in tags]
    assert entities_of(tags, Scheme(Kind.PLAIN)) == by_default(as_inside)


@given(st.lists(st.sampled_from(["O", "B", "I"]), min_size=1, max_size=12))
def test_positions_alone_mark_entities_without_a_name(tags: list[str]) -> None:
    named = [tag if tag == "O" else f"{tag}-_" for tag in tags]
    assert entities_of(tags, IOB2) == strictly(named, STRICT_IOB2)


@given(sequences("BI"))
def test_without_illegal_tags_strict_is_loose(tags: list[str]) -> None:
    assert (entities_of(tags, IOB2) == loose_entities(tags, IOB2)) == (not illegal_tags(tags, IOB2))


@given(sequences("BIES"))
def test_legal_bioes_covers_every_tag(tags: list[str]) -> None:
    covered = sum(end - start for start, end, _ in entities_of(tags, BIOES))
    assert (covered == sum(tag != "O" for tag in tags)) == (not illegal_tags(tags, BIOES))


@pytest.mark.parametrize(
    ("tags", "kind", "expected"),
    [
        ("O I-A B-A", Kind.IOB2, [1]),
        ("B-A I-B", Kind.IOB2, [1]),
        ("B-A I-A I-A B-A", Kind.IOB2, []),
        ("O I-A B-A B-B", Kind.IOB1, [3]),
        ("I-A B-A I-A O I-B", Kind.IOB1, []),
        ("B-A O", Kind.BIOES, [1]),
        ("B-A I-A", Kind.BIOES, [1]),
        ("S-A E-A O", Kind.BIOES, [1]),
        ("S-A B-A I-A E-A O", Kind.BIOES, []),
        ("I-A O", Kind.IOE, []),
        ("NOUN I-X", Kind.PLAIN, []),
        ("", Kind.BIOES, []),
    ],
)
def test_illegal_tags_are_found(tags: str, kind: Kind, expected: list[int]) -> None:
    assert illegal_tags(tags.split(), Scheme(kind)) == expected


@pytest.mark.parametrize("kind", list(Kind))
@given(parts=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(["A", "a-b"])), max_size=5))
def test_tags_of_entities_give_them_back(kind: Kind, parts: list[tuple[int, int, str]]) -> None:
    entities: list[Entity] = []
    position = 0
    for gap, length, label in parts:
        touches = bool(entities) and not gap and entities[-1].label == label
        position += gap + (touches and kind is Kind.PLAIN)  # a run cannot tell two that touch
        entities.append(Entity(position, position + length, label))
        position += length
    written = tags_of(entities, position + 1, Scheme(kind))
    assert entities_of(written, Scheme(kind)) == entities
    assert illegal_tags(written, Scheme(kind)) == []
